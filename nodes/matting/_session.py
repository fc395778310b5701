"""One stream of pictures through a published matting network, fed as its recipe says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch

from streamfx import ParamError
from streamfx.models.onnx import OnnxSession, Slot
from streamfx.models.onnx_run import OnnxRun
from streamfx.nodes.matting._recipe import Recipe
from streamfx.resample import resize


class Cut(NamedTuple):
    """What a network says of a picture, at the size at which it works."""

    alpha: torch.Tensor
    """``(1, h, w)`` in [0, 1]."""
    foreground: torch.Tensor | None
    """``(3, h, w)``, the subject's own colours; None: the network gives none."""


class Stream:
    """A network, and what it remembers of the frames of one stream.

    ``size`` (height, width) and ``multiple`` are what its card says of the pictures it takes.
    """

    def __init__(
        self, session: OnnxSession, recipe: Recipe, size: tuple[int, int] | None, multiple: int
    ) -> None:
        check(session, recipe)
        self._recipe, self._multiple = recipe, multiple
        self._size = size or _fixed(session.inputs[recipe.inputs.image], recipe)
        self._run = OnnxRun(session, recipe.states)
        self._wanted = tuple(filter(None, (recipe.outputs.alpha, recipe.outputs.foreground)))
        self._fed: tuple[int, int, float] | None = None

    def reset(self) -> None:
        """Forget the frames before."""
        self._run.reset()

    def __call__(
        self, image: torch.Tensor, plate: torch.Tensor | None = None, downsample: float = 0.0
    ) -> Cut:
        """Return the matte of an image ``(3 or 4, H, W)``, given its plate where one is needed.

        ``downsample`` is how much smaller the network looks first; 0: chosen by the size.
        """
        recipe, high, wide = self._recipe, int(image.shape[1]), int(image.shape[2])
        size = self._size or recipe.size(high, wide, self._multiple)
        by = downsample or recipe.downsample(*size)
        if self._fed != (*size, by):  # states are as large as the pictures that made them
            self._fed = (*size, by)
            self.reset()
        feeds = {recipe.inputs.image: self._made_ready(image, size)}
        if recipe.inputs.plate and plate is not None:
            feeds[recipe.inputs.plate] = self._made_ready(plate, size)
        if recipe.inputs.downsample:
            feeds[recipe.inputs.downsample] = torch.tensor([by])
        alpha, *rest = self._run(feeds, self._wanted)
        colours = self._colours(rest[0]).to(image.device) if rest else None
        return Cut(self._matte(alpha).to(image.device), colours)

    def _made_ready(self, image: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        """Return colours as the network takes them; where nothing is to do, the image itself."""
        recipe, made = self._recipe, image[:3]
        if tuple(made.shape[1:]) != size:
            smaller = size[0] <= made.shape[1] and size[1] <= made.shape[2]
            made = resize(made, *size, "area" if smaller else "bilinear")
        if any(recipe.mean) or recipe.std != (1.0, 1.0, 1.0):
            mean, std = (made.new_tensor(values)[:, None, None] for values in _norm(recipe))
            made = (made - mean).div_(std)
        if recipe.order == "bgr":
            made = made.flip(0)
        return (made.permute(1, 2, 0) if recipe.layout == "nhwc" else made)[None]

    def _matte(self, out: torch.Tensor) -> torch.Tensor:
        recipe = self._recipe
        made = _planes(out, recipe).float()
        if recipe.channel >= made.shape[0]:
            name = recipe.outputs.alpha
            there = made.shape[0]
            raise ParamError(f"{name} has {there} channels, none is number {recipe.channel}")
        if recipe.activation == "softmax":
            made = made.softmax(0)
        made = made[recipe.channel, None]
        return made.sigmoid() if recipe.activation == "sigmoid" else made.clamp(0, 1)

    def _colours(self, out: torch.Tensor) -> torch.Tensor:
        made = _planes(out, self._recipe)
        if made.shape[0] != 3:
            name = self._recipe.outputs.foreground
            raise ParamError(f"{name} must have 3 channels, it has {made.shape[0]}")
        return (made.flip(0) if self._recipe.order == "bgr" else made).float().clamp(0, 1)


def check(session: OnnxSession, recipe: Recipe) -> None:
    """See that a network has what its recipe names, and takes nothing that it does not name.

    Raises :exc:`ParamError`.
    """
    file, before = session.path.name, [name for name, _ in recipe.states]
    fed = [*filter(None, recipe.inputs.model_dump().values()), *before]
    given = [*filter(None, recipe.outputs.model_dump().values()), *(s for _, s in recipe.states)]
    _all_there(file, "input", fed, session.inputs)
    _all_there(file, "output", given, session.outputs)
    for name in session.inputs:
        if name not in fed:
            raise ParamError(f"{file} wants an input {name!r}, which its card does not name")
    image = session.inputs[recipe.inputs.image]
    if not _is_picture(image, recipe):
        raise ParamError(f"{file}: {image.name} is no picture, {recipe.layout}, but {image}")


def _is_picture(slot: Slot, recipe: Recipe) -> bool:
    """Tell whether an input takes one picture of three channels, laid out as the recipe says."""
    if len(slot.shape) != 4 or slot.shape[0] not in (1, None) or not slot.dtype.is_floating_point:
        return False
    channels = slot.shape[1 if recipe.layout == "nchw" else 3]
    return channels == 3 or (channels is None and 3 not in slot.shape)


def _all_there(file: str, what: str, names: list[str], there: Mapping[str, Slot]) -> None:
    for name in names:
        if name not in there:
            raise ParamError(f"{file} has no {what} {name!r}; there are: {', '.join(there)}")


def _fixed(image: Slot, recipe: Recipe) -> tuple[int, int] | None:
    """Return the size of picture that a file was made for; None: any."""
    high, wide = image.shape[1:3] if recipe.layout == "nhwc" else image.shape[2:4]
    return (high, wide) if high and wide else None


def _norm(recipe: Recipe) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return recipe.mean, recipe.std


def _planes(out: torch.Tensor, recipe: Recipe) -> torch.Tensor:
    """Return what a network put out, of 2 to 4 axes, as ``(C, h, w)``."""
    if out.ndim == 4 and recipe.layout == "nhwc":
        out = out.permute(0, 3, 1, 2)
    if not 2 <= out.ndim <= 4 or (out.ndim == 4 and out.shape[0] != 1):
        raise ParamError(f"what came out is no picture: {tuple(out.shape)}")
    return out.reshape(-1, *out.shape[-2:])
