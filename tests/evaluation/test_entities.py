"""Metrics of entities against counts made by hand, and against seqeval's definition of strict."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bedside.errors import DataError
from bedside.evaluation.entities import (
    Tagged,
    entity_ece,
    entity_f1,
    entity_precision,
    entity_recall,
    relaxed_f1,
    relaxed_precision,
    relaxed_recall,
)
from bedside.evaluation.kinds import Answers, kind_of
from bedside.schema import Prediction, Targets

WANTED = [[[0, 4, "a"], [5, 9, "b"]], [[2, 6, "a"]], []]
GIVEN = [
    [[0, 4, "a", 0.9], [5, 8, "b", 0.6]],
    [[3, 9, "b", 0.4], [2, 3, "a", 0.2]],
    [[0, 1, "a", 0.8]],
]


def cells(entities: list[list[list[object]]]) -> np.ndarray:
    found = np.empty(len(entities), dtype=object)
    found[:] = [json.dumps(own) for own in entities]
    return found


def answers(given: list[list[list[object]]], wanted: list[list[list[object]]] = WANTED) -> Answers:  # type: ignore[assignment]
    known = np.ones((len(wanted), 1), dtype=bool)
    targets = Targets({"truth": cells(wanted), "known": known}, ("a", "b"), "entities")
    prediction = Prediction({"entities": cells(given)}, ("a", "b"))
    state = {"source": "note", "temperature": 1.3}
    return Answers(targets, prediction, np.arange(len(wanted)), state=state)


def test_counts_by_hand() -> None:
    tagged, one = Tagged.of(answers(GIVEN)), np.ones((1, 3))
    assert entity_precision(tagged, one)[0] == pytest.approx(1 / 5)
    assert entity_recall(tagged, one)[0] == pytest.approx(1 / 3)
    assert entity_f1(tagged, one)[0] == pytest.approx(2 / 8)
    assert relaxed_precision(tagged, one)[0] == pytest.approx(3 / 5)
    assert relaxed_recall(tagged, one)[0] == pytest.approx(1.0)
    assert relaxed_f1(tagged, one)[0] == pytest.approx(0.75)
    # bins .9 (right), .6, .4, .2 and .8 (wrong): |.9 - 1| + .6 + .4 + .2 + .8, of five
    assert entity_ece(tagged, one)[0] == pytest.approx(2.1 / 5)


def test_weights_count_cases() -> None:
    tagged = Tagged.of(answers(GIVEN))
    found = entity_recall(tagged, np.array([[2.0, 0, 0], [0, 1, 0], [0, 0, 1]]))
    assert found[:2].tolist() == [0.5, 0.0]
    assert np.isnan(found[2])


def test_peers_have_no_probability_to_be_off_by() -> None:
    plain = [[entry[:3] for entry in own] for own in GIVEN]
    assert np.isnan(entity_ece(Tagged.of(answers(plain)), np.ones((1, 3)))).all()


def test_each_label_stands_alone() -> None:
    own = answers(GIVEN)
    measure = kind_of(own.targets).measurer(own)
    table = measure(np.ones((1, 3)))
    assert table["entity_recall_a"][0] == pytest.approx(1 / 2)
    assert table["entity_recall_b"][0] == 0
    assert table["entity_precision_a"][0] == pytest.approx(1 / 3)
    brief = kind_of(own.targets).measurer(own, metrics=("entity_f1",), brief=True)
    assert list(brief(np.ones((1, 3)))) == ["entity_f1"]


def test_an_estimate_of_one_is_bounded_by_patients_with_entities() -> None:
    own = answers(WANTED)
    kind = kind_of(own.targets)
    kind.check(own)
    assert kind.evidence(own).far_end("entity_recall", edge=1.0, tail=0.025) == pytest.approx(
        0.025**0.5
    )
    assert kind.evidence(own).far_end("entity_recall_b", edge=1.0, tail=0.025) == pytest.approx(
        0.025
    )
    assert kind.evidence(own).far_end("entity_f1", edge=1.0, tail=0.025) is None


def test_what_cannot_be_scored_is_refused() -> None:
    nothing: list[list[list[object]]] = [[], [], []]
    kind = kind_of(answers(GIVEN).targets)
    with pytest.raises(DataError, match="without any"):
        kind.check(answers(GIVEN, nothing))
    with pytest.raises(DataError, match="one entry for each of 3 cases"):
        kind.check(answers(GIVEN[:2]))
    assert not kind.tells_apart(answers(nothing).prediction)
