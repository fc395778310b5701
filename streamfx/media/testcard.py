"""A clip drawn from nothing: detail, motion, and a flash with a beep at every whole second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from numpy.typing import NDArray

from streamfx.errors import MediaError

Picture = NDArray[np.uint8]
Field = NDArray[np.float32]

FLASH = 0.12
"""Seconds that the lamp is lit and the beep sounds, from every whole second on."""
BEEP = 1000
"""Hertz."""
RATE = 48000
"""Samples per second."""


@dataclass(frozen=True, slots=True)
class Card:
    """What to draw."""

    width: int = 960
    height: int = 540
    fps: Fraction = Fraction(25)
    seconds: Fraction = Fraction(4)

    @property
    def frames(self) -> int:
        """How many pictures there are."""
        return round(self.seconds * self.fps)


def draw(
    path: str | Path, card: Card | None = None, tell: Callable[[int], None] | None = None
) -> None:
    """Write the clip as H.264 and AAC; the extension of ``path`` says into which container.

    ``tell`` hears how many pictures are done. Raises :exc:`MediaError` when it cannot be written.
    """
    card = card or Card()
    try:
        with av.open(str(path), "w") as out:
            video = _video_stream(out, card)
            audio = out.add_stream("aac", rate=RATE, layout="stereo")
            assert isinstance(audio, AudioStream)
            for number, picture in enumerate(pictures(card)):
                frame = av.VideoFrame.from_ndarray(picture, "rgb24")
                frame.pts, frame.time_base = number, 1 / card.fps
                out.mux(video.encode(frame.reformat(format="yuv420p", dst_colorspace="ITU709")))
                if tell is not None:
                    tell(number + 1)
            out.mux(video.encode(None))
            for sound in _sounds(card):
                out.mux(audio.encode(sound))
            out.mux(audio.encode(None))
    except (OSError, av.FFmpegError) as exc:
        raise MediaError(f"cannot write {path}: {exc.strerror or exc}") from exc


def pictures(card: Card) -> Iterator[Picture]:
    """Yield the pictures, each (height, width, 3) RGB."""
    scene = _Scene(card)
    for number in range(card.frames):
        yield scene.at(number / float(card.fps))


def beeps(card: Card) -> Field:
    """Return the sound, (2, samples): a hum that wanders from left to right, and the beeps."""
    t = np.arange(round(card.seconds * RATE), dtype=np.float64) / RATE
    since = t % 1.0
    edge = np.clip(np.minimum(since, FLASH - since) / 0.004, 0, 1)
    beep = 0.5 * edge * np.sin(2 * np.pi * BEEP * t)
    hum = 0.06 * (np.sin(2 * np.pi * 110 * t) + 0.5 * np.sin(2 * np.pi * 165 * t))
    pan = 0.5 + 0.5 * np.sin(2 * np.pi * t / float(card.seconds))
    return np.stack([beep + hum * (1 - pan), beep + hum * pan]).astype(np.float32)


class _Scene:
    def __init__(self, card: Card) -> None:
        self.card = card
        self.unit = card.height / 540
        """Pixels that stand for one line of the card at its own size."""
        self.centre = np.array([card.width * 0.5, card.height * 0.46])
        self.radius = card.height * 0.30
        coarse = np.mgrid[0 : card.height : _COARSE, 0 : card.width : _COARSE].astype(np.float32)
        self.y, self.x = coarse[0] / card.height, coarse[1] / card.width
        left, top = (int(edge) for edge in self.centre - self.radius - 1)
        right, bottom = (int(edge) for edge in self.centre + self.radius + 2)
        self.window = slice(top, bottom), slice(left, right)
        y, x = np.mgrid[top:bottom, left:right].astype(np.float32)
        away = np.hypot(x - self.centre[0], y - self.centre[1])
        self.disc = np.clip(self.radius - away + 0.5, 0, 1)[..., None]
        self.rings = np.pi * self.radius / 4 * (away / self.radius) ** 2
        self.bars = self._bars()

    def at(self, t: float) -> Picture:
        """Return the picture of one instant."""
        image = self._sky(t)
        plate = image[self.window]
        plate += ((self._zone_plate(t) - plate) * self.disc).astype(np.int16).astype(np.uint8)
        self._place_bars(image, t)
        self._orbit(image, t)
        self._hand(image, t)
        self._lamp(image, t)
        self._words(image, t)
        return image

    def _sky(self, t: float) -> Picture:
        turn = 2 * np.pi * t / float(self.card.seconds)
        wave = 0.5 + 0.5 * np.sin(3.1 * self.x + 2.0 * self.y + turn)
        glow = np.exp(-((self.x - 0.5 - 0.35 * np.cos(turn)) ** 2 * 6 + (self.y - 0.3) ** 2 * 9))
        channels = (
            18 + 90 * glow + 24 * wave * self.y,
            28 + 60 * glow + 70 * wave * (1 - self.y),
            60 + 95 * (1 - self.y) + 60 * glow,
        )
        small = np.clip(np.stack(channels, axis=-1), 0, 255).astype(np.float32)
        large = cv2.resize(
            small, (self.card.width, self.card.height), interpolation=cv2.INTER_CUBIC
        )
        sky: Picture = cv2.convertScaleAbs(large).astype(np.uint8)
        return sky

    def _zone_plate(self, t: float) -> Field:
        """Rings that get finer outwards, to half of what the size can carry, and travel inwards."""
        level = 127 + 110 * np.cos(self.rings + np.float32(2 * np.pi * t))
        return np.repeat(level[..., None], 3, axis=-1).astype(np.float32)

    def _bars(self) -> Picture:
        height = max(2, round(46 * self.unit))
        colours = [(191, 191, 191), (191, 191, 0), (0, 191, 191), (0, 191, 0),
                   (191, 0, 191), (191, 0, 0), (0, 0, 191)]  # fmt: skip
        row = np.array(colours, np.uint8)[np.arange(self.card.width) * 7 // self.card.width]
        ramp = np.linspace(0, 255, self.card.width).astype(np.uint8)
        grey = np.repeat(ramp[:, None], 3, axis=1)
        top = np.repeat(row[None], height * 2 // 3, axis=0)
        return np.concatenate([top, np.repeat(grey[None], height - height * 2 // 3, axis=0)])

    def _place_bars(self, image: Picture, t: float) -> None:
        image[-len(self.bars) :] = self.bars
        at = round((t * 0.25 % 1.0) * self.card.width)
        line = max(1, round(3 * self.unit))
        image[-len(self.bars) :, at : at + line] = 255

    def _orbit(self, image: Picture, t: float) -> None:
        for number, colour in enumerate(((255, 176, 59), (86, 204, 157), (235, 94, 121))):
            angle = 2 * np.pi * (t * 0.4 + number / 3)
            spot = self.centre + self.radius * 1.28 * np.array(
                [1.35 * np.cos(angle), np.sin(angle)]
            )
            _fill_circle(image, spot, 17 * self.unit, colour)

    def _hand(self, image: Picture, t: float) -> None:
        """Draw the hand, which turns once in a second: twelve o'clock is the flash."""
        angle = 2 * np.pi * (t - 0.25)
        tip = self.centre + self.radius * 0.94 * np.array([np.cos(angle), np.sin(angle)])
        width = max(1, round(4 * self.unit))
        ends = _fixed(self.centre), _fixed(tip)
        cv2.line(image, *ends, (20, 22, 34), width + 4, cv2.LINE_AA, _SHIFT)
        cv2.line(image, *ends, (255, 214, 92), width, cv2.LINE_AA, _SHIFT)
        _fill_circle(image, self.centre, 9 * self.unit, (255, 214, 92))

    def _lamp(self, image: Picture, t: float) -> None:
        spot = np.array([self.card.width - 64 * self.unit, 64 * self.unit])
        lit = t % 1.0 < FLASH
        _fill_circle(image, spot, 34 * self.unit, (20, 22, 34))
        _fill_circle(image, spot, 28 * self.unit, (255, 255, 255) if lit else (70, 74, 92))

    def _words(self, image: Picture, t: float) -> None:
        number = round(t * float(self.card.fps))
        seconds, rest = divmod(number, max(1, round(self.card.fps)))
        self._write(image, "streamfx", (36, 66), 1.5, 3)
        self._write(image, f"{seconds:02d}:{rest:02d}   frame {number:03d}", (38, 98), 0.62, 1)
        size = f"{self.card.width} x {self.card.height}   {float(self.card.fps):g} fps"
        self._write(image, size, (38, 124), 0.5, 1)

    def _write(
        self, image: Picture, text: str, at: tuple[int, int], size: float, weight: int
    ) -> None:
        where = round(at[0] * self.unit), round(at[1] * self.unit)
        thick = max(1, round(weight * self.unit))
        font, scale = cv2.FONT_HERSHEY_DUPLEX, size * self.unit
        cv2.putText(image, text, where, font, scale, (238, 242, 250), thick, cv2.LINE_AA)


