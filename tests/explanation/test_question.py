"""What is explained: log-odds, by hand."""

from __future__ import annotations

import math

import pytest
import torch

from bedside.errors import StudyError
from bedside.explanation.question import (
    Question,
    ask_class,
    ask_entities,
    ask_forecast,
    at_once,
    encoder_of,
)

from .spot_made import STATE, first, pictures, spot_question


def test_of_two_classes_the_positive_one_is_explained() -> None:
    asked = ask_class(STATE)
    assert asked.names == ("ill",)
    logits = torch.tensor([[-1.2], [0.7]])
    assert torch.equal(asked.scores({"logits": logits}), logits)
    assert asked.chosen(logits).tolist() == [0, 0]
    assert asked.shown(torch.tensor([0.0])).item() == 0.5


def test_of_several_classes_it_is_the_named_one_against_all_others() -> None:
    asked = ask_class({"kind": "classes", "names": ["a", "b", "c"]})
    scores = asked.scores({"logits": torch.tensor([[2.0, 0.0, 0.0]])})
    assert scores[0, 0].item() == pytest.approx(2 - math.log(2))
    assert scores[0, 1].item() == pytest.approx(-math.log(math.exp(2) + 1))
    assert asked.chosen(scores).tolist() == [0]
    softmax = torch.softmax(torch.tensor([2.0, 0.0, 0.0]), dim=0)
    assert torch.allclose(asked.shown(scores)[0], softmax)


def test_of_several_labels_it_is_the_surest() -> None:
    asked = ask_class({"kind": "labels", "names": ["a", "b"]})
    assert asked.names == ("a", "b")
    assert asked.chosen(torch.tensor([[-1.0, 0.5], [3.0, 0.5]])).tolist() == [1, 0]


def test_a_look_has_no_gradient_and_a_score_has() -> None:
    question = spot_question()
    arrays = pictures(300)
    looked = question.look(arrays, first(300))
    assert looked.shape == (300,)
    assert not looked.requires_grad
    scored = question.score(arrays, first(300))
    assert scored.requires_grad
    assert torch.allclose(looked, scored.detach())
    assert question.look(arrays).shape == (300, 1)


def test_a_kind_without_an_explanation_is_refused() -> None:
    with pytest.raises(StudyError, match="Unknown explained kind 'mask'"):
        Question.of(spot_question().network, "mask", STATE)


def test_the_encoder_of_an_input_is_found_by_name() -> None:
    network = spot_question().network
    assert encoder_of(network, "x") is network.encoders[0]  # type: ignore[index, union-attr]


def test_of_a_forecast_it_is_the_median_of_the_last_step_in_its_unit() -> None:
    asked = ask_forecast({"levels": [0.1, 0.5, 0.9], "names": ["5", "10"], "unit": "mg/dL"})
    quantiles = torch.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
    scores = asked.scores({"quantiles": quantiles})
    assert scores.tolist() == [[2.0, 5.0]]
    assert asked.chosen(scores).tolist() == [1]
    assert asked.shown(scores).tolist() == [[2.0, 5.0]]
    assert (asked.names, asked.unit) == (("in 5 minutes", "in 10 minutes"), "mg/dL")


def test_of_entities_it_is_the_surest_word_of_the_surest_label() -> None:
    asked = ask_entities({"kind": "entities", "names": ["Disease", "Drug"]})
    emissions = torch.zeros(2, 3, 5)  # tags: outside, begin and go on with each label
    emissions[0, 1, 2] = 3.0  # goes on with a disease
    emissions[0, 2, 3] = 9.0  # padding
    emissions[1, 0, 0] = 4.0
    mask = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
    scores = asked.scores({"emissions": emissions, "mask": mask})
    none = math.log(2 / 3)
    assert scores[0, 0].item() == pytest.approx(math.log((1 + math.exp(3)) / 3))
    assert scores[0, 1].item() == pytest.approx(none)
    assert scores[1].tolist() == pytest.approx([none, none])
    assert asked.chosen(scores).tolist() == [0, 0]
    assert asked.names == ("the surest word of Disease", "the surest word of Drug")
    nothing = asked.scores({"emissions": emissions, "mask": torch.zeros(2, 3)})
    assert asked.shown(nothing).max().item() < 1e-6


def test_of_large_inputs_fewer_are_seen_at_once() -> None:
    assert at_once(pictures(3)) == 128
    assert at_once({"x.values": torch.empty(2, 1, 96, 96, 96)}) == 2
    assert at_once({"x.values": torch.empty(1, 1, 256, 256, 256)}) == 1
