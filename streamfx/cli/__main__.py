"""``python -m streamfx.cli``."""

import sys

from streamfx.cli import main

sys.exit(main())
