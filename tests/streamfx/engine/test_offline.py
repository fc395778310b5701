"""Files through graphs into files, on small clips drawn here."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import pytest
import torch

from streamfx import Context, Frame, Held, Node, Sound, Span, VideoInfo
from streamfx.engine import offline
from streamfx.engine.report import Progress
from streamfx.engine.settings import RunSettings
from streamfx.errors import GraphError, MediaError, NodeError, SettingError, SourceError, Stopped
from streamfx.graph.build import Pipeline, Step, build
from streamfx.graph.spec import GraphSpec
from tests import clips

LOSSLESS = RunSettings(codec="ffv1")
IDENTITY = build(GraphSpec("identity"), {})


class Inverts(Node):
    stateless = True

    def process(self, frame: Frame) -> Frame:
        return frame.showing(1 - frame.image)


class Doubles(Node):
    def plan(self, video: VideoInfo) -> VideoInfo:
        return video.faster(2, held_back=1)

    def open(self, ctx: Context) -> None:
        self._last: Frame | None = None

    def process(self, frame: Frame) -> Iterator[Frame]:
        if self._last is not None:
            yield from self._halves(self._last)
        self._last = frame

    def flush(self) -> Iterator[Frame]:
        if self._last is not None:
            yield from self._halves(self._last)

    def _halves(self, frame: Frame) -> Iterator[Frame]:
        half = frame.duration / 2
        yield frame.at(frame.pts, half)
        yield frame.at(frame.pts + half, half)


class Remembers(Node):
    """Adds up the last three frames: right at the start of a range only with its handles."""

    past = 2

    def open(self, ctx: Context) -> None:
        self._seen: list[torch.Tensor] = []

    def process(self, frame: Frame) -> Frame:
        self._seen = [*self._seen, frame.image][-3:]
        return frame.showing(torch.stack(self._seen).mean(0))


class Fails(Node):
    def process(self, frame: Frame) -> Frame:
        if frame.pts >= Fraction(2, 5):
            raise ValueError("boom")
        return frame


class Takes(Node):
    def process(self, a: Frame, b: Held[Frame]) -> Frame:
        return a.showing(b.image[:, : a.height, : a.width])


class Levels(Node):
    """Paints each frame with the loudness under it."""

    def process(self, frame: Frame, speech: Span[Sound]) -> Frame:
        loud = speech.samples.abs().max() if speech.samples.shape[1] else torch.zeros(())
        return frame.showing(torch.full_like(frame.image, float(loud)))


def one(node: Node, **wires: str) -> Pipeline:
    port = next(iter(node.inputs))
    feeds = {port: "input.video", **wires}
    kinds = {feed: node.inputs[name].type for name, feed in feeds.items()}
    return Pipeline("one", (Step("it", "it", node, feeds),), {"video": "it.out"}, kinds)


def frames_of(path: Path) -> list[tuple[Fraction, str]]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        return [
            (frame.pts * stream.time_base, hashlib.sha1(frame.to_ndarray().tobytes()).hexdigest())
            for frame in container.decode(stream)
            if frame.pts is not None
        ]


def sound_of(path: Path) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as container:
        return [
            (packet.pts * packet.time_base, bytes(packet))
            for packet in container.demux(audio=0)
            if packet.pts is not None
        ]


@pytest.fixture
def clip() -> Path:
    return clips.cached("clip.mkv", frames=50, codec="ffv1", audio=("aac",))


def test_a_graph_without_nodes_leaves_every_picture_and_sound_as_it_was(
    clip: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out.mkv"
    report = offline.render(IDENTITY, str(clip), str(target), settings=LOSSLESS)
    assert frames_of(target) == frames_of(clip)
    assert sound_of(target) == sound_of(clip)
    assert (report.frames_in, report.frames_out) == (50, 50)
    assert (report.sync.first, report.sync.last, report.sync.duration) == (0, 0, 0)
    assert json.loads(json.dumps(report.as_dict()))["frames_out"] == 50


def test_touching_every_pixel_twice_gives_the_same_pictures(clip: Path, tmp_path: Path) -> None:
    steps = (
        Step("a", "inverts", Inverts(), {"frame": "input.video"}),
        Step("b", "inverts", Inverts(), {"frame": "a.out"}),
    )
    pipeline = Pipeline("twice", steps, {"video": "b.out"}, {"input.video": Frame})
    target = tmp_path / "out.mkv"
    offline.render(pipeline, str(clip), str(target), settings=LOSSLESS)
    assert frames_of(target) == frames_of(clip)


def test_what_is_held_back_comes_out_at_the_end(clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.mkv"
    report = offline.render(one(Doubles()), str(clip), str(target), settings=LOSSLESS)
    assert report.frames_out == 100
    assert report.sync.duration == 0
    assert [pts for pts, _ in frames_of(target)] == [Fraction(i, 50) for i in range(100)]


@pytest.mark.parametrize("node", [None, Remembers(), Doubles()], ids=["none", "past", "doubles"])
def test_a_range_is_the_same_stretch_of_the_whole(
    node: Node | None, clip: Path, tmp_path: Path
) -> None:
    pipeline = one(node) if node else IDENTITY
    whole, part = tmp_path / "whole.mkv", tmp_path / "part.mkv"
    offline.render(pipeline, str(clip), str(whole), settings=LOSSLESS)
    start, end = Fraction(17, 25), Fraction(31, 25)
    settings = RunSettings(codec="ffv1", start=start, end=end)
    offline.render(pipeline, str(clip), str(part), settings=settings)
    wanted = [(pts - start, look) for pts, look in frames_of(whole) if start <= pts < end]
    assert frames_of(part) == wanted


def test_the_sound_of_a_range_is_complete(clip: Path, tmp_path: Path) -> None:
    part = tmp_path / "part.mkv"
    settings = RunSettings(codec="ffv1", start=Fraction(1, 2), end=Fraction(3, 2))
    report = offline.render(IDENTITY, str(clip), str(part), settings=settings)
    packets = sound_of(part)
    assert packets[0][0] <= Fraction(0)
    assert packets[-1][0] + Fraction(1024, 48000) >= Fraction(999, 1000)
    assert report.sync.last is not None
    assert abs(report.sync.last) < Fraction(1, 25)


def beside(clip: Path, target: Path, other: str, settings: RunSettings = LOSSLESS) -> list[str]:
    """Return the looks of what stood beside each frame."""
    pipeline = one(Takes(), b="input.other")
    report = offline.render(
        pipeline, str(clip), str(target), inputs={"other": other}, settings=settings
    )
    assert report.frames_out == len(frames_of(target))
    return [look for _, look in frames_of(target)]


@pytest.fixture(scope="module")
def short() -> Path:
    """Return ten pictures at ten frames a second."""
    return clips.cached("short.mkv", frames=10, codec="ffv1", rate=Fraction(10))


def test_a_further_input_is_met_by_time_and_begins_again_when_it_ends(
    clip: Path, short: Path, tmp_path: Path
) -> None:
    looks = beside(clip, tmp_path / "out.mkv", str(short))
    own = [look for _, look in frames_of(short)]
    assert looks == [own[int(i / 2.5) % 10] for i in range(50)]


def test_one_that_is_wanted_once_holds_its_last_picture(
    clip: Path, short: Path, tmp_path: Path
) -> None:
    own = [look for _, look in frames_of(short)]
    looks = beside(clip, tmp_path / "out.mkv", f"{short}#once")
    assert looks == [own[min(int(i / 2.5), 9)] for i in range(50)]


def test_of_an_excerpt_only_that_part_goes_round(clip: Path, short: Path, tmp_path: Path) -> None:
    own = [look for _, look in frames_of(short)]
    looks = beside(clip, tmp_path / "out.mkv", f"{short}#t=0.25,0.7")
    shown = [Fraction(1, 4) + Fraction(i, 25) % Fraction(45, 100) for i in range(50)]
    assert looks == [own[int(at * 10)] for at in shown]
    looks = beside(clip, tmp_path / "held.mkv", f"{short}#t=0.25,0.7&once")
    assert looks == [own[min(int((Fraction(1, 4) + Fraction(i, 25)) * 10), 6)] for i in range(50)]


@pytest.mark.parametrize("part", ["", "#t=0.3", "#t=0.1,0.75", "#once"])
@pytest.mark.parametrize("start", [Fraction(1, 25), Fraction(22, 25), Fraction(43, 25)])
def test_a_range_meets_the_same_pictures_of_a_loop_as_the_whole(
    clip: Path, short: Path, tmp_path: Path, part: str, start: Fraction
) -> None:
    whole = beside(clip, tmp_path / "whole.mkv", f"{short}{part}")
    settings = RunSettings(codec="ffv1", start=start)
    ranged = beside(clip, tmp_path / "part.mkv", f"{short}{part}", settings)
    assert ranged == whole[int(start * 25) :]


def test_a_loop_may_go_through_a_node_before_it_is_held(
    clip: Path, short: Path, tmp_path: Path
) -> None:
    steps = (
        Step("turn", "turn", Inverts(), {"frame": "input.other"}),
        Step("it", "it", Takes(), {"a": "input.video", "b": "turn.out"}),
    )
    kinds: dict[str, type] = {"input.video": Frame, "input.other": Frame}
    target = tmp_path / "out.mkv"
    offline.render(
        Pipeline("two", steps, {"video": "it.out"}, kinds), str(clip), str(target),
        inputs={"other": str(short)}, settings=LOSSLESS,
    )  # fmt: skip
    looks = [look for _, look in frames_of(target)]
    assert len(looks) == 50
    assert looks[:25] == looks[25:]


def test_what_drives_an_output_comes_once(clip: Path, short: Path, tmp_path: Path) -> None:
    steps = (Step("it", "it", Takes(), {"a": "input.other", "b": "input.video"}),)
    kinds: dict[str, type] = {"input.video": Frame, "input.other": Frame}
    report = offline.render(
        Pipeline("turned", steps, {"video": "it.out"}, kinds), str(clip),
        str(tmp_path / "out.mkv"), inputs={"other": str(short)}, settings=LOSSLESS,
    )  # fmt: skip
    assert report.frames_out == 10


def test_a_report_says_what_begins_again(clip: Path, short: Path, tmp_path: Path) -> None:
    pipeline = one(Takes(), b="input.other")
    for part, said in (("", True), ("#once", False)):
        report = offline.render(
            pipeline, str(clip), str(tmp_path / f"{said}.mkv"),
            inputs={"other": f"{short}{part}"}, settings=LOSSLESS,
        )  # fmt: skip
        assert any("other lasts" in note for note in report.notes) is said


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("#t=2,1", "the end must come after the start"),
        ("#t=5", "lies after the end"),
        ("#t=", "after # come"),
        ("#loop", "after # come"),
        ("#t=a", "a time is"),
    ],
)
def test_an_excerpt_that_is_none_is_refused(
    clip: Path, short: Path, tmp_path: Path, part: str, message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        beside(clip, tmp_path / "out.mkv", f"{short}{part}")


def test_a_picture_has_no_excerpt(clip: Path, tmp_path: Path) -> None:
    picture = clips.make(tmp_path / "a.png", frames=1, codec="png", pix_fmt="rgb24")
    with pytest.raises(SettingError, match="one picture"):
        beside(clip, tmp_path / "out.mkv", f"{picture}#t=1,2")
    assert len(set(beside(clip, tmp_path / "out.mkv", str(picture)))) == 1


def test_both_inputs_begin_together_wherever_their_clocks_stand(tmp_path: Path) -> None:
    late = clips.cached("late.mkv", codec="ffv1", pts=[100 + i for i in range(10)])
    other = clips.cached("other.mkv", codec="ffv1", frames=10)
    target = tmp_path / "out.mkv"
    offline.render(
        one(Takes(), b="input.other"), str(late), str(target),
        inputs={"other": str(other)}, settings=LOSSLESS,
    )  # fmt: skip
    assert [look for _, look in frames_of(target)] == [look for _, look in frames_of(other)]


def test_a_node_hears_the_sound_under_its_frame(tmp_path: Path) -> None:
    quiet_then_loud = clips.cached("voice.mkv", frames=25, codec="ffv1", audio=("flac",))
    target = tmp_path / "out.mkv"
    pipeline = one(Levels(), speech="input.audio")
    report = offline.render(pipeline, str(quiet_then_loud), str(target), settings=LOSSLESS)
    assert report.frames_out == 25
    with av.open(str(target)) as container:
        means = [float(f.to_ndarray(format="gray").mean()) for f in container.decode(video=0)]
    clicks = [i for i, level in enumerate(means) if level > 150]
    assert clicks == [0, 12]


def test_the_sound_of_another_file_can_be_the_output(clip: Path, tmp_path: Path) -> None:
    voice = clips.cached("voice.mkv", frames=25, codec="ffv1", audio=("flac",))
    pipeline = Pipeline(
        "dub", (), {"video": "input.video", "audio": "input.voice.audio"},
        {"input.video": Frame, "input.voice.audio": Sound},
    )  # fmt: skip
    target = tmp_path / "out.mkv"
    offline.render(
        pipeline, str(clip), str(target), inputs={"voice": str(voice)}, settings=LOSSLESS
    )
    with av.open(str(target)) as made, av.open(str(voice)) as source:
        assert len(made.streams.audio) == 1
        samples = sum(frame.samples for frame in made.decode(audio=0))
        assert abs(samples - sum(f.samples for f in source.decode(audio=0))) <= 2048


def test_further_outputs_are_files_of_their_own(clip: Path, tmp_path: Path) -> None:
    pipeline = Pipeline(
        "two", one(Inverts()).steps, {"video": "input.video", "negative": "it.out"},
        {"input.video": Frame},
    )  # fmt: skip
    target, negative = tmp_path / "out.mkv", tmp_path / "negative.mkv"
    offline.render(
        pipeline, str(clip), str(target), outputs={"negative": str(negative)}, settings=LOSSLESS
    )
    assert frames_of(target) == frames_of(clip)
    assert len(frames_of(negative)) == 50
    with av.open(str(negative)) as container:
        assert not container.streams.audio


def test_a_failing_node_leaves_nothing_and_is_named(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(NodeError, match=r"node 'it' failed at 0\.400 s: ValueError: boom"):
        offline.render(one(Fails()), str(clip), str(tmp_path / "out.mkv"))
    assert list(tmp_path.iterdir()) == []


def test_stopping_leaves_a_whole_file_of_what_was_done(clip: Path, tmp_path: Path) -> None:
    stop = threading.Event()

    class Stops(Node):
        def process(self, frame: Frame) -> Frame:
            if frame.props.number == 20:
                stop.set()
            return frame

    target = tmp_path / "out.mkv"
    with pytest.raises(Stopped, match="stopped at") as caught:
        offline.render(one(Stops()), str(clip), str(target), settings=LOSSLESS, stop=stop)
    made = frames_of(target)
    assert 0 < len(made) < 50
    assert made == frames_of(clip)[: len(made)]
    assert caught.value.report is not None
    assert list(tmp_path.iterdir()) == [target]


def test_a_source_that_breaks_off_keeps_its_part_and_says_so(tmp_path: Path) -> None:
    whole = clips.cached(
        "whole.mp4", frames=200, audio=("aac",), container={"movflags": "faststart"}
    )
    cut = tmp_path / "cut.mp4"
    data = whole.read_bytes()
    cut.write_bytes(data[: len(data) * 2 // 3])
    target = tmp_path / "out.mkv"
    with pytest.raises(MediaError, match=r"cut\.mp4 .*what could be rendered is kept as .*\.part"):
        offline.render(IDENTITY, str(cut), str(target))
    assert not target.exists()
    assert 20 < len(frames_of(Path(f"{target}.part"))) < 200


def test_progress_grows_to_the_end(clip: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    offline.render(IDENTITY, str(clip), str(tmp_path / "out.mkv"), progress=seen.append)
    assert seen[-1].frames_in == seen[-1].frames_out == 50
    done = [progress.done for progress in seen]
    assert done[-1] is not None
    assert done[-1] > 0.9


def test_streaming_yields_the_same_frames_as_rendering(clip: Path) -> None:
    frames = list(offline.stream(one(Doubles()), str(clip)))
    assert [frame.pts for frame in frames] == [Fraction(i, 50) for i in range(100)]


def test_a_stream_can_be_left_early(clip: Path) -> None:
    stream = offline.stream(IDENTITY, str(clip))
    assert next(stream).pts == 0
    assert isinstance(stream, Iterator)
    stream.close()  # type: ignore[attr-defined]  # it is a generator
    assert not [t for t in threading.enumerate() if t.name.startswith("decode")]


@pytest.mark.parametrize(
    ("inputs", "complaint"),
    [
        ({}, "the graph needs an input 'other': give it with -i other=FILE"),
        ({"other": "x", "more": "y"}, "the graph has no input 'more'; its further inputs: other"),
    ],
)
def test_inputs_are_checked_by_name(
    inputs: dict[str, str], complaint: str, clip: Path, tmp_path: Path
) -> None:
    with pytest.raises(GraphError, match=complaint):
        offline.render(
            one(Takes(), b="input.other"), str(clip), str(tmp_path / "o.mkv"), inputs=inputs
        )


def test_settings_are_checked_before_a_frame(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="end must be after start"):
        RunSettings(start=Fraction(3), end=Fraction(2))
    with pytest.raises(SettingError, match="no device cuda:7|device must be"):
        offline.render(
            IDENTITY, str(clip), str(tmp_path / "o.mkv"), settings=RunSettings(device="cuda:7")
        )
    with pytest.raises(SettingError, match="start is 9 s, but the input lasts"):
        offline.render(
            IDENTITY, str(clip), str(tmp_path / "o.mkv"), settings=RunSettings(start=Fraction(9))
        )
    assert list(tmp_path.iterdir()) == []


def test_a_graph_that_listens_wants_sound(tmp_path: Path) -> None:
    silent = clips.cached("silent.mkv", frames=5, codec="ffv1")
    with pytest.raises(SourceError, match="has no sound, but the graph listens to input.audio"):
        offline.render(one(Levels(), speech="input.audio"), str(silent), str(tmp_path / "out.mkv"))


def test_waiting_for_the_encoder_is_no_computing(clip: Path, tmp_path: Path) -> None:
    report = offline.render(IDENTITY, str(clip), str(tmp_path / "out.mkv"), settings=LOSSLESS)
    assert set(report.stages) == {"decode", "compute", "encode"}
    assert 0 <= report.stages["compute"] < report.elapsed
    assert report.stages["encode"] > 0


class Slows(Node):
    """Shows everything four times as long."""

    stateless = True

    def plan(self, video: VideoInfo) -> VideoInfo:
        return video.retimed(Fraction(1, 4))

    def process(self, frame: Frame) -> Frame:
        return frame.at(frame.pts * 4, frame.duration * 4)


def test_a_slower_picture_takes_its_sound_with_it(clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.mkv"
    report = offline.render(one(Slows()), str(clip), str(target), settings=LOSSLESS)
    assert [at for at, _ in frames_of(target)] == [at * 4 for at, _ in frames_of(clip)]
    assert [look for _, look in frames_of(target)] == [look for _, look in frames_of(clip)]
    assert report.video_out.duration == 8
    assert report.sync.duration == 0
    assert report.sync.last is not None and abs(report.sync.last) < Fraction(1, 10)


def test_a_range_of_a_slower_picture_is_counted_in_the_source(clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.mkv"
    settings = RunSettings(codec="ffv1", start=Fraction(1, 2), end=Fraction(1))
    report = offline.render(one(Slows()), str(clip), str(target), settings=settings)
    shown = [at for at, _ in frames_of(clip) if Fraction(12, 25) <= at < 1]
    assert report.frames_out == report.frames_in == len(shown)
    assert report.video_out.first == 0
    assert abs(report.video_out.last - 2) < Fraction(1, 500)
    with av.open(str(target)) as file:
        samples = sum(frame.samples for frame in file.decode(audio=0))
    assert abs(samples - 2 * 48000) < 4 * 1024  # the first packet only sets the decoder going


def test_a_slower_picture_without_sound_needs_none(tmp_path: Path) -> None:
    silent = clips.cached("silent.mkv", frames=5, codec="ffv1")
    report = offline.render(one(Slows()), str(silent), str(tmp_path / "out.mkv"))
    assert (report.frames_out, report.sync.first) == (5, None)


def test_sound_that_the_graph_names_is_stretched_too(clip: Path, tmp_path: Path) -> None:
    slow = one(Slows())
    outputs = {"video": "it.out", "audio": "input.audio"}
    kinds = {"input.video": Frame, "input.audio": Sound}
    target = tmp_path / "out.mkv"
    offline.render(
        Pipeline("slow", slow.steps, outputs, kinds), str(clip), str(target), settings=LOSSLESS
    )
    with av.open(str(target)) as made, av.open(str(clip)) as source:
        samples = [sum(f.samples for f in x.decode(audio=0)) for x in (made, source)]
    assert abs(samples[0] - 4 * samples[1]) <= 4 * 1024


class Says(Node):
    """Says at its end what came of it."""

    def process(self, frame: Frame) -> Frame:
        return frame

    def close(self) -> None:
        logging.getLogger("streamfx.nodes.test").warning("that was all")


def test_what_a_node_says_at_its_end_is_reported(clip: Path, tmp_path: Path) -> None:
    report = offline.render(one(Says()), str(clip), str(tmp_path / "out.mkv"), settings=LOSSLESS)
    assert "that was all" in report.notes
