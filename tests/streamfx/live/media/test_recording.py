from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from streamfx.live.media.encoding import SoundEncoder, VideoEncoder
from streamfx.live.media.recording import RecordedFile, Recording, recover
from streamfx.live.media.recording_file import MatroskaFile

START = Fraction(77)


def picture(number: int, width: int = 320, height: int = 240) -> av.VideoFrame:
    data = np.full((height * 3 // 2, width), 128, np.uint8)
    data[:height] = (np.arange(width)[None] + 5 * number) % 200 + 20
    frame = av.VideoFrame.from_ndarray(data, "yuv420p")
    frame.pts, frame.time_base = number, Fraction(1, 30)
    return frame


def sound(number: int) -> av.AudioFrame:
    """Return 20 ms, with a click at each whole second."""
    codes = np.zeros((1, 1920), np.int16)
    if number % 50 == 0:
        codes[0, :40] = 25_000
    frame = av.AudioFrame.from_ndarray(codes, "s16", "stereo")
    frame.sample_rate = 48_000
    frame.pts, frame.time_base = round(START * 48_000) + number * 960, Fraction(1, 48_000)
    return frame


def wait_for(what: Callable[[], bool]) -> None:
    limit = time.monotonic() + 20
    while not what():
        assert time.monotonic() < limit, "waited for 20 s"
        time.sleep(0.01)


class Told(list[str]):
    def __call__(self, why: str) -> None:
        self.append(why)


def come_in(recording: Recording, numbers: range, **size: int) -> None:
    for number in numbers:
        wait_for(lambda: len(recording._input._queue) < 4)
        recording.came_in(picture(number, **size), START + Fraction(number, 30))


def hear(recording: Recording, numbers: range) -> None:
    for number in numbers:
        recording.heard(sound(number), START + Fraction(number, 50))


def both(recording: Recording, numbers: range) -> None:
    for number in numbers:
        come_in(recording, range(number, number + 1))
        hear(recording, range(number * 5 // 3, (number + 1) * 5 // 3))


def pictures(path: Path) -> list[av.VideoFrame]:
    with av.open(path) as container:
        return list(container.decode(container.streams.video[0]))


def sounds(path: Path) -> list[av.AudioFrame]:
    with av.open(path) as container:
        return list(container.decode(container.streams.audio[0])) if container.streams.audio else []


def at(frame: av.VideoFrame | av.AudioFrame) -> float:
    assert frame.pts is not None and frame.time_base is not None
    return float(frame.pts * frame.time_base)


def clicks(path: Path) -> list[float]:
    """Return when clicks begin, in seconds."""
    frames = sounds(path)
    values = np.concatenate([abs(frame.to_ndarray()[0]) for frame in frames])
    times = np.concatenate([at(frame) + np.arange(frame.samples) / 48_000 for frame in frames])
    loud = times[values > 0.25]
    return [float(each) for each in loud[np.diff(loud, prepend=-1) > 0.5]]


def test_the_input_is_recorded_with_its_sound(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "show")
    recording.start()
    both(recording, range(90))
    recording.stop()
    (file,) = recording.files()
    assert file == RecordedFile("show-input.mkv", "input", file.bytes, file.seconds)
    assert file.bytes == (tmp_path / "show-input.mkv").stat().st_size
    assert file.seconds == pytest.approx(3.0, abs=0.01)
    assert [path.name for path in tmp_path.iterdir()] == ["show-input.mkv"]
    frames = pictures(tmp_path / file.name)
    assert len(frames) == 90
    times = [at(frame) for frame in frames]
    origin = times[0]
    assert times == pytest.approx([origin + n / 30 for n in range(90)], abs=0.0011)
    assert clicks(tmp_path / file.name) == pytest.approx([origin + 1, origin + 2], abs=0.003)
    back = frames[40].to_ndarray()[:240].astype(int)
    assert abs(back - picture(40).to_ndarray()[:240]).mean() < 6


def test_keyframes_come_often_enough_to_seek(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "show")
    recording.start()
    come_in(recording, range(150))
    recording.stop()
    with av.open(tmp_path / "show-input.mkv") as container:
        keys = [packet.pts for packet in container.demux(video=0) if packet.is_keyframe]
        assert container.duration == pytest.approx(5_000_000, abs=40_000)
    assert keys == [0, 2000, 4000]


def test_the_output_is_taken_as_it_is_sent(tmp_path: Path) -> None:
    wanted: list[int] = []
    recording = Recording(tmp_path, "show", want_keyframe=lambda: wanted.append(1))
    recording.start()
    assert wanted == [1]
    encoder, speaker = VideoEncoder("H264"), SoundEncoder()
    sent = []
    for number in range(90):
        frame = picture(number)
        frame.pts = number + 77 * 30
        (packet,) = encoder.encode(frame, keyframe=number == 5)
        sent.append(bytes(packet))
        if number:
            recording.send_video(packet)
        for each in range(number * 5 // 3, (number + 1) * 5 // 3):
            for heard in speaker.encode(sound(each)):
                recording.send_sound(heard)
    recording.stop()
    assert [file.name for file in recording.files()] == ["show-output.mkv"]
    assert len(wanted) >= 2
    assert len(pictures(tmp_path / "show-output.mkv")) == 85
    assert clicks(tmp_path / "show-output.mkv") == pytest.approx([1 - 5 / 30, 2 - 5 / 30], abs=0.01)
    with av.open(tmp_path / "show-output.mkv") as container:
        sizes = [packet.size for packet in container.demux(video=0) if packet.size]
    assert sizes == pytest.approx([len(data) for data in sent[5:]], abs=8)  # lengths, not codes


def test_another_size_begins_another_file(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "show")
    recording.start()
    come_in(recording, range(20))
    come_in(recording, range(20, 40), width=240, height=320)
    come_in(recording, range(40, 60))
    recording.stop()
    names = ["show-input.mkv", "show-input-2.mkv", "show-input-3.mkv"]
    assert [file.name for file in recording.files()] == names
    sizes = []
    for name in names:
        frames = pictures(tmp_path / name)
        assert len(frames) == 20
        sizes.append((frames[0].width, frames[0].height))
    assert sizes == [(320, 240), (240, 320), (320, 240)]


def test_sound_that_comes_later_begins_another_file(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "show")
    recording.start()
    come_in(recording, range(45))
    wait_for(lambda: not recording._input._queue)
    both(recording, range(45, 90))
    recording.stop()
    one, two = (tmp_path / file.name for file in recording.files())
    assert sounds(one) == []
    assert sounds(two)
    assert len(pictures(one)) + len(pictures(two)) == 90


def test_a_hole_in_the_sound_is_silence(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "show")
    recording.start()
    both(recording, range(30))
    come_in(recording, range(30, 60))
    both(recording, range(60, 96))
    recording.stop()
    path = tmp_path / "show-input.mkv"
    origin = at(pictures(path)[0])
    assert clicks(path) == pytest.approx([origin + 3], abs=0.003)
    total = sum(frame.samples for frame in sounds(path))
    assert total == pytest.approx(3.2 * 48_000, abs=2_000)


def test_names_that_are_taken_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "show-input.mkv").write_bytes(b"mine")
    (tmp_path / "show-input-2.mkv.part").write_bytes(b"theirs")
    recording = Recording(tmp_path, "show")
    recording.start()
    come_in(recording, range(10))
    recording.stop()
    assert [file.name for file in recording.files()] == ["show-input-3.mkv"]
    assert (tmp_path / "show-input.mkv").read_bytes() == b"mine"
    assert (tmp_path / "show-input-2.mkv.part").read_bytes() == b"theirs"


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "a b", "x" * 300, "nul\0"])
def test_a_name_that_could_leave_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="a recording's name"):
        Recording(tmp_path, name)


def test_nothing_recorded_leaves_nothing(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "show")
    recording.start()
    recording.stop()
    assert recording.files() == []
    assert list(tmp_path.iterdir()) == []
    Recording(tmp_path, "show").stop()


def test_a_full_disk_is_told_once_and_what_was_written_can_be_played(tmp_path: Path) -> None:
    told = Told()
    recording = Recording(tmp_path, "show", tell=told)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    recording.start()
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
        number = 0
        while not told and number < 2000:
            come_in(recording, range(number, number + 10))
            number += 10
        come_in(recording, range(number, number + 10))
        recording.stop()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(told) == 1
    assert told[0].startswith("the input is not recorded any more: ")
    assert not recording.failed  # the output could still be
    (file,) = recording.files()
    assert file.bytes <= 60_000
    assert len(pictures(tmp_path / file.name)) > 10


def test_a_disk_that_is_nearly_full_ends_the_recording_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamfx.live.media.recording_track.RESERVE", 1 << 62)
    told = Told()
    recording = Recording(tmp_path, "show", tell=told)
    recording.start()
    come_in(recording, range(10))
    recording.stop()
    assert len(told) == 1
    assert "the disk is full" in told[0]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    told = Told()
    recording = Recording(tmp_path / "gone", "show", tell=told)
    recording.start()
    come_in(recording, range(5))
    recording.stop()
    assert len(told) == 1
    assert "no such file or directory" in told[0]
    assert recording.files() == []


def test_what_the_disk_is_too_slow_for_is_dropped_and_counted(tmp_path: Path) -> None:
    told, wanted = Told(), Told()
    recording = Recording(tmp_path, "show", tell=told, want_keyframe=lambda: wanted("key"))
    encoder = VideoEncoder("H264")
    for number in range(320):
        recording.send_video(encoder.encode(picture(number))[0])
    for number in range(20):
        recording.came_in(picture(number), Fraction(number, 30))
    before = len(wanted)
    recording.send_video(encoder.encode(picture(320), keyframe=True)[0])
    assert len(wanted) > before
    assert recording.dropped == 20 + 1 + 12
    assert told == [
        "the output comes too fast to be recorded: pictures are missing",
        "the input comes too fast to be recorded: pictures are missing",
    ]
    recording.start()
    wait_for(lambda: not recording._output._queue)
    for number in range(321, 330):
        recording.send_video(encoder.encode(picture(number))[0])  # they build on what is missing
    recording.send_video(encoder.encode(picture(330), keyframe=True)[0])
    recording.stop()
    assert recording.dropped == 20 + 1 + 12 + 9
    assert len(pictures(tmp_path / "show-output.mkv")) == 301


KILLED = """
import sys, time
from fractions import Fraction
from pathlib import Path
import av
from streamfx.live.media.recording import Recording
recording = Recording(Path(sys.argv[1]), "show")
recording.start()
frame = av.VideoFrame(320, 240, "yuv420p")
for plane in frame.planes:
    plane.update(bytes([128]) * plane.buffer_size)
sound = av.AudioFrame("s16", "stereo", 960)
sound.sample_rate = 48000
for plane in sound.planes:
    plane.update(bytes(plane.buffer_size))
for number in range(180):
    recording.heard(sound, Fraction(number * 2, 100))
    if number % 3 != 2:
        recording.came_in(frame, Fraction(number // 3 * 2 + number % 3, 33))
    while len(recording._input._queue) > 4:
        time.sleep(0.005)
print("written", flush=True)
time.sleep(60)
"""


def test_a_recording_that_a_crash_cut_off_is_found_and_can_be_played(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "written\n"
        assert recover(tmp_path) == []  # it is being written
        child.send_signal(signal.SIGKILL)
    (tmp_path / "empty.mkv.part").touch()
    assert [path.name for path in tmp_path.glob("*.mkv")] == []
    assert recover(tmp_path) == [tmp_path / "show-input-recovered.mkv"]
    assert recover(tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == ["show-input-recovered.mkv"]
    frames = pictures(tmp_path / "show-input-recovered.mkv")
    assert len(frames) > 70
    assert at(frames[-1]) > 2
    assert len(sounds(tmp_path / "show-input-recovered.mkv")) > 100


def test_a_fault_in_the_thread_is_told_and_leaves_no_open_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("no such stream")

    told = Told()
    recording = Recording(tmp_path, "show", tell=told)
    recording.start()
    come_in(recording, range(40))
    wait_for(lambda: any(tmp_path.iterdir()) and not recording._input._queue)
    monkeypatch.setattr(MatroskaFile, "write", broken)
    come_in(recording, range(40, 42))
    recording.stop()
    assert told == ["the input is not recorded any more: ValueError, see the server's log"]
    assert [file.name for file in recording.files()] == ["show-input.mkv"]
    assert [path.name for path in tmp_path.iterdir()] == ["show-input.mkv"]
