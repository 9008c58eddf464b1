from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from torch import nn

from bedside.training.recipe import Recipe
from bedside.training.schedule import clip_gradients, make_optimiser, one_cycle, set_rate

RECIPE = Recipe(epochs=1, batch_size=4, learning_rate=0.01, weight_decay=0.3, patience=1)


def network() -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2, bias=False))


def filled(size: float) -> nn.Sequential:
    made = network()
    made(torch.ones(4, 3)).sum().backward()
    for parameter in made.parameters():
        assert parameter.grad is not None
        parameter.grad *= size
    return made


def gradients(made: nn.Module) -> list[torch.Tensor]:
    return [p.grad for p in made.parameters() if p.grad is not None]


def test_the_rate_warms_up_and_falls_to_nothing() -> None:
    rates = [one_cycle(step, 100) for step in range(100)]
    assert rates[:10] == pytest.approx([n / 10 for n in range(1, 11)])
    assert rates[10] == 1
    assert all(later < earlier for earlier, later in pairwise(rates[10:]))
    assert 0 < rates[-1] < 0.001
    assert all(math.isfinite(one_cycle(0, total)) for total in (1, 2, 3))


def test_matrices_alone_decay() -> None:
    made = network()
    optimiser = make_optimiser(made, RECIPE)
    decays = {id(p): g["weight_decay"] for g in optimiser.param_groups for p in g["params"]}
    assert [decays[id(p)] for p in made.parameters()] == [0.3, 0.0, 0.3]
    set_rate(optimiser, 0.5)
    assert {group["lr"] for group in optimiser.param_groups} == {0.5}


def test_what_must_not_learn_is_left_out() -> None:
    made = network()
    made[0].requires_grad_(False)
    optimiser = make_optimiser(made, RECIPE)
    assert [p.shape for g in optimiser.param_groups for p in g["params"]] == [(2, 5)]


def test_a_step_is_that_of_adamw_written_out() -> None:
    made, plain = filled(1), filled(1)
    optimiser = make_optimiser(made, RECIPE)
    decayed = [p for p in plain.parameters() if p.ndim == 2]
    other = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.3}, {"params": [plain[0].bias], "weight_decay": 0}],
        lr=0.01,
        foreach=False,
        fused=False,
    )
    for _ in range(3):
        optimiser.step()
        other.step()
    for own, wanted in zip(made.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(own, wanted)


@pytest.mark.parametrize("size", [0.001, 1.0, 300.0])
def test_gradients_are_clipped_as_torch_does(size: float) -> None:
    made, other = filled(size), filled(size)
    clip_gradients(list(made.parameters()))
    norm = torch.nn.utils.clip_grad_norm_(other.parameters(), 5.0)
    for own, wanted in zip(gradients(made), gradients(other), strict=True):
        assert torch.equal(own, wanted)
    total = math.sqrt(sum(float(g.square().sum()) for g in gradients(made)))
    assert total == pytest.approx(min(float(norm), 5.0), rel=1e-5)


def test_gradients_that_are_not_numbers_stay_seen() -> None:
    made = filled(math.nan)
    clip_gradients(list(made.parameters()))
    assert all(torch.isnan(g).all() for g in gradients(made))
