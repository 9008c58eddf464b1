"""Tests of explanations: a true one passes; a false one, and one that survives, do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from bedside.explanation.drawn_weights import randomised
from bedside.explanation.explainer import draw_maps
from bedside.explanation.faithfulness import (
    SHARES,
    Curves,
    Likeness,
    judge,
    likeness,
    lot_curves,
    measure_curves,
)
from bedside.explanation.question import Question

from .spot_made import SPOT, first, pictures, spot_question, spot_surface

GROUPS = np.arange(12)


def curves_of(maps: torch.Tensor) -> Curves:
    asked = (spot_question(), pictures(), spot_surface())
    lots = lot_curves(*asked, which=first(), seed=1)
    return measure_curves(*asked, which=first(), maps=maps, lots=lots)


def true_maps() -> torch.Tensor:
    maps = torch.zeros(12, 32, 32)
    maps[:, SPOT[0], SPOT[1]] = 1.0
    return maps


def test_hiding_what_is_truly_marked_lowers_the_answer() -> None:
    curves = curves_of(true_maps())
    assert curves.deletion.shape == (12, len(SHARES))
    np.testing.assert_allclose(curves.deletion[:, 0], curves.insertion[:, -1], rtol=1e-5)
    np.testing.assert_allclose(curves.deletion[:, -1], curves.insertion[:, 0], rtol=1e-5)
    at = SHARES.index(0.02)  # 20 of 1,024 elements: the whole spot
    assert (curves.deletion[:, at] < curves.deletion_lot[:, at] - 0.2).all()
    assert (curves.insertion[:, at] > curves.insertion_lot[:, at] + 0.2).all()
    found = judge(curves.gains(moves=False), Likeness(np.full(12, 0.1)), groups=GROUPS, seed=1)
    assert found.fit
    assert found.gains["deletion"][1] > 0


def test_marks_on_everything_else_are_unfit() -> None:
    curves = curves_of(1 - true_maps())
    found = judge(curves.gains(moves=False), Likeness(np.full(12, 0.1)), groups=GROUPS, seed=1)
    assert not found.fit
    assert "no more than hiding by lot" in found.why
    assert "no more than showing by lot" in found.why


def test_a_true_explanation_that_survives_drawn_weights_is_unfit() -> None:
    gains = curves_of(true_maps()).gains(moves=False)
    found = judge(gains, Likeness(np.full(12, 0.9)), groups=GROUPS, seed=1)
    assert not found.fit
    assert found.why == "it looks alike when the network's weights are drawn anew"


def test_of_a_number_in_a_unit_the_distance_counts_whichever_way_it_moves() -> None:
    plain = spot_question()
    asked = replace(plain.asked, unit="mm", shown=lambda found: found)

    def curves(sign: int) -> Curves:
        question = Question(plain.network, replace(asked, scores=lambda o: sign * o["logits"]))
        given = (question, pictures(), spot_surface())
        lots = lot_curves(*given, which=first(), seed=1)
        return measure_curves(*given, which=first(), maps=sign * true_maps(), lots=lots)

    rising, falling = curves(1), curves(-1)
    assert (rising.deletion[:, 0] == 0).all()
    assert (rising.insertion[:, -1] == 0).all()
    np.testing.assert_allclose(rising.deletion, falling.deletion, rtol=1e-4)
    gains = falling.gains(moves=True)
    assert (gains["deletion"] > 0).all()
    assert (gains["insertion"] > 0).all()


def test_what_is_no_number_is_never_fit() -> None:
    gains = {name: np.full(12, np.nan) for name in ("deletion", "insertion")}
    found = judge(gains, Likeness(np.full(12, np.nan)), groups=GROUPS, seed=1)
    assert not found.fit
    assert "drawn anew" in found.why


def test_of_a_movement_the_words_speak_of_movement() -> None:
    gains = {name: np.full(12, 0.5) for name in ("deletion", "insertion")}
    alike = Likeness(np.zeros(12))
    assert "moves the answer" in judge(gains, alike, groups=GROUPS, seed=1, moves=True).why
    assert "lowers the answer" in judge(gains, alike, groups=GROUPS, seed=1).why


def test_likeness_by_hand() -> None:
    there = torch.tensor([[True, True, True, False]] * 3)
    maps = torch.tensor([[1.0, 2.0, 3.0, 9.0]] * 3)
    others = torch.tensor([[2.0, -4.0, 6.0, 0.0], [3.0, 2.0, 1.0, 0.0], [5.0, 5.0, 5.0, 0.0]])
    assert likeness(maps, others, there).each.round(6).tolist() == [1.0, 1.0, 0.0]
    with_signs = likeness(maps, others, there, signed=True)
    assert with_signs.each.round(6).tolist() == [0.5, -1.0, 0.0]


def test_one_patients_cases_are_drawn_together() -> None:
    values = np.array([1.0] * 6 + [-0.5] * 6)
    gains = {"deletion": values, "insertion": values}
    alone = judge(gains, Likeness(np.zeros(12)), groups=GROUPS, seed=1).gains["deletion"]
    pairs = judge(gains, Likeness(np.zeros(12)), groups=GROUPS // 6, seed=1).gains["deletion"]
    assert pairs[2] - pairs[1] > alone[2] - alone[1]


def test_drawn_weights_are_others_and_repeatable_and_leave_the_network_as_it_was() -> None:
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    network[1].running_mean.fill_(5.0)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    fresh, again = randomised(network, seed=3), randomised(network, seed=3)
    assert not torch.equal(fresh[0].weight, network[0].weight)
    assert torch.equal(fresh[0].weight, again[0].weight)
    assert fresh[1].running_mean.tolist() == [0.0, 0.0]
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert not fresh.training


def test_maps_are_drawn_some_at_a_time_as_one_by_one() -> None:
    question, arrays, surface = spot_question(), pictures(), spot_surface()
    together = draw_maps(question, arrays, surface, which=first(), method="occlusion")
    one = {name: values[9:10] for name, values in arrays.items()}
    alone = draw_maps(question, one, surface, which=first(1), method="occlusion")
    assert torch.allclose(together[9:10], alone, atol=1e-5)
