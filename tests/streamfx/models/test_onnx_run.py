from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
import torch

from streamfx.errors import ModelError
from streamfx.models.onnx import opened
from streamfx.models.onnx_run import OnnxRun
from tests.networks import FLOAT, HALF, plain, recurrent

CPU = torch.device("cpu")
STATES = [(f"r{i}i", f"r{i}o") for i in (1, 2, 3, 4)]


def pictures(count: int, high: int = 6, wide: int = 8) -> list[torch.Tensor]:
    maker = torch.Generator().manual_seed(1)
    return [torch.rand(1, 3, high, wide, generator=maker) for _ in range(count)]


def feeds(image: torch.Tensor, ratio: float = 1.0) -> dict[str, torch.Tensor]:
    return {"src": image, "downsample_ratio": torch.tensor([ratio])}


def reference(path: Path, images: list[torch.Tensor], number: type) -> list[list[np.ndarray]]:
    """Return ``pha`` and ``fgr`` of each image by plain calls of the runtime, states by hand."""
    session = opened(path, CPU).session
    past: list[Any] = [np.zeros((1, 1, 1, 1), number)] * 4
    made = []
    for image in images:
        fed: dict[str, Any] = {f"r{i + 1}i": value for i, value in enumerate(past)}
        fed |= {"src": image.numpy().astype(number), "downsample_ratio": np.ones(1, np.float32)}
        names = ["pha", "fgr", "r1o", "r2o", "r3o", "r4o"]
        pha, fgr, *past = session.run(names, fed)
        made.append([pha, fgr])
    return made


@pytest.mark.parametrize(("kind", "number"), [(FLOAT, np.float32), (HALF, np.float16)])
def test_what_comes_out_is_what_the_runtime_gives(tmp_path: Path, kind: int, number: type) -> None:
    path, images = recurrent(tmp_path / "a.onnx", kind), pictures(4)
    run = OnnxRun(opened(path, CPU), STATES)
    for image, wanted in zip(images, reference(path, images, number), strict=True):
        made = run(feeds(image), ["pha", "fgr"])
        for ours, theirs in zip(made, wanted, strict=True):
            assert ours.numpy().dtype == theirs.dtype == number
            assert np.array_equal(ours.numpy(), theirs)


def test_states_go_from_frame_to_frame_until_a_reset(tmp_path: Path) -> None:
    run = OnnxRun(opened(recurrent(tmp_path / "a.onnx"), CPU), STATES)
    (image,) = pictures(1)
    counts = [float(run(feeds(image), ["r2o"])[0]) for _ in range(3)]
    run.reset()
    assert [*counts, float(run(feeds(image), ["r2o"])[0])] == [1, 2, 3, 1]


def test_streams_that_share_a_network_have_states_of_their_own(tmp_path: Path) -> None:
    session = opened(recurrent(tmp_path / "a.onnx"), CPU)
    images, made = pictures(40), {}
    alone = [OnnxRun(session, STATES)]
    wanted = [alone[0](feeds(image), ["pha"])[0].clone() for image in images]

    def stream(number: int) -> None:
        run = OnnxRun(session, STATES)
        made[number] = [run(feeds(image), ["pha"])[0].clone() for image in images]

    threads = [Thread(target=stream, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    for got in made.values():
        assert all(a.equal(b) for a, b in zip(got, wanted, strict=True))


class Spy:
    """A session whose bindings note what goes in, and what comes out."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.bound: dict[str, int] = {}
        self.values: dict[str, object] = {}
        self.outputs: list[Any] = []

    def io_binding(self) -> Any:
        binding = self._session.io_binding()
        bind, bind_value, outputs = (
            binding.bind_input,
            binding.bind_ortvalue_input,
            binding.get_outputs,
        )

        def bind_input(name, *rest):
            self.bound[name] = rest[-1]  # the address
            bind(name, *rest)

        def bind_ortvalue_input(name, value):
            self.values[name] = value
            bind_value(name, value)

        def get_outputs():
            self.outputs = outputs()
            return self.outputs

        binding.bind_input = bind_input
        binding.bind_ortvalue_input = bind_ortvalue_input
        binding.get_outputs = get_outputs
        return binding

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


def test_nothing_is_copied_on_the_way_in_or_out(tmp_path: Path) -> None:
    session = opened(recurrent(tmp_path / "a.onnx"), CPU)
    spy = session.session = Spy(session.session)
    run = OnnxRun(session, STATES)
    rgba = torch.rand(4, 6, 8)
    picture = rgba[:3][None]  # as a frame with alpha has it
    pha, fgr = run(feeds(picture), ["pha", "fgr"])
    assert spy.bound["src"] == rgba.data_ptr()
    assert [pha.data_ptr(), fgr.data_ptr()] == [value.data_ptr() for value in spy.outputs[:2]]
    before = dict(zip([name for name, _ in STATES], spy.outputs[2:], strict=True))
    run(feeds(picture), ["pha"])
    assert spy.values == before  # the very values of the frame before


def test_what_came_out_stays_while_the_stream_goes_on(tmp_path: Path) -> None:
    run = OnnxRun(opened(recurrent(tmp_path / "a.onnx"), CPU), STATES)
    kept, copies = [], []
    for image in pictures(20):
        kept.append(run(feeds(image), ["pha"])[0])
        copies.append(kept[-1].clone())
    del run
    assert all(a.equal(b) for a, b in zip(kept, copies, strict=True))


def test_other_numbers_and_strides_are_converted(tmp_path: Path) -> None:
    run = OnnxRun(opened(recurrent(tmp_path / "a.onnx"), CPU), STATES)
    (image,) = pictures(1)
    (plain_,) = run(feeds(image), ["fgr"])
    wanted = plain_.clone()
    run.reset()
    strided = image.double().permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)
    (again,) = run(feeds(strided), ["fgr"])
    assert again.equal(wanted)


def test_a_picture_of_a_wrong_shape_is_one_line_and_the_next_one_works(tmp_path: Path) -> None:
    run = OnnxRun(opened(plain(tmp_path / "a.onnx", (8, 8)), CPU))
    with pytest.raises(ModelError, match=r"^a.onnx failed: [^\n]*2 Got: 6 Expected: 8[^\n]*$"):
        run({"input": torch.rand(1, 3, 6, 8)}, ["output"])
    (made,) = run({"input": torch.rand(1, 3, 8, 8)}, ["output"])
    assert made.shape == (1, 1, 8, 8)


def test_a_run_lives_on_a_gpu_where_there_is_a_runtime_for_it(
    tmp_path: Path, device: torch.device
) -> None:
    path, images = recurrent(tmp_path / "a.onnx"), pictures(3)
    run = OnnxRun(opened(path, device), STATES)
    for image, (wanted, _) in zip(images, reference(path, images, np.float32), strict=True):
        (made,) = run(feeds(image.to(device)), ["pha"])
        assert made.device.type == run.session.device.type
        torch.testing.assert_close(made.cpu(), torch.from_numpy(wanted))
