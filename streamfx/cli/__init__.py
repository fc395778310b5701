"""The command line: one module per subcommand."""

from __future__ import annotations

from collections.abc import Sequence


def main(args: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 (it failed), 2 (asked wrongly) or 130.

    ``args`` are the words after ``streamfx``; None takes them from the process.
    """
    from streamfx.cli.app import run

    return run(args)
