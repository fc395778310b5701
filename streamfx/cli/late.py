"""Modules that load when something of theirs is first used, not when they are imported."""

from __future__ import annotations

import importlib.util
import sys
import threading
from types import ModuleType

_LOCK = threading.RLock()


class _Late(ModuleType):
    """A module whose code has not run yet.

    importlib's own LazyLoader runs it at the next import statement, which asks for the spec.
    """

    def __getattr__(self, name: str) -> object:
        with _LOCK:  # other threads wait until all of it is there
            if "__loading__" not in self.__dict__:
                self.__dict__["__loading__"] = True
                assert self.__spec__ is not None
                assert self.__spec__.loader is not None
                self.__spec__.loader.exec_module(self)
                self.__class__ = ModuleType  # type: ignore[assignment]  # it is whole now
                return getattr(self, name)
            if name in self.__dict__:  # another thread has loaded it meanwhile
                return self.__dict__[name]
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r} yet")


def load_late(name: str) -> None:
    """Let ``import name`` cost nothing until an attribute of the module is read.

    A render that only decodes and encodes never reads one of torch's, whose loading takes a second
    and a half. Does nothing where the module is loaded already, or is not there.
    """
    if name in sys.modules:
        return
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    module.__class__ = _Late
    sys.modules[name] = module
