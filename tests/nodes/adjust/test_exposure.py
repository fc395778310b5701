import pytest
import torch

from streamfx import Colour, Frame, ParamError
from streamfx.colour import to_linear
from streamfx.nodes.adjust import Exposure
from streamfx.testing import clip, context, noise, run

TRANSFERS = ["bt709", "bt470bg", "iec61966-2-1", "smpte2084", "arib-std-b67", "linear"]


def lit(stops: float, frame: Frame) -> Frame:
    (out,) = run(Exposure(stops=stops), context(device=frame.image.device), frame=[frame])
    assert isinstance(out, Frame)
    return out


def in_transfer(frame: Frame, transfer: str) -> Frame:
    return Frame(frame.image, frame.pts, frame.duration, Colour(transfer=transfer))


@pytest.mark.parametrize("stops", [-2.0, -0.5, 0.5, 1.0])
@pytest.mark.parametrize("transfer", TRANSFERS)
def test_each_stop_doubles_the_light(transfer: str, stops: float, device: torch.device) -> None:
    (frame,) = noise(1, device=device)
    frame = in_transfer(frame.showing(frame.image * 0.4), transfer)
    out = lit(stops, frame)
    expected = to_linear(frame.image, transfer) * 2**stops
    shown = out.image < 1
    assert shown.float().mean() > 0.5
    torch.testing.assert_close(
        to_linear(out.image, transfer)[shown], expected[shown], atol=1e-5, rtol=1e-3
    )


def test_a_stop_of_video_is_a_factor_of_the_code_value() -> None:
    (frame,) = clip(0.5)
    assert lit(1, frame).image.flatten()[0].item() == pytest.approx(0.5 * 2 ** (1 / 2.4))


@pytest.mark.parametrize("transfer", TRANSFERS)
def test_light_clips_at_white(transfer: str) -> None:
    out = lit(6, in_transfer(clip(0.9)[0], transfer))
    assert out.image.eq(1).all()


@pytest.mark.parametrize("transfer", ["bt709", "iec61966-2-1"])
def test_alpha_stays(transfer: str) -> None:
    (frame,) = clip(0.2, alpha=0.3)
    assert lit(2, in_transfer(frame, transfer)).image[3].eq(frame.image[3]).all()


def test_no_stops_leave_the_frame_itself() -> None:
    (frame,) = clip(0.5)
    assert lit(0, frame) is frame


def test_stops_may_change_while_it_runs() -> None:
    node = Exposure()
    (frame,) = clip(0.25)
    node.stops = 1.0
    assert node.process(frame).image.mean() > 0.25
    with pytest.raises(ParamError, match="stops must be at most 6 EV, got 7"):
        node.stops = 7.0
