"""A file, a URL or a device that publishes a session's pictures."""

from __future__ import annotations

import asyncio
import logging
from fractions import Fraction

import av

from streamfx.live.media.source import Source
from streamfx.live.sessions.session import Session

log = logging.getLogger(__name__)


class Playing:
    """A source at work. It holds its session until it is closed."""

    def __init__(self, session: Session, where: str) -> None:
        self._session = session
        self._source = Source(where, self)

    @classmethod
    async def start(cls, session: Session, where: str) -> Playing:
        """Begin to play ``where`` into a session. Raises :exc:`SourceError` where it cannot be."""
        playing = await asyncio.to_thread(cls, session, where)
        session.publish(playing)
        session.hold(playing)
        playing._source.start()
        return playing

    def picture(self, frame: av.VideoFrame, instant: Fraction, arrived: float) -> None:
        """Take a picture, in the source's thread."""
        self._session.picture(frame, instant, arrived, self)

    def sound(self, frame: av.AudioFrame, instant: Fraction, arrived: float) -> None:
        """Take sound, in the source's thread."""
        self._session.sound(frame, instant, arrived, self)

    def state(self, state: str) -> None:
        """Follow the source, which logs by itself."""
        if state == "ended":
            log.info("a source has ended", extra={"stream": self._session.name})

    async def close(self) -> None:
        """End the source and let go of the session."""
        await asyncio.to_thread(self._source.close)
        self._session.release(self)
