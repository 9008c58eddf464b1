"""Cases are chosen by rule."""

from __future__ import annotations

import numpy as np

from bedside.explanation.choosing import choose_cases
from bedside.schema import Prediction, Targets


def binary(probability: list[float], truth: list[int]) -> tuple[Prediction, Targets]:
    p = np.array(probability)[:, None]
    arrays = {"probability": p, "decision": p >= 0.5}
    t = np.array(truth, dtype=np.float32)[:, None]
    targets = Targets({"truth": t, "known": np.ones_like(t, dtype=bool)}, ("well", "ill"))
    return Prediction(arrays, ("well", "ill")), targets


def test_the_surest_of_each_group_take_turns() -> None:
    prediction, targets = binary(
        [0.9, 0.99, 0.8, 0.7, 0.1, 0.2, 0.3, 0.55], [1, 1, 1, 0, 1, 0, 0, 0]
    )
    chosen = choose_cases(prediction, targets, count=6)
    assert [(c.case, c.group) for c in chosen] == [
        (1, "Found"),
        (0, "Found"),
        (3, "False alarm"),
        (4, "Missed"),
        (5, "Left alone"),
        (7, "Least certain"),
    ]


def test_no_case_is_chosen_twice_and_no_more_than_there_are() -> None:
    chosen = choose_cases(*binary([0.9, 0.1], [1, 0]), count=6)
    assert sorted(c.case for c in chosen) == [0, 1]


def test_unknown_truth_is_not_chosen() -> None:
    prediction, targets = binary([0.9, 0.8], [1, 1])
    targets.arrays["known"][0] = False
    assert [c.case for c in choose_cases(prediction, targets, count=6)] == [1]


def test_several_classes_are_named_rightly_and_wrongly() -> None:
    p = np.array([[0.8, 0.1, 0.1], [0.4, 0.35, 0.25], [0.1, 0.2, 0.7]])
    decision = np.arange(3) == p.argmax(axis=1)[:, None]
    truth = np.eye(3, dtype=np.float32)[[0, 0, 1]]
    targets = Targets(
        {"truth": truth, "known": np.ones_like(truth, dtype=bool)}, ("a", "b", "c"), "classes"
    )
    chosen = choose_cases(
        Prediction({"probability": p, "decision": decision}, ("a", "b", "c")), targets, count=3
    )
    assert {c.group: c.case for c in chosen} == {"Named rightly": 1, "Named wrongly": 2}
    assert [c.case for c in chosen] == [0, 1, 2]


def test_other_kinds_are_spread_over_the_part() -> None:
    known = np.ones((9, 2), dtype=bool)
    known[0] = False
    targets = Targets({"truth": np.zeros((9, 2)), "known": known}, ("5", "10"), "forecast")
    chosen = choose_cases(Prediction({}, ("5", "10")), targets, count=3)
    assert [c.case for c in chosen] == [1, 4, 8]


def test_of_texts_those_are_chosen_in_which_an_entity_was_found() -> None:
    cells = np.array(["[]", '[[0, 4, "Drug", 0.9]]', "[]", '[[2, 5, "Drug", 0.6]]'], dtype=object)
    targets = Targets({"truth": cells, "known": np.ones((4, 1), dtype=bool)}, ("Drug",), "entities")
    chosen = choose_cases(Prediction({"entities": cells}, ("Drug",)), targets, count=6)
    assert [c.case for c in chosen] == [1, 3]
