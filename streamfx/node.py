"""The class that every node extends.

A node is written as a class body. Its fields are its parameters. The signature of ``process`` is
its ports: the first argument drives the node, once per item; the others say in their type how they
keep up with it. The return type is its output.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import (
    Annotated,
    Any,
    ClassVar,
    Self,
    TypeVar,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

import torch
from pydantic import BaseModel, ConfigDict, ValidationError

from streamfx.errors import ParamError
from streamfx.frame import Frame, Info, VideoInfo
from streamfx.models.store import Models
from streamfx.params import first_fault, param

T = TypeVar("T")


class Policy(Enum):
    """How an input keeps up with the one that drives the node."""

    DRIVES = "drives"
    HELD = "held"
    PAIRED = "paired"
    SPAN = "span"


Held = Annotated[T, Policy.HELD]
"""The latest item at or before the driving one."""
Paired = Annotated[T, Policy.PAIRED]
"""The item of the very same instant."""
Span = Annotated[T, Policy.SPAN]
"""Everything that falls while the driving frame is shown: one ``Sound``, or a tuple of items."""


@dataclass(frozen=True, slots=True)
class Port:
    """One input of a node."""

    type: type
    """Class of the items that it takes."""
    policy: Policy
    """How it keeps up with the driving input."""
    optional: bool = False
    """Whether it may stay unconnected; ``process`` then gets its own default."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a node may use of the world."""

    device: torch.device
    """Where pictures live."""
    dtype: torch.dtype
    """What networks compute in."""
    models: Models
    """Where networks come from."""
    info: Info | None = None
    """What drives the node that is being opened, as its ``plan`` was told."""

    @property
    def video(self) -> VideoInfo:
        """The driving pictures. Raises TypeError for a node that sound drives."""
        if not isinstance(self.info, VideoInfo):
            raise TypeError("no pictures drive this node")
        return self.info


@dataclass_transform(kw_only_default=True, field_specifiers=(param,))
class Node(BaseModel):
    """Base of every node.

    ``process`` returns the item that comes out, an iterator of any number of them, or None to put
    out nothing. A return type that is a ``NamedTuple`` makes one output for each of its fields.
    """

    model_config = ConfigDict(
        extra="forbid",
        validate_assignment=True,
        strict=True,
        arbitrary_types_allowed=True,
        protected_namespaces=(),
    )

    inputs: ClassVar[Mapping[str, Port]]
    """Ports in the order of ``process``, the driving one first."""
    outputs: ClassVar[Mapping[str, type]]
    """Classes of what comes out, by name; a single output is called ``out``."""
    stateless: ClassVar[bool] = False
    """Each item is worked on for itself, so items may run in parallel and in batches."""
    batch_size: ClassVar[int] = 1
    """How many driving items ``batch`` takes at most; 1 where there is no ``batch``."""
    reuses: ClassVar[bool] = False
    """Whether ``reuse`` can stand in for ``process`` where a live run has no time for that."""
    past: ClassVar[int] = 0
    """Frames before a range that must be seen so that its first frame comes out right."""
    process: ClassVar[Callable[..., Any]]
    """Work on one driving item. Every subclass defines it."""

    def __init__(self, **values: Any) -> None:  # noqa: ANN401  each field says its own type
        try:
            super().__init__(**values)
        except ValidationError as exc:
            raise first_fault(exc, type(self)) from exc

    def __init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401  passed on to pydantic
        super().__init_subclass__(**kwargs)
        process = getattr(cls, "process", None)
        if process is None:
            raise TypeError(f"{cls.__qualname__} must define process()")
        cls.inputs, cls.outputs = _read_ports(process)

    def __setattr__(self, name: str, value: Any) -> None:  # noqa: ANN401  each field says its own
        if name.startswith("_"):
            object.__setattr__(self, name, value)
            return
        try:
            super().__setattr__(name, value)
        except ValidationError as exc:
            raise first_fault(exc, type(self)) from exc
        except ValueError as exc:  # pydantic's word for a name that is no field
            known = ", ".join(type(self).model_fields) or "none"
            raise ParamError(f"unknown parameter {name!r}; there are: {known}") from exc

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def fresh(self) -> Self:
        """Return a node with the same parameters and no state."""
        return type(self)(**{name: getattr(self, name) for name in type(self).model_fields})

    @property
    def lookahead(self) -> Fraction:
        """Seconds of every ``Span`` that are wanted beyond the end of the driving frame."""
        return Fraction(0)

    @property
    def pending(self) -> Fraction | None:
        """Instant of what came in earliest and still waits to come out.

        Only for a node that holds back longer than ``plan`` can say; None: as that says.
        """
        return None

    def plan(self, video: VideoInfo) -> VideoInfo:
        """Say what comes out, before any frame has come in: size, rate, frames held back, alpha.

        ``video`` is the driving stream; of a node that is driven by sound, an ``AudioInfo``. Answer
        from parameters and model cards, never from weights: it runs before ``open``.
        """
        return video

    def wants(self) -> Sequence[str]:
        """Return the names of the models that ``open`` will load."""
        return ()

    def open(self, ctx: Context) -> None:
        """Get ready to run, or to run again: load networks, make the state."""

    def reset(self, ctx: Context) -> None:
        """Forget earlier frames. Called at cuts and seeks, after ``flush``."""
        self.open(ctx)

    def batch(self, frames: Sequence[Frame]) -> Sequence[Frame]:
        """Work on several driving frames at once; asked only where ``batch_size`` is above 1."""
        return [self.process(frame) for frame in frames]

    def reuse(self, frame: Frame) -> Frame | None:
        """Apply what ``process`` found last, such as a matte, to a newer frame.

        Asked only where ``reuses`` is set, and then by live runs alone. None: nothing has been
        found yet, so ``process`` must do it.
        """
        return None

    def flush(self) -> Iterator[Any]:
        """Yield what is still held back when the driving input ends, or a shot does."""
        yield from ()

    def close(self) -> None:
        """Let go of whatever ``open`` took."""


