"""Whatever is wrong with what is given: one clear line, the right exit code, no file left."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from streamfx.cli import main
from tests import clips
from tests.shell import PROGRAM, Ran, Run, streamfx

CLIP = "in.mp4"
Make = Callable[[Path], object]


@pytest.fixture
def run(place: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs a command in the folder, in this very process: that spares the imports."""
    monkeypatch.chdir(place)

    def call(*words: str | Path) -> Ran:
        capfd.readouterr()
        code = main([str(word) for word in words])
        out, err = capfd.readouterr()
        return Ran(code, out, err)

    return call


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a folder that holds a good clip and nothing else."""
    clip = clips.cached("bad-input.mp4", frames=25, audio=("aac",))
    (tmp_path / CLIP).write_bytes(clip.read_bytes())
    return tmp_path


def _nothing(place: Path) -> None:
    pass


def _empty(place: Path) -> None:
    (place / "bad.mp4").write_bytes(b"")


def _noise(place: Path) -> None:
    (place / "bad.mp4").write_bytes(bytes(range(256)) * 64)


def _text(place: Path) -> None:
    (place / "bad.mp4").write_text("This is no video.\n" * 50)


def _no_picture(place: Path) -> None:
    clips.silent_film(place / "bad.mp4")


def _folder(place: Path) -> None:
    (place / "bad.mp4").mkdir()


def _encrypted(place: Path) -> None:
    clips.make(
        place / "bad.mp4",
        container={
            "encryption_scheme": "cenc-aes-ctr",
            "encryption_key": clips.KEY,
            "encryption_kid": clips.KEY,
        },
    )


def _head_only(place: Path) -> None:
    data = (place / CLIP).read_bytes()
    (place / "bad.mp4").write_bytes(data[: len(data) // 2])


SOURCES: list[tuple[Make, str]] = [
    (_nothing, "no such file"),
    (_empty, "empty"),
    (_noise, "bad.mp4"),
    (_text, "bad.mp4"),
    (_no_picture, "no video"),
    (_folder, "bad.mp4"),
    (_encrypted, "encrypted"),
    (_head_only, "bad.mp4"),
]


def check_refused(ran: Ran, place: Path, codes: tuple[int, ...], words: str) -> None:
    """Check one line, the exit code, and that nothing new lies in the folder."""
    assert ran.code in codes, ran
    assert words in ran.refused(ran.code)
    assert not [entry for entry in place.iterdir() if entry.name.startswith("out")]


@pytest.mark.parametrize(("make", "words"), SOURCES, ids=[make.__name__ for make, _ in SOURCES])
def test_an_input_that_is_no_video_is_refused(
    run: Run, place: Path, make: Make, words: str
) -> None:
    make(place)
    ran = run("render", "identity", "bad.mp4", "out.mp4")
    check_refused(ran, place, (2,) if make in (_nothing, _empty, _no_picture) else (1, 2), words)


GRAPHS = {
    "unknown node": ('[[node]]\nuse = "adjust.nothing"\n', "no node 'adjust.nothing'"),
    "unknown key": ('[[node]]\nuse = "adjust.exposure"\nwiht = {}\n', "unknown key 'wiht'"),
    "unknown parameter": (
        '[[node]]\nuse = "adjust.exposure"\nwith = { stop = 1 }\n',
        "unknown parameter 'stop'; there are: stops",
    ),
    "value out of bounds": (
        '[[node]]\nuse = "adjust.exposure"\nwith = { stops = 99 }\n',
        "stops must be at most 6 EV, got 99",
    ),
    "value of another kind": (
        '[[node]]\nuse = "adjust.exposure"\nwith = { stops = "much" }\n',
        "stops must be a number, got 'much'",
    ),
    "unknown port": (
        '[[node]]\nuse = "adjust.exposure"\nfrom = { image = "input.video" }\n',
        "node 'exposure' has no port 'image'; it takes frame",
    ),
    "a port that nothing feeds": (
        '[[node]]\nuse = "matting.difference"\n',
        "takes frame, plate; nothing feeds 'plate'",
    ),
    "a cycle": (
        '[[node]]\nid = "a"\nuse = "adjust.exposure"\nfrom = "b"\n'
        '[[node]]\nid = "b"\nuse = "adjust.exposure"\nfrom = "a"\n',
        "fed by 'b', which is not above it",
    ),
    "a node that feeds itself": (
        '[[node]]\nid = "a"\nuse = "adjust.exposure"\nfrom = "a"\n',
        "fed by 'a', which is not above it",
    ),
    "two nodes of one name": (
        '[[node]]\nid = "a"\nuse = "adjust.exposure"\n[[node]]\nid = "a"\nuse = "compose.blur"\n',
        "two nodes are called 'a'",
    ),
    "no TOML": ("[[node\n", "not TOML"),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_that_cannot_run_is_refused(run: Run, place: Path, name: str) -> None:
    text, words = GRAPHS[name]
    (place / "g.toml").write_text(f'title = "G"\n{text}')
    ran = run("render", "g.toml", CLIP, "out.mp4")
    check_refused(ran, place, (2,), words)
    assert "g.toml" in ran.err or "node" in ran.err


OPTIONS: list[tuple[list[str], str]] = [
    (["no-such-preset", CLIP, "out.mp4"], "no preset 'no-such-preset'; there are: "),
    (["no-such.toml", CLIP, "out.mp4"], "no preset file no-such.toml"),
    (["identity", CLIP, "out.mp4", "--codec", "h266"], "no codec 'h266'; known: h264, hevc"),
    (["identity", CLIP, "out.mp4", "--codec", "prores"], "prores"),
    (["identity", CLIP, "out.mp4", "--quality", "999"], "999"),
    (["identity", CLIP, "out.mp4", "--encoder", "nvenc"], "nvenc"),
    (["identity", CLIP, "out.mp4", "--device", "cuda:99"], "no device cuda:99; there are: cpu"),
    (["identity", CLIP, "out.mp4", "--start", "99"], "start is 99 s, but the input lasts"),
    (["identity", CLIP, "out.mp4", "--start", "2", "--end", "1"], "end must be after start"),
    (["identity", CLIP, "out.xyz"], "extension '.xyz' says no format"),
    (["identity", CLIP, "out"], "no extension says no format"),
    (["identity", CLIP, "out/"], "is a folder"),
    (["identity", CLIP, "nowhere/out.mp4"], "nowhere does not exist"),
    (["identity", CLIP, CLIP], "is the input"),
    (["identity", CLIP, CLIP, "--overwrite"], "is the input"),
    (["identity", CLIP, f"./{CLIP}", "--overwrite"], "is the input"),
    (["on-stage", CLIP, "out.mp4"], "also needs -i background=PATH"),
    (["on-stage", CLIP, "out.mp4", "-i", "background=no.png"], "no.png: no such file"),
    (["brighten", CLIP, "out.mp4", "-p", "lift.stops=7"], "stops must be at most 6 EV, got 7"),
    (["brighten", CLIP, "out.mp4", "-p", "lift.stpos=1"], "has no parameter 'stpos'"),
    (["brighten", CLIP, "out.mp4", "-p", "lfit.stops=1"], "no node 'lfit'; there are: lift"),
]


@pytest.mark.parametrize(("words", "message"), OPTIONS, ids=lambda value: str(value)[:60])
def test_what_was_asked_wrongly_is_refused_and_the_input_is_left_alone(
    run: Run, place: Path, words: list[str], message: str
) -> None:
    before = (place / CLIP).read_bytes()
    if "nvenc" in words and run("doctor").out.count("encodes on the card"):
        pytest.skip("there is a card that encodes")
    check_refused(run("render", *words), place, (2,), message)
    assert (place / CLIP).read_bytes() == before
    assert [entry.name for entry in place.iterdir()] == [CLIP]


def test_an_odd_size_is_never_bent_silently(run: Run, place: Path) -> None:
    (place / "g.toml").write_text(
        'title = "Odd"\n[[node]]\nuse = "geometry.resize"\n'
        'with = { width = 33, height = 31, fit = "stretch" }\n'
    )
    ran = run("render", "g.toml", CLIP, "out.mp4")
    if ran.code == 0:
        with av.open(str(place / "out.mp4")) as file:
            video = file.streams.video[0]
            assert (video.width, video.height) == (33, 31)
        assert "4:4:4" in ran.out or "yuv444p" in ran.out
    else:
        check_refused(ran, place, (2,), "33x31")


def test_an_output_that_exists_stays_as_it_was(run: Run, place: Path) -> None:
    (place / "mine.mp4").write_text("mine")
    ran = run("render", "identity", CLIP, "mine.mp4")
    assert ran.refused(2) == "mine.mp4 exists already; give --overwrite to replace it"
    assert (place / "mine.mp4").read_text() == "mine"
    assert run("render", "identity", CLIP, "mine.mp4", "--overwrite").code == 0
    assert (place / "mine.mp4").stat().st_size > 1000


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="folders are not read-only there")
def test_a_folder_that_is_read_only_is_refused(run: Run, place: Path) -> None:
    folder = place / "locked"
    folder.mkdir()
    folder.chmod(0o555)
    if os.access(folder, os.W_OK):  # root may write anywhere: a folder of the kernel's refuses it
        folder = Path("/proc/self")
    ran = run("render", "identity", CLIP, folder / "out.mp4")
    assert "cannot write" in ran.refused(2)
    assert not (folder / "out.mp4").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a limit on the size of files")
def test_a_disk_that_fills_up_is_one_line_and_leaves_nothing(place: Path) -> None:
    def limit() -> None:
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then writing fails as on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    long = clips.cached("fills.mp4", frames=100, width=320, height=240)
    done = subprocess.run(
        [*PROGRAM, "render", "identity", str(long), "out.mkv", "--codec", "ffv1"],
        cwd=place,
        capture_output=True,
        text=True,
        preexec_fn=limit,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "out.mkv" in done.stderr
    assert [entry.name for entry in place.iterdir()] == [CLIP]


def test_a_real_process_says_the_same_with_the_same_exit_code(place: Path) -> None:
    ran = streamfx("render", "identity", "no.mp4", "out.mp4", cwd=place)
    check_refused(ran, place, (2,), "no.mp4: no such file")


def test_damage_in_the_middle_is_listed_and_the_rest_is_rendered(run: Run, place: Path) -> None:
    data = bytearray(clips.cached("damaged.mkv", frames=100, width=160, height=120).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 400] = bytes(400)
    (place / "bad.mkv").write_bytes(data)
    ran = run("render", "identity", "bad.mkv", "out.mkv")
    assert (ran.code, ran.err) == (0, "")
    assert "damaged" in ran.out
    assert (place / "out.mkv").exists()


def test_video_on_stdin_and_stdout_leaves_stdout_to_video(place: Path) -> None:
    made = subprocess.run(
        [*PROGRAM, "render", "identity", CLIP, "-", "--json"],
        cwd=place, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert made.returncode == 0
    assert made.stdout.startswith((b"YUV4MPEG2", b"nut/"))
    assert made.stderr.decode().splitlines()[-1].startswith('{"event": "done"')
    ran = streamfx("render", "identity", "-", "out.mkv", cwd=place, stdin=made.stdout)
    assert ran.code == 0
    assert "25 in, 25 out" in ran.out


def test_nothing_on_stdin_is_refused(place: Path) -> None:
    ran = streamfx("render", "identity", "-", "out.mp4", cwd=place, stdin=b"")
    check_refused(ran, place, (1, 2), "")
