"""Which node classes there are, by the id that a preset uses for them.

The id is the place of the file: ``nodes/interpolate/blend.py`` holds ``interpolate.blend``. A pack
of somebody else's comes by an entry point of the group ``streamfx.nodes`` (name: the pack's; value:
a package of node files, a module of node classes, or one class); a file of the user's own,
``mine.py``, holds ``mine.<class>`` for each node class in it. A node is imported when it is first
asked for.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from streamfx.errors import GraphError
from streamfx.node import Node

GROUP = "streamfx.nodes"
Load = Callable[[], type[Node]]


class Catalog(Mapping[str, type[Node]]):
    """A table of node classes. Two catalogs may differ; there is no global one."""

    def __init__(self, loaders: Mapping[str, Load] | None = None) -> None:
        self._loaders: dict[str, Load] = dict(loaders or {})
        self._loaded: dict[str, type[Node]] = {}
        self.broken: dict[str, str] = {}
        """Packs and files that could not be read, and why: each fails alone."""

    @classmethod
    def shipped(cls) -> Catalog:
        """Return the nodes that come with streamfx."""
        catalog = cls()
        root = importlib.import_module(GROUP)
        for info in pkgutil.iter_modules(root.__path__):
            if info.ispkg:
                folders = [f"{folder}/{info.name}" for folder in root.__path__]
                catalog.add(_in_folders(info.name, f"{GROUP}.{info.name}", folders))
        return catalog

    @classmethod
    def installed(cls) -> Catalog:
        """Return the shipped nodes and those of every installed pack."""
        catalog = cls.shipped()
        for point in entry_points(group=GROUP):
            try:
                catalog.add(_in_entry_point(point))
            except Exception as exc:  # noqa: BLE001  a pack may fail in any way; it fails alone
                catalog.broken[point.name] = f"{type(exc).__name__}: {exc}"
        return catalog

    def add(self, loaders: Mapping[str, Load]) -> None:
        """Add nodes; all of them, or none when an id is taken."""
        for name in loaders:
            if name in self._loaders:
                raise GraphError(f"a node {name!r} is already known")
        self._loaders |= loaders

    def add_file(self, path: str | Path) -> list[str]:
        """Add the node classes in a Python file of the user's own, and return their ids."""
        path = Path(path)
        if not path.is_file():
            raise GraphError(f"no node file {path}")
        stem = re.sub(r"\W", "_", path.stem)
        classes = _classes(_import_file(path, f"streamfx_file_{stem}"))
        if not classes:
            raise GraphError(f"{path} defines no node: a class that extends streamfx.Node")
        found = {f"{stem}.{_snake(cls.__name__)}": partial(_same, cls) for cls in classes}
        self.add(found)
        return list(found)

    def id_of(self, cls: type[Node]) -> str:
        """Return the id of a node class: as loaded here, else by where its file is."""
        for name, known in self._loaded.items():
            if known is cls:
                return name
        module = cls.__module__.removeprefix(f"{GROUP}.")
        if module != cls.__module__ and module in self._loaders:
            return module
        stem = module.rpartition(".")[2].removeprefix("streamfx_file_")
        return f"{stem}.{_snake(cls.__name__)}"

    def __getitem__(self, name: str) -> type[Node]:
        if name not in self._loaders:
            near = difflib.get_close_matches(str(name), self._loaders, 1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise GraphError(f"no node {name!r}{hint}; there are: {', '.join(self)}")
        if name not in self._loaded:
            try:
                self._loaded[name] = self._loaders[name]()
            except ImportError as exc:
                raise GraphError(f"node {name!r} cannot be loaded: {exc}") from exc
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._loaders

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._loaders))

    def __len__(self) -> int:
        return len(self._loaders)


def _in_folders(pack: str, package: str, folders: Iterable[str]) -> dict[str, Load]:
    """Find the node files of a package by name, importing none."""
    names = [info.name for info in pkgutil.iter_modules(list(folders))]
    return {
        f"{pack}.{name}": partial(_only_node, f"{package}.{name}")
        for name in names
        if not name.startswith("_")
    }


def _in_entry_point(point: EntryPoint) -> dict[str, Load]:
    target = point.load()
    if isinstance(target, type):
        if not issubclass(target, Node):
            raise GraphError(f"{point.value} is not a node class")
        return {point.name: partial(_same, target)}
    if hasattr(target, "__path__"):
        return _in_folders(point.name, target.__name__, target.__path__)
    return {f"{point.name}.{_snake(c.__name__)}": partial(_same, c) for c in _classes(target)}


def _import_file(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # type hints of the classes are looked up there
    try:
        spec.loader.exec_module(module)
    except Exception as exc:  # a user's file may fail in any way; say where
        del sys.modules[name]
        raise GraphError(f"{path} cannot be read: {type(exc).__name__}: {exc}") from exc
    return module


def _classes(module: ModuleType) -> list[type[Node]]:
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Node)
        and value.__module__ == module.__name__
    ]


def _only_node(module: str) -> type[Node]:
    found = _classes(importlib.import_module(module))
    wanted = module.rpartition(".")[2]
    if len(found) != 1 or _snake(found[0].__name__) != wanted:
        names = ", ".join(cls.__name__ for cls in found) or "none"
        raise GraphError(f"{module} must define one node, named after the file; it defines {names}")
    return found[0]


def _same(cls: type[Node]) -> type[Node]:
    return cls


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
