"""Whatever stands before a known background, cut out by a network that sees both."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor

from streamfx import Context, Frame, GraphError, Held, Node, VideoInfo, param
from streamfx.nodes.matting._plate_fine import Matte, at_size
from streamfx.nodes.matting._plate_learnt import Learnt
from streamfx.nodes.matting._plate_network import Coarse, PlateMatting
from streamfx.nodes.matting._plate_scene import Scene, View
from streamfx.nodes.matting.portrait import Portrait

MODEL = "matting-plate"
_PIXELS = {"fast": 512 * 288, "best": 1280 * 736}
"""Pixels of the picture that the U-Net sees, about and at the most."""
_PARTS = {"fast": 224, "best": 1_000_000}
"""Parts of the edge that are worked out at full size, at the most."""
_CALM = 0.15
"""Change of the matte, from one frame to the next, that counts as little."""

_log = logging.getLogger(__name__)


class Plate(Node):
    """Cut out whatever stands before a clean plate, a picture of the same view without it.

    Hair, fingers, glass and held things come out soft. The camera may shake a little, its exposure
    and white balance may change; soft shadows stay with the plate. Without a plate one is made of
    the footage itself, which wants a camera that stands still and people who move.
    """

    past: ClassVar[int] = 8

    quality: Literal["fast", "best"] = param(
        default="best",
        help="How large a picture the network sees, and how much of the edge is worked out at full "
        "size: fast is for live video.",
    )
    mismatch: Literal["portrait", "refuse"] = param(
        default="portrait",
        help="What to do when the plate shows another scene: find people as matting.portrait "
        "does, or end the run.",
    )
    smooth: float = param(
        default=0.4,
        ge=0,
        le=0.95,
        unit="share",
        help="How much of the matte before is kept where little changes, against flicker.",
        live=True,
    )

    def plan(self, video: VideoInfo, plate: VideoInfo | None = None) -> VideoInfo:
        return video.with_alpha()

    def wants(self) -> Sequence[str]:
        people = Portrait().wants() if self.mismatch == "portrait" else ()
        return (MODEL, *people)

    def open(self, ctx: Context) -> None:
        network = ctx.models.load(MODEL, ctx.device, torch.float32)
        assert isinstance(network, PlateMatting)
        self._network = network
        self._ctx = ctx
        self._portrait: Portrait | None = None
        self._said: set[str] = set()
        self.reset(ctx)

    def reset(self, ctx: Context) -> None:
        self._scene: Scene | None = None
        self._plate: Frame | None = None
        self._learnt: Learnt | None = None
        self._before: Tensor | None = None
        self._matte: Tensor | None = None
        if self._portrait is not None:
            self._portrait.reset(ctx)

    @torch.inference_mode()
    def process(self, frame: Frame, plate: Held[Frame] | None = None) -> Frame:
        notes: dict[str, object] = {}
        scene = self._learn(frame) if plate is None else self._scene_of(plate, frame, notes)
        out = self._cut(frame, scene, notes) or self._people(frame)
        if not notes:
            return out
        return out.marked(notes={**out.props.notes, **notes})

    def close(self) -> None:
        self.reset(self._ctx)
        self._portrait = None

    def _scene_of(self, plate: Frame, frame: Frame, notes: dict[str, object]) -> Scene:
        """Look at a plate once; another one makes void what is known."""
        size = frame.height, frame.width
        if self._scene is None or self._plate is not plate or self._scene.plate.shape[1:] != size:
            self._scene = Scene.of(plate.image, *size, _PIXELS[self.quality])
            self._plate, self._before, self._matte = plate, None, None
        if (plate.height, plate.width) != size:
            said = f"the plate is {plate.width}x{plate.height}: scaled to {size[1]}x{size[0]}"
            self._say(said, notes, "plate_size")
        return self._scene

    def _learn(self, frame: Frame) -> Scene:
        if self._learnt is None:
            self._learnt = Learnt(self._ctx, _PIXELS[self.quality])
        self._scene = self._learnt.see(frame)
        return self._scene

    def _cut(self, frame: Frame, scene: Scene, notes: dict[str, object]) -> Frame | None:
        """Return the subject cut out, or None where the picture does not show the scene."""
        small = scene.canvas.on(frame.image[:3].float())
        view = scene.fit(small, self._before)
        if self._before is None:  # what stands before the scene is known only now
            self._before = at_size(self._look(view), scene.canvas)
            view = scene.fit(small, self._before)
        if not scene.matching or self._strays(view, frame):
            self._before = None
            self._mismatched(frame, notes)
            return None
        coarse = self._look(view)
        self._before = at_size(coarse, scene.canvas)
        matte = Matte(frame.image[:3].float(), coarse, scene.canvas)
        matte.work_out(self._network, view, _PARTS[self.quality])
        return frame.showing(self._finished(matte.out, frame))

    def _look(self, view: View) -> Coarse:
        """Return what the U-Net tells of a picture."""
        before = self._before if self._before is not None else torch.full_like(view.image[:1], 0.5)
        seen = [
            x[None].contiguous(memory_format=torch.channels_last) for x in (view.image, view.plate)
        ]
        coarse: Coarse = self._network(*seen, before[None])
        return coarse

    def _finished(self, out: Tensor, frame: Frame) -> Tensor:
        """Complete a matte ``(4, H, W)``, hold it still where little changes, and return it."""
        alpha = out[3]
        if self._learnt is not None:
            alpha.copy_(self._learnt.completed(alpha, frame.image[:3]))
        if self._matte is not None and self._matte.shape == alpha.shape and self.smooth:
            change = alpha - self._matte
            alpha -= change * (2 - change.abs() / _CALM).clamp_(0, 1) * self.smooth
        self._matte = alpha.clone()
        if frame.alpha:
            alpha *= frame.image[3]
        return out

    def _strays(self, view: View, frame: Frame) -> bool:
        """Return whether a plate is being learnt from a camera that does not stand still."""
        if self._learnt is None:
            return False
        return self._learnt.strayed(view.shift.reach(frame.height, frame.width), frame)

    def _mismatched(self, frame: Frame, notes: dict[str, object]) -> None:
        what = (
            "the camera does not stand still" if self._learnt else "the plate is of another scene"
        )
        if self.mismatch == "refuse":
            raise GraphError(f"{what} at {float(frame.pts):.3f} s")
        self._say(f"{what}: finding people instead", notes, "plate_mismatch")

    def _people(self, frame: Frame) -> Frame:
        """Return people cut out without a plate."""
        if self._portrait is None:
            self._portrait = Portrait()
            self._portrait.open(self._ctx)
        self._matte = None
        return self._portrait.process(frame)

    def _say(self, what: str, notes: dict[str, object], name: str) -> None:
        """Tell the nodes further down with every frame, and the log once."""
        notes[name] = what
        if what not in self._said:
            self._said.add(what)
            _log.warning("matting.plate: %s", what)
