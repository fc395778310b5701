"""Start browsers as an ordinary user's would start: without real-time priority, also as root."""

from __future__ import annotations

import atexit
import functools
import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

_SYS_NICE = 23  # capabilities(7)


@functools.cache
def ordinary(program: str) -> str:
    """Return the path of a program that starts ``program``, which can then not raise its priority.

    A browser run as root puts threads on SCHED_FIFO, and on a small machine nothing else runs any
    more. Where this process may do that, the answer is a script that takes CAP_SYS_NICE away for
    good (capabilities(7)) before it starts the program; elsewhere it is the program itself. Raises
    :exc:`RuntimeError` where the capability is there and setpriv(1) is not, and
    :exc:`FileNotFoundError` where the program is not.
    """
    found = shutil.which(program)
    if found is None:
        raise FileNotFoundError(f"there is no program {program!r}")
    if not _may_raise_priority():
        return found
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise RuntimeError(f"{program} as root needs setpriv (Debian and Ubuntu: util-linux)")
    script = _folder() / Path(found).name
    script.write_text(
        "#!/bin/sh\n"
        f"exec {setpriv} --bounding-set=-sys_nice --inh-caps=-sys_nice"
        f' -- {shlex.quote(found)} "$@"\n',
        encoding="utf-8",
    )
    script.chmod(0o755)
    return str(script)


def _may_raise_priority() -> bool:
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return False
    with open("/proc/self/status", encoding="ascii") as status:
        sets = [line.split()[1] for line in status if line.startswith(("CapBnd:", "CapInh:"))]
    return any(int(caps, 16) >> _SYS_NICE & 1 for caps in sets)


@functools.cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="ordinary-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
