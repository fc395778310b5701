import torch

from streamfx.train.judge import Judge


def test_a_judge_learns_to_tell_flat_pictures_from_noise():
    torch.manual_seed(0)
    judge = Judge(width=4)
    optimiser = torch.optim.Adam(judge.parameters(), 3e-3)
    maker = torch.Generator().manual_seed(1)
    for _ in range(60):
        real = torch.rand(4, 3, 32, 32, generator=maker)
        made = torch.rand(4, 3, 1, 1, generator=maker).expand(4, 3, 32, 32)
        optimiser.zero_grad()
        mistakes = judge.mistakes(real, made)
        mistakes.backward()
        optimiser.step()
    assert mistakes.item() < 0.1
    assert judge.fooled(real).item() < judge.fooled(made).item() / 4


def test_what_was_made_gets_no_gradient_from_the_judges_own_lesson():
    judge = Judge(width=4)
    made = torch.rand(1, 3, 32, 32, requires_grad=True)
    judge.mistakes(torch.rand(1, 3, 32, 32), made).backward()
    assert made.grad is None
    judge.fooled(made).backward()
    assert made.grad is not None
