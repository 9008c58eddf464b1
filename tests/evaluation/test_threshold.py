"""Thresholds: each rule by hand, against a search over everything, and its refusals."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.errors import DataError
from bedside.evaluation.threshold import Rule, choose_threshold, choose_thresholds
from bedside.schema import Targets

TRUTH = np.array([0, 0, 0, 1, 0, 1, 1, 1])
SCORE = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("youden", 0.35),  # 1 + 3/4, as good as .55 with 3/4 + 1, and more sensitive
        (0.3, 0.3),
        ({"sensitivity": 0.75}, 0.55),
        ({"sensitivity": 0.76}, 0.35),
        ({"specificity": 0.75}, 0.35),
        ({"specificity": 0.9}, 0.55),
    ],
)
def test_by_hand(rule: Rule, expected: float) -> None:
    chosen = choose_threshold(TRUTH, SCORE, rule)
    assert type(chosen) is float
    assert chosen == pytest.approx(expected)


def test_rules_hold_and_nothing_does_better(rng: np.random.Generator) -> None:
    truth = np.arange(200) % 2
    score = (rng.integers(0, 40, 200) + 8 * truth) / 50
    everywhere = np.linspace(0, 1.01, 2000)

    def at(threshold: float) -> tuple[float, float]:
        called = score >= threshold
        return float(called[truth == 1].mean()), float((~called)[truth == 0].mean())

    youden = sum(at(choose_threshold(truth, score, "youden")))
    assert youden == pytest.approx(max(sum(at(t)) for t in everywhere))
    sensitivity, specificity = at(choose_threshold(truth, score, {"sensitivity": 0.9}))
    assert sensitivity >= 0.9
    assert specificity == max(at(t)[1] for t in everywhere if at(t)[0] >= 0.9)
    sensitivity, specificity = at(choose_threshold(truth, score, {"specificity": 0.8}))
    assert specificity >= 0.8
    assert sensitivity == max(at(t)[0] for t in everywhere if at(t)[1] >= 0.8)


def test_saturated_and_equal_scores_still_have_a_threshold() -> None:
    truth = np.array([1, 0, 1, 0])
    for constant in (0.0, 0.5, 1.0):
        score = np.full(4, constant)
        assert (score >= choose_threshold(truth, score, {"sensitivity": 0.9})).all()
        assert not (score >= choose_threshold(truth, score, {"specificity": 0.9})).any()


@pytest.mark.parametrize(("constant", "share_called"), [(0.375, 0.0), (0.625, 1.0), (0.5, 1.0)])
def test_a_score_that_tells_nothing_calls_the_likelier_class(
    constant: float, share_called: float
) -> None:
    score = np.full(8, constant)
    threshold = choose_threshold(TRUTH, score, "youden")
    assert threshold == 0.5
    assert (score >= threshold).mean() == share_called


def test_one_threshold_for_each_label_on_its_known_cases() -> None:
    truth = np.stack([TRUTH, 1 - TRUTH], axis=1).astype(np.float32)
    known = np.ones((8, 2), dtype=bool)
    known[4, 0] = False  # the negative at .5 goes; the classes part between .3 and .4
    targets = Targets({"truth": truth, "known": known}, ("a", "b"))
    scores = np.stack([SCORE, 1 - SCORE], axis=1)
    chosen = choose_thresholds(targets, scores, "youden")
    assert chosen == pytest.approx([0.35, 0.45])
    assert choose_thresholds(targets, scores, 0.2) == [0.2, 0.2]


def test_one_class_alone_is_refused_for_all_labels_at_once() -> None:
    known = np.ones((8, 3), dtype=bool)
    truth = np.stack([np.ones(8), TRUTH, np.zeros(8)], axis=1)
    targets = Targets({"truth": truth, "known": known}, ("a", "b", "c"))
    with pytest.raises(DataError) as caught:
        choose_thresholds(targets, np.stack([SCORE] * 3, axis=1), "youden")
    rest = "Enlarge the validation part, or set evaluation.threshold to a number."
    where = "expected positive and negative cases in validation, got"
    assert str(caught.value).splitlines() == [
        f"threshold for label 'a': {where} 8 positive among 8. {rest}",
        f"threshold for label 'c': {where} 0 positive among 8. {rest}",
    ]
    assert choose_thresholds(targets, np.stack([SCORE] * 3, axis=1), 0.5) == [0.5] * 3
    with pytest.raises(DataError, match=r"^threshold: expected positive and negative"):
        choose_threshold(np.zeros(0), np.zeros(0), "youden")