def _read_ports(process: Callable[..., Any]) -> tuple[dict[str, Port], dict[str, type]]:
    hints = get_type_hints(process, include_extras=True)
    inputs: dict[str, Port] = {}
    for name, parameter in list(inspect.signature(process).parameters.items())[1:]:
        if name not in hints:
            raise TypeError(f"process(): {name} must say its type, such as Frame or Held[Frame]")
        optional = parameter.default is not inspect.Parameter.empty
        inputs[name] = _port(name, hints[name], optional=optional, first=not inputs)
    if not inputs:
        raise TypeError("process() must take at least one input, such as frame: Frame")
    return inputs, _outputs(hints.get("return"))


def _port(name: str, hint: Any, *, optional: bool, first: bool) -> Port:  # noqa: ANN401  a type hint
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(arg for arg in get_args(hint) if arg is not type(None))
    marks = [m for m in getattr(hint, "__metadata__", ()) if isinstance(m, Policy)]
    kind = get_args(hint)[0] if marks else hint
    if first and marks:
        raise TypeError(f"{name} comes first, so it drives the node: drop {marks[0].name.title()}")
    if not first and not marks:
        raise TypeError(f"{name} must be Held[...], Paired[...] or Span[...]")
    kind = get_origin(kind) or kind
    if not isinstance(kind, type):
        raise TypeError(f"{name} must name a class, got {kind!r}")
    return Port(kind, Policy.DRIVES if first else marks[0], optional)


def _outputs(hint: Any) -> dict[str, type]:  # noqa: ANN401  a type hint
    if hint is None:
        raise TypeError("process() must say what comes out, such as -> Frame or -> Iterator[Frame]")
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(arg for arg in get_args(hint) if arg is not type(None))
    if get_args(hint):
        (hint, *_) = get_args(hint)
    if not isinstance(hint, type):
        raise TypeError(f"process() must return a class of items, got {hint!r}")
    if issubclass(hint, tuple) and hasattr(hint, "_fields"):
        return dict(get_type_hints(hint))
    return {"out": hint}
