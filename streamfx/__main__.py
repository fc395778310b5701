"""``python -m streamfx``."""

import sys

from streamfx.cli import main

sys.exit(main())
