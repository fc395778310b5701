import pytest
import torch
from torch import nn

from streamfx.errors import ModelError
from streamfx.train.loop import Stage, Training

STAGE = Stage("try", 30, 0.05)


def learning(path, seed=0):
    torch.manual_seed(seed)
    training = Training(nn.Linear(3, 1), path, every=1e9)
    data = torch.randn(64, 3, generator=torch.Generator().manual_seed(1))
    wanted = data.sum(1, keepdim=True)

    def loss():
        return {"square": (training.network(data) - wanted).square().mean()}

    return training, loss


def test_a_network_learns(tmp_path):
    training, loss = learning(tmp_path / "it.pt")
    before = loss()["square"].item()
    training.run(0, Stage("try", 200, 0.05), loss)
    assert loss()["square"].item() < before / 20


def test_the_average_follows_the_network(tmp_path):
    training, loss = learning(tmp_path / "it.pt")
    training.run(0, Stage("try", 400, 0.05), loss)
    apart = training.average.weight - training.network.weight
    assert 0 < apart.abs().max().item() < 0.2


def test_a_training_that_stopped_goes_on_where_it_was(tmp_path):
    whole, loss = learning(tmp_path / "whole.pt")
    whole.run(0, STAGE, loss)

    class StoppedError(Exception):
        pass

    first, loss = learning(tmp_path / "parts.pt")
    count = 0

    def stopping():
        nonlocal count
        count += 1
        if count > 13:
            first.save()
            raise StoppedError
        return loss()

    with pytest.raises(StoppedError):
        first.run(0, STAGE, stopping)
    second, loss = learning(tmp_path / "parts.pt", seed=7)
    assert second.step == 13
    second.run(0, STAGE, loss)
    assert torch.allclose(second.network.weight, whole.network.weight, atol=1e-6)
    assert torch.allclose(second.average.weight, whole.average.weight, atol=1e-6)


def test_a_stage_that_is_done_is_not_done_again(tmp_path):
    training, loss = learning(tmp_path / "it.pt")
    training.run(0, STAGE, loss)
    again, _ = learning(tmp_path / "it.pt")
    again.run(0, STAGE, lambda: pytest.fail("it was done"))
    assert again.stage == 1


def test_more_can_be_kept_in_the_checkpoint(tmp_path):
    training, _ = learning(tmp_path / "it.pt")
    training.keep("teacher", {"weight": torch.ones(2)})
    training.save()
    again, _ = learning(tmp_path / "it.pt")
    assert torch.equal(again.kept("teacher")["weight"], torch.ones(2))
    assert again.kept("pupil") is None


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04 broken"])
def test_a_file_that_is_no_checkpoint_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "it.pt"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"it\.pt is no checkpoint") as caught:
        learning(path)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    Training(nn.Linear(5, 2), tmp_path / "it.pt").save()
    with pytest.raises(ModelError, match="move it away"):
        learning(tmp_path / "it.pt")
