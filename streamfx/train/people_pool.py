"""What clips of people are put together from: people with alphas, photos of people, empty scenes.

Only footage that shipped weights may see is read; what is not there is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import torch
from numpy.random import Generator

from streamfx import Frame
from streamfx.nodes.matting.chroma import Chroma
from streamfx.testing import context
from streamfx.train.plate_pool import pictures
from streamfx.train.procedural import straightened
from streamfx.train.textures import Bytes, Floats, scene

Find: TypeAlias = "Callable[[Bytes], Bytes]"
"""Turns a picture ``(h, w, 3)`` into coarse masks of its people ``(masks, h, w)``, all of uint8."""
Soften: TypeAlias = "Callable[[Floats, Bytes], Floats]"
"""Turns a picture ``(h, w, 3)`` in [0, 1] and a trimap ``(h, w)`` of 0, 128 and 255 into alpha."""

SIDE = 480
"""Pixels along the longer side of what is kept."""
_NARROWEST = 64
"""Pixels that a scene is wide at least."""
SPEAKERS_HELD_BACK = ("bbaf2n", "lwbsza")
"""Speakers of ``faces/grid`` that only the scores see."""
_EMPTY = (
    ("general/flower_960x540.mp4", 15),
    ("general/rooftop_640x360_30fps.mp4", 30),
    ("general/portrait_4k60_rotated.mp4", 9),
    ("general/desk_vfr.3gp", 8),
    ("general/bear_vp9.webm", 20),
    ("general/phone_rotated_cif.mp4", 10),
)
"""Clips without people, and how many pictures lie between two that are taken."""


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """One person at successive instants."""

    colours: list[Bytes]
    """Each ``(h, w, 3)``: the person's own, also where alpha is 0."""
    alphas: list[Bytes]
    """Each ``(h, w)``."""
    pictures: list[Bytes] = field(default_factory=list)
    """As they were taken, ``(h, w, 3)``, where the alpha is known for all of the picture."""


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Ingredients, all of uint8."""

    filmed: list[Subject]
    """Keyed clips, whose alpha is soft and true."""
    photographed: list[Subject]
    """Photos, whose alpha was drawn or computed."""
    scenes: list[Bytes]
    """Without people, ``(h, w, 3)``."""

    @property
    def taken(self) -> list[Subject]:
        """Photos of which all is known, as they were taken."""
        return [subject for subject in self.photographed if subject.pictures]


def gather(footage: Path, rng: Generator, soften: Soften, find: Find, scenes: int = 60) -> People:
    """Return all ingredients that the ``footage`` has, and ``scenes`` made by rule."""
    photographed = [*_street(footage, soften, find), *_portraits(footage)]
    empty = [*_empty(footage), *(_beside(each) for each in photographed if each.pictures)]
    empty = [each for each in empty if min(each.shape[:2]) >= _NARROWEST]
    empty += [scene(rng, 360, 480) for _ in range(scenes)]
    return People(list(filmed(footage)), photographed, empty)


def films(footage: Path) -> list[list[Bytes]]:
    """Return clips of people whose alpha nobody knows, each a list of ``(h, w, 3)``."""
    clips = sorted((footage / "matting/webcam_people").glob("*.mkv"))
    made = [[_smaller(p) for p in pictures(clip)] for clip in clips]
    room = footage / "matting/room_people_and_empty_plate.mp4"
    walking = [_smaller(p) for p in pictures(room, 2)]
    return [*made, *(walking[i : i + 60] for i in range(0, len(walking), 60))]


def held_back(paths: list[Path]) -> list[Path]:
    """Return which of the photos, in the order of their names, only the scores see: every fifth."""
    return sorted(paths)[::5]


def filmed(footage: Path, most: int = 1000) -> Iterator[Subject]:
    """Yield people before a green screen and a blue wall, at most so many pictures of each."""
    clips = [footage / "matting/greenscreen_head.mp4"]
    clips += sorted((footage / "faces/grid").glob("*.mpg"))
    for clip in clips:
        if clip.stem in SPEAKERS_HELD_BACK:
            continue
        key = Chroma(keep=_KEPT.get(clip.stem, "0.015,0.01,1,0.99"))
        key.open(context())
        found = [_keyed(key, picture) for picture in pictures(clip, most=most)]
        if found:
            yield Subject([colours for colours, _ in found], [alpha for _, alpha in found])


_KEPT = {"greenscreen_head": "0,0,1,0.945", "lwbsza": "0.06,0.02,0.95,0.86"}
"""What to keep of a clip whose edges show more than the screen."""


def _keyed(key: Chroma, picture: Bytes) -> tuple[Bytes, Bytes]:
    """Return colours and alpha of what stands before a screen: the largest such thing."""
    small = _smaller(picture)
    image = torch.from_numpy(small).permute(2, 0, 1).float() / 255
    made = key.process(Frame(image, Fraction(0), Fraction(1, 25))).image.permute(1, 2, 0).numpy()
    alpha = np.ascontiguousarray(made[..., 3])
    _, parts, facts, _ = cv2.connectedComponentsWithStats((alpha > 0.05).astype(np.uint8))
    if len(facts) > 1:
        alpha = alpha * (parts == 1 + facts[1:, cv2.CC_STAT_AREA].argmax())
    alpha = alpha.astype(np.float32)
    colours, _ = straightened(made[..., :3] * alpha[..., None], alpha)
    return colours, (alpha * 255 + 0.5).astype(np.uint8)


def _street(footage: Path, soften: Soften, find: Find) -> Iterator[Subject]:
    """Yield pedestrians, whose drawn outline is turned into soft alpha by a trimap.

    Only one person of a photo was drawn: where there are more, it is no truth as it was taken.
    """
    photos = sorted((footage / "matting/more/street_people/image").glob("*.jpg"))
    for image in sorted(set(photos) - set(held_back(photos))):
        labels = image.parent.parent / "labels" / f"{image.stem}.png"
        for taken, label in zip(pictures(image), pictures(labels), strict=False):
            picture = _smaller(taken)
            size = (picture.shape[1], picture.shape[0])
            parts = cv2.resize(label[..., 0], size, interpolation=cv2.INTER_NEAREST)
            alpha = soften(picture.astype(np.float32) / 255, trimap(parts))
            made = _cut_out(picture, (alpha * 255 + 0.5).astype(np.uint8))
            beside = cv2.dilate((parts > 0).astype(np.uint8), _disc(25)) == 0
            crowd = np.mean((find(picture)[0] > 128) & beside)
            yield made if crowd < _CROWD else replace(made, pictures=[])


_CROWD = 0.004
"""Share of a photo that other people may take."""
_HAIR = 19
"""The label of hair in ``street_people``."""


def trimap(parts: Bytes) -> Bytes:
    """Return a trimap of 0, 128 and 255 for a label map: wide along hair, narrow along the rest."""
    person = cv2.morphologyEx((parts > 0).astype(np.uint8), cv2.MORPH_CLOSE, _disc(5))
    hair = cv2.dilate((parts == _HAIR).astype(np.uint8), _disc(13)) > 0
    narrow = cv2.dilate(person, _disc(5)) - cv2.erode(person, _disc(5))
    wide = cv2.dilate(person, _disc(13)) - cv2.erode(person, _disc(9))
    made = person * np.uint8(255)
    made[(narrow > 0) | ((wide > 0) & hair)] = 128
    return made


def _disc(side: int) -> Bytes:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _portraits(footage: Path) -> Iterator[Subject]:
    """Yield portraits that come with a soft alpha."""
    for image in sorted((footage / "matting/portraits_p3m/image").glob("*.jpg")):
        alpha = image.parent.parent / "alpha_ref" / f"{image.stem}.png"
        for taken, matte in zip(pictures(image), pictures(alpha), strict=False):
            picture = _smaller(taken)
            size = (picture.shape[1], picture.shape[0])
            yield _cut_out(picture, cv2.resize(matte[..., 0], size, interpolation=cv2.INTER_AREA))


def _cut_out(picture: Bytes, alpha: Bytes) -> Subject:
    """Return a subject whose colours along the edge are those from further inside."""
    solid = (alpha > 245).astype(np.float32)
    own, _ = straightened(picture.astype(np.float32) / 255 * solid[..., None], solid)
    weight = (alpha.astype(np.float32) / 255)[..., None] ** 2
    mixed = own + (picture.astype(np.float32) - own) * weight
    return Subject([mixed.astype(np.uint8)], [alpha], [picture])


def _beside(subject: Subject) -> Bytes:
    """Return what a photo shows left and right of the person, put together."""
    picture = subject.pictures[0]
    person = np.flatnonzero((subject.alphas[0] > 8).any(0))
    if not person.size:
        return picture
    parts = [picture[:, : person[0]], picture[:, person[-1] + 1 :]]
    wide = max(part.shape[1] for part in parts)
    return np.concatenate([part for part in parts if part.shape[1] * 2 >= wide], 1)


def _empty(footage: Path) -> Iterator[Bytes]:
    for name, every in _EMPTY:
        yield from map(_smaller, pictures(footage / name, every))
    for path in sorted((footage / "style/contents").glob("*.*")):
        yield from map(_smaller, pictures(path))
    room = footage / "matting/room_people_and_empty_plate.mp4"
    yield from map(_smaller, pictures(room, 20, 3))


def _smaller(picture: Bytes) -> Bytes:
    by = min(1.0, SIDE / max(picture.shape))
    made = cv2.resize(picture, None, fx=by, fy=by, interpolation=cv2.INTER_AREA)
    return np.asarray(made, np.uint8)
