"""Modules that load when something of theirs is first used, not when they are imported."""

from __future__ import annotations

import builtins
import importlib.util
import sys
import threading
from collections.abc import Mapping, Sequence
from types import ModuleType

_LOCK = threading.RLock()
_WAITING: dict[str, _Late] = {}
"""The modules whose code has not run yet."""
_IMPORT = builtins.__import__


class _Late(ModuleType):
    """A module whose code has not run yet.

    importlib's own LazyLoader runs it at the next import statement, which asks for the spec.
    """

    def __getattribute__(self, name: str) -> object:
        there = super().__getattribute__
        if name in ("__dict__", "__class__") or (
            name.startswith("__") and name in there("__dict__")
        ):
            return there(name)  # what the import system itself asks for
        _load(self)
        return there(name)


def _load(module: _Late) -> None:
    """Run a module's code, or wait until another thread has done that.

    Nothing happens in the thread that is running it just now.
    """
    with _LOCK:
        name, values = module.__name__, module.__dict__
        if type(module) is not _Late or "__loading__" in values:
            return
        assert module.__spec__ is not None
        assert module.__spec__.loader is not None
        values["__loading__"] = True
        try:
            module.__spec__.loader.exec_module(module)
        finally:
            del values["__loading__"]
        module.__class__ = ModuleType  # type: ignore[assignment]  # it is whole now
        _WAITING.pop(name, None)
        if not _WAITING and builtins.__import__ is _import:
            builtins.__import__ = _IMPORT


def _import(
    name: str,
    globals: Mapping[str, object] | None = None,
    locals: Mapping[str, object] | None = None,
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> ModuleType:
    """Import a module; of a part of one that waits, load the whole first.

    The import system would run the part's code without it; and it would hold the part's lock
    meanwhile, for which another thread that loads the whole would wait for ever.
    """
    if level == 0 and "." in name and (whole := _WAITING.get(name.partition(".")[0])) is not None:
        _load(whole)
    return _IMPORT(name, globals, locals, fromlist, level)


def load_late(name: str) -> None:
    """Let ``import name`` cost nothing until an attribute of the module is read.

    A render that only decodes and encodes never reads one of torch's, whose loading takes a second
    and a half. Any thread may be the first to read; the others wait until all of it is there. Does
    nothing where the module is loaded already, or is not there.
    """
    if name in sys.modules:
        return
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    module.__class__ = _Late
    assert isinstance(module, _Late)
    _WAITING[name] = module
    builtins.__import__ = _import
    sys.modules[name] = module
