"""Made-up people for tests of training: discs of one colour before scenes of another."""

import numpy as np

from streamfx.train.people_pool import People, Subject
from streamfx.train.textures import Bytes


def subject(side: int = 64, shade: int = 200, frames: int = 1) -> Subject:
    """Return a bright disc, photographed before a dark wall where there is one frame."""
    y, x = np.mgrid[:side, :side] + 0.5 - side / 2
    alpha = np.asarray(np.clip((side / 4 - np.hypot(x, y)) / 2 + 0.5, 0, 1) * 255, np.uint8)
    own = np.full((side, side, 3), shade, np.uint8)
    share = alpha[..., None] / 255
    picture = np.asarray(own * share + 40 * (1 - share), np.uint8)
    return Subject([own] * frames, [alpha] * frames, [picture] if frames == 1 else [])


def people() -> People:
    """Return two photos, one film and two scenes."""
    scenes: list[Bytes] = [np.full((70, 90, 3), level, np.uint8) for level in (30, 90)]
    return People([subject(frames=5)], [subject(), subject(shade=230)], scenes)


def find(picture: Bytes) -> Bytes:
    """Take for a person what is bright: two masks, the second one blunter."""
    mask = np.asarray((picture.mean(-1) > 130) * 255, np.uint8)
    return np.stack([mask, mask // 2])
