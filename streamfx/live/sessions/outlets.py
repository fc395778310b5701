"""Where a session's pictures and sound go besides its viewers: recordings, pushes, a camera."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Coroutine
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av

from streamfx.frame import Frame
from streamfx.live.media.camera import VirtualCamera
from streamfx.live.media.pictures import outgoing
from streamfx.live.media.push import Push
from streamfx.live.media.recording import RecordedFile, Recording
from streamfx.live.refusal import Refusal
from streamfx.live.sessions.crossing import into_loop
from streamfx.live.sessions.viewers import Viewer

if TYPE_CHECKING:
    from streamfx.live.sessions.session import Session

log = logging.getLogger(__name__)

CAMERA = "camera:"
"""What an address begins with that means a virtual camera of this machine."""


class Outlets:
    """The outlets of one session.

    :meth:`came_in`, :meth:`heard` and :meth:`shown` are for any thread, all else for the loop's.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._push: Push | None = None
        self._camera: VirtualCamera | None = None
        self._recording: Recording | None = None
        self._trouble = ""
        self._recordings: list[Recording] = []
        self._endings: set[asyncio.Task[None]] = set()

    def came_in(self, frame: av.VideoFrame, pts: Fraction) -> None:
        """Take a picture as it came."""
        if (recording := self._recording) is not None:
            recording.came_in(frame, pts)

    def heard(self, frame: av.AudioFrame, pts: Fraction) -> None:
        """Take sound as it came."""
        if (recording := self._recording) is not None:
            recording.heard(frame, pts)

    def shown(self, frame: Frame) -> None:
        """Take a picture that is shown."""
        if (camera := self._camera) is not None:
            camera.show(outgoing(frame))

    async def start_push(self, url: str) -> None:
        """Send the result to ``url``, or to a virtual camera: ``camera:`` or ``camera:DEVICE``.

        Raises :exc:`SettingError` for one that cannot be, a 409 :class:`Refusal` beside another,
        and 403 where everybody may come: this machine would connect to where they please.
        """
        self._session.check_open()
        if self._push is not None or self._camera is not None:
            raise Refusal(409, "push", "the result is pushed already: stop that first")
        settings = self._session.equipment.settings
        if not settings.loopback and settings.token is None:
            raise Refusal(403, "push", "a server that is open to everybody pushes nowhere")
        if url.startswith(CAMERA):
            self._start_camera(url.removeprefix(CAMERA))
            return
        line = self._session.line("H264")
        push = Push(url, self._push_came, line.want_keyframe, peers=self._session.equipment.peers)
        self._push = push
        self._add(push)
        push.start()

    async def stop_push(self) -> None:
        """End the push, if there is one."""
        push, self._push = self._push, None
        camera, self._camera = self._camera, None
        if push is not None:
            self._remove(push)
            await self._to_its_end(push.stop())
        if camera is not None:
            await self._to_its_end(asyncio.to_thread(camera.close))
        if push is None:
            self._tell_push("stopped", "")

    def start_recording(self) -> None:
        """Begin to record what comes in and what goes out; a second time is nothing new."""
        self._session.check_open()
        folder = self._session.equipment.settings.record
        if folder is None:
            raise Refusal(403, "record", "this server does not record: start it with --record DIR")
        if self._recording is not None:
            return
        moment = time.strftime("%Y%m%d-%H%M%S")
        name = f"{self._session.name}-{moment}-{secrets.token_hex(3)}"
        line = self._session.line("H264")
        recording = Recording(
            folder, name, tell=self._tell_trouble, want_keyframe=self._from_any_thread
        )
        recording.start()
        self._trouble = ""
        self._recording = recording
        self._recordings.append(recording)
        self._add(recording)
        line.want_keyframe()

    async def stop_recording(self) -> None:
        """End the recording; its files then are whole."""
        recording, self._recording = self._recording, None
        if recording is not None:
            self._remove(recording)
            await self._to_its_end(asyncio.to_thread(recording.stop))

    def recording_message(self) -> dict[str, Any]:
        """Return ``record`` for the control channel."""
        message: dict[str, Any] = {
            "type": "record",
            "on": self._recording is not None,
            "files": [
                {"name": f.name, "kind": f.kind, "bytes": f.bytes, "seconds": round(f.seconds, 3)}
                for f in self._finished().values()
            ],
        }
        return message | ({"why": self._trouble} if self._trouble else {})

    def recorded(self, name: str) -> Path | None:
        """Return a finished file of this session by its name; None for any other."""
        folder = self._session.equipment.settings.record
        return folder / name if folder is not None and name in self._finished() else None

    def catch_up(self) -> None:
        """Tell a client that has come back what goes on."""
        if self._recordings:
            self._session.say(self.recording_message())
        if self._push is not None:
            self._tell_push(self._push.state, "")
        elif self._camera is not None:
            self._tell_push("live", "")

    async def close(self) -> None:
        """End everything that goes out."""
        if self._push is not None or self._camera is not None:
            await self.stop_push()
        await self.stop_recording()
        while self._endings:
            await asyncio.wait(list(self._endings))

    async def _to_its_end(self, work: Coroutine[Any, Any, None]) -> None:
        """Wait for the end of something, which comes although who waits for it may go."""
        task = asyncio.create_task(work)
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)
        await asyncio.shield(task)

    def _finished(self) -> dict[str, RecordedFile]:
        return {file.name: file for one in self._recordings for file in one.files()}

    def _start_camera(self, device: str) -> None:
        self._camera = VirtualCamera(device or None, failed=self._camera_failed)
        self._tell_push("live", "")

    def _camera_failed(self, why: str) -> None:
        into_loop(self._session.equipment.loop, self._camera_ended, why)

    def _camera_ended(self, why: str) -> None:
        if self._camera is not None and self._camera.why:
            self._camera = None
        self._tell_push("failed", why)

    def _add(self, viewer: Viewer) -> None:
        self._session.line("H264").add(viewer)
        self._session.sounding.viewers.add(viewer)

    def _remove(self, viewer: Viewer) -> None:
        self._session.line("H264").remove(viewer)
        self._session.sounding.viewers.remove(viewer)

    def _from_any_thread(self) -> None:
        loop, line = self._session.equipment.loop, self._session.line("H264")
        into_loop(loop, line.want_keyframe)

    def _tell_trouble(self, why: str) -> None:
        into_loop(self._session.equipment.loop, self._trouble_came, why)

    def _trouble_came(self, why: str) -> None:
        self._trouble = why
        recording = self._recording
        if recording is not None and recording.failed:  # nothing is written any more
            self._recording = None
            self._remove(recording)
        self._session.say(self.recording_message())

    def _push_came(self, state: str, why: str) -> None:
        """Pass on how the push fares; one that was given up makes room for another."""
        push = self._push
        if state == "failed" and push is not None:
            self._push = None
            self._remove(push)
        self._tell_push(state, why)

    def _tell_push(self, state: str, why: str) -> None:
        self._session.say({"type": "push", "state": state, "why": why})