_COARSE = 4
"""Pixels between the places where the sky is worked out."""
_SHIFT = 4
"""Bits of a pixel's fraction that OpenCV draws with, so that motion is smooth."""


def _fixed(point: NDArray[np.float64]) -> tuple[int, int]:
    x, y = (round(float(value) * (1 << _SHIFT)) for value in point)
    return x, y


def _fill_circle(
    image: Picture, centre: NDArray[np.float64], radius: float, colour: tuple[int, int, int]
) -> None:
    size = round(radius * (1 << _SHIFT))
    cv2.circle(image, _fixed(centre), size, colour, cv2.FILLED, cv2.LINE_AA, _SHIFT)


def _video_stream(out: av.container.OutputContainer, card: Card) -> VideoStream:
    stream = out.add_stream("libx264", rate=card.fps, options={"preset": "veryfast", "crf": "16"})
    assert isinstance(stream, VideoStream)
    stream.width, stream.height, stream.pix_fmt = card.width, card.height, "yuv420p"
    stream.codec_context.time_base = 1 / card.fps
    stream.codec_context.thread_type = "AUTO"
    for tag in ("color_primaries", "color_trc", "colorspace", "color_range"):
        setattr(stream.codec_context, tag, 1)  # BT.709, limited range
    return stream


def _sounds(card: Card) -> Iterator[av.AudioFrame]:
    samples = beeps(card)
    for start in range(0, samples.shape[1], 1024):
        part = np.ascontiguousarray(samples[:, start : start + 1024])
        frame = av.AudioFrame.from_ndarray(part, "fltp", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        yield frame
