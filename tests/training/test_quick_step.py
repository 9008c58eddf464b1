from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from bedside.training.checkpoint import flatten_optimiser, restore_optimiser
from bedside.training.quick_step import QuickStep
from bedside.training.recipe import Recipe
from bedside.training.schedule import make_optimiser, set_rate

RECIPE = Recipe(epochs=1, batch_size=4, learning_rate=0.01, weight_decay=0.3, patience=1)
RATES = (0.01, 0.03, 0.02, 0.005)


def network() -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))


def learn(made: nn.Sequential, turn: int) -> None:
    made.zero_grad()
    made(torch.full((4, 3), 1.0 + turn)).square().sum().backward()


def same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return all(torch.equal(own, wanted) for own, wanted in pairs)


def test_steps_are_those_of_the_optimiser_to_the_last_digit() -> None:
    made, plain = network(), network()
    quick, other = QuickStep(make_optimiser(made, RECIPE)), make_optimiser(plain, RECIPE)
    for turn, rate in enumerate(RATES):
        learn(made, turn), learn(plain, turn)
        quick(rate)
        set_rate(other, rate)
        other.step()
        assert same(made, plain), turn
    own, wanted = flatten_optimiser(quick.optimiser), flatten_optimiser(other)
    assert own.keys() == wanted.keys()
    assert all(torch.equal(own[name], wanted[name]) for name in own)
    assert {float(own[name]) for name in own if name.endswith(".step")} == {len(RATES)}


def test_only_the_first_step_asks_the_optimiser(monkeypatch: pytest.MonkeyPatch) -> None:
    made = network()
    quick, asked = QuickStep(make_optimiser(made, RECIPE)), []
    plain = quick.optimiser.step
    monkeypatch.setattr(quick.optimiser, "step", lambda: asked.append(1) or plain())
    for turn, rate in enumerate(RATES):
        learn(made, turn)
        quick(rate)
    assert len(asked) == 1


def test_a_state_restored_between_two_steps_is_gone_on_from() -> None:
    made = network()
    quick = QuickStep(make_optimiser(made, RECIPE))
    learn(made, 0)
    quick(0.01)
    weights, state = copy.deepcopy(made.state_dict()), flatten_optimiser(quick.optimiser)
    state = {name: tensor.clone() for name, tensor in state.items()}
    found = []
    for _ in range(2):
        made.load_state_dict(weights)
        restore_optimiser(quick.optimiser, {n: t.clone() for n, t in state.items()})
        for turn in (1, 2):
            learn(made, turn)
            quick(0.02)
        found.append(copy.deepcopy(made))
        assert float(flatten_optimiser(quick.optimiser)["0.step"]) == 3
    assert same(*found)


@pytest.mark.parametrize("missing", [0, 2])
def test_a_weight_without_gradient_stays_and_is_not_counted(missing: int) -> None:
    made, plain = network(), network()
    quick, other = QuickStep(make_optimiser(made, RECIPE)), make_optimiser(plain, RECIPE)
    for turn, rate in enumerate(RATES):
        learn(made, turn), learn(plain, turn)
        if turn in (1, 2):
            made[missing].weight.grad = plain[missing].weight.grad = None
        before = made[missing].weight.detach().clone()
        quick(rate)
        set_rate(other, rate)
        other.step()
        assert same(made, plain), turn
        assert torch.equal(before, made[missing].weight) is (turn in (1, 2))
    steps = {float(slots["step"]) for slots in quick.optimiser.state.values()}
    assert steps == {len(RATES), len(RATES) - 2}
