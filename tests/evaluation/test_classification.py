"""Metrics of one column: by hand, against scikit-learn with weights and ties, and as laws."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from bedside.evaluation import REGISTRY, lower_is_better, metric_names
from bedside.evaluation.classification import Column, auprc, auroc, ece
from bedside.schema import Array

# Six cases: scores .1 .4 .4 .35 .8 .9, called positive from .4 on.
TRUTH = [0, 0, 1, 1, 1, 0]
SCORE = [0.1, 0.4, 0.4, 0.35, 0.8, 0.9]
BY_HAND = {
    # positives .4 .35 .8 beat negatives .1 .4 .9: (1 + .5 + 0) + (1 + 0 + 0) + (1 + 1 + 0) = 4.5
    "auroc": 4.5 / 9,
    # from the top: .9 (0/1), .8 (1/2), .4 (2/4, both tied), .35 (3/5), .1
    "auprc": (1 / 2 + 2 / 4 + 3 / 5) / 3,
    "accuracy": 3 / 6,
    "balanced_accuracy": (2 / 3 + 1 / 3) / 2,
    "sensitivity": 2 / 3,
    "specificity": 1 / 3,
    "ppv": 2 / 4,
    "npv": 1 / 2,
    "f1": 2 * 2 / (2 * 2 + 2 + 1),
    "brier": (0.01 + 0.16 + 0.36 + 0.4225 + 0.04 + 0.81) / 6,
    # the two .4 and .35 share the bin (1/3, 2/5]: |2 - 1.15|; .1, .8, .9 stand alone
    "ece": (0.1 + abs(2 - 1.15) + 0.2 + 0.9) / 6,
}


def column(truth: list[int] | Array, score: list[float] | Array) -> Column:
    return Column.of(np.asarray(truth), np.asarray(score), np.asarray(score) >= 0.4)


def plain(name: str, asked: Column) -> float:
    return float(REGISTRY.load(name)(asked, np.ones((1, asked.truth.size)))[0])


@pytest.mark.parametrize("name", BY_HAND)
def test_by_hand(name: str) -> None:
    assert plain(name, column(TRUTH, SCORE)) == pytest.approx(BY_HAND[name], abs=1e-12)


def test_the_registry_holds_the_contract() -> None:
    assert metric_names() == [*BY_HAND, "calibration_slope", "calibration_intercept"]
    assert [n for n in metric_names() if lower_is_better(n)] == ["brier", "ece"]
    assert lower_is_better("brier_pneumonia")
    assert not lower_is_better("auroc_brier")


@pytest.mark.parametrize("name", metric_names())
def test_weights_are_repetitions(name: str, rng: np.random.Generator) -> None:
    truth, score = rng.integers(0, 2, 40), rng.integers(0, 8, 40) / 8
    weights = rng.integers(0, 4, (5, 40)).astype(float)
    values = REGISTRY.load(name)(column(truth, score), weights)
    for row, value in zip(weights.astype(int), values, strict=True):
        again = plain(name, column(np.repeat(truth, row), np.repeat(score, row)))
        assert value == pytest.approx(again, abs=1e-9, nan_ok=True)


REFERENCES: dict[str, Callable[..., float]] = {
    "auroc": lambda t, s, d, w: reference.roc_auc_score(t, s, sample_weight=w),
    "auprc": lambda t, s, d, w: reference.average_precision_score(t, s, sample_weight=w),
    "accuracy": lambda t, s, d, w: reference.accuracy_score(t, d, sample_weight=w),
    "balanced_accuracy": lambda t, s, d, w: reference.balanced_accuracy_score(
        t, d, sample_weight=w
    ),
    "sensitivity": lambda t, s, d, w: reference.recall_score(t, d, sample_weight=w),
    "specificity": lambda t, s, d, w: reference.recall_score(t, d, sample_weight=w, pos_label=0),
    "ppv": lambda t, s, d, w: reference.precision_score(t, d, sample_weight=w),
    "npv": lambda t, s, d, w: reference.precision_score(t, d, sample_weight=w, pos_label=0),
    "f1": lambda t, s, d, w: reference.f1_score(t, d, sample_weight=w),
    "brier": lambda t, s, d, w: reference.brier_score_loss(t, s, sample_weight=w),
}


@pytest.mark.parametrize("name", REFERENCES)
@pytest.mark.parametrize("levels", [7, 10**9], ids=["ties", "no ties"])
def test_agrees_with_scikit_learn(name: str, levels: int, rng: np.random.Generator) -> None:
    truth, score = rng.integers(0, 2, 60), rng.integers(0, levels, 60) / levels
    weights = rng.exponential(size=(8, 60)) * rng.integers(0, 3, (8, 60))
    values = REGISTRY.load(name)(column(truth, score), weights)
    expected = [REFERENCES[name](truth, score, score >= 0.4, w) for w in weights]
    assert values == pytest.approx(np.array(expected), abs=1e-12)


def test_ece_puts_a_bound_into_the_lower_bin() -> None:
    # 1/15 belongs to the first bin together with 0; 1 to the last, not to a sixteenth.
    asked = column([1, 0, 1], [1 / 15, 0.0, 1.0])
    assert plain("ece", asked) == pytest.approx((1 - 1 / 15) / 3)


@pytest.mark.parametrize("name", metric_names())
@pytest.mark.parametrize("truth", [[0, 0, 0], [1, 1, 1]])
def test_one_class_gives_nan_where_undefined_and_never_warns(name: str, truth: list[int]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value = plain(name, column(truth, [0.2, 0.5, 0.9]))
    undefined = {"auroc", "auprc", "balanced_accuracy"}
    undefined |= {"calibration_slope", "calibration_intercept"}
    undefined |= {"specificity"} if truth[0] else {"sensitivity"}
    assert np.isnan(value) == (name in undefined)


def test_no_case_and_no_positive_call_are_undefined() -> None:
    empty = Column.of(np.zeros(0), np.zeros(0), np.zeros(0))
    for name in metric_names():
        values = REGISTRY.load(name)(empty, np.zeros((3, 0)))
        assert values.shape == (3,)
        assert np.isnan(values).all()
    assert np.isnan(plain("ppv", column([0, 1], [0.1, 0.2])))


scores = st.lists(st.integers(0, 12), min_size=4, max_size=30)


@settings(database=None, deadline=None, derandomize=True, max_examples=60)
@given(scores, st.randoms(use_true_random=False))
def test_ranking_metrics_see_ranks_only(levels: list[int], random: object) -> None:
    truth = np.arange(len(levels)) % 2
    score = np.array(levels) / 12
    ones = np.ones((1, truth.size))
    for metric in (auroc, auprc):
        moved = metric(column(truth, score**3 / 2 + 0.1), ones)
        assert moved == metric(column(truth, score), ones)
    flipped = auroc(column(1 - truth, score), ones)
    assert auroc(column(truth, score), ones) + flipped == pytest.approx(1)


@settings(database=None, deadline=None, derandomize=True, max_examples=60)
@given(scores, st.integers(0, 2**32 - 1))
def test_the_order_of_cases_does_not_matter(levels: list[int], seed: int) -> None:
    truth = np.arange(len(levels)) % 2
    asked = column(truth, np.array(levels) / 12)
    rng = np.random.default_rng(seed)
    rows = rng.permutation(truth.size)
    weights = rng.integers(0, 3, (2, truth.size)).astype(float)
    for name in metric_names():
        metric = REGISTRY.load(name)
        turned = metric(asked.take(rows), weights[:, rows])
        np.testing.assert_allclose(turned, metric(asked, weights), atol=1e-9)


def test_a_calibrated_score_has_a_small_ece(rng: np.random.Generator) -> None:
    score = rng.random(20_000)
    truth = rng.random(20_000) < score
    ones = np.ones((1, truth.size))
    assert ece(column(truth, score), ones)[0] < 0.02
    assert ece(column(truth, score**2), ones)[0] == pytest.approx(1 / 2 - 1 / 3, abs=0.02)
