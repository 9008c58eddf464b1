"""Curves and tables behind the figures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, confusion_matrix, roc_auc_score

from bedside.evaluation.curves import (
    confusion,
    precision_recall_curve,
    reliability_curve,
    roc_curve,
    wilson,
)


def test_the_curves_enclose_the_areas(rng: np.random.Generator) -> None:
    truth = np.arange(80) % 2
    score = rng.random(80) + truth / 3
    roc = roc_curve(truth, score)
    assert np.trapezoid(roc.y, roc.x) == pytest.approx(roc_auc_score(truth, score))
    assert (roc.x[0], roc.y[0], roc.x[-1], roc.y[-1]) == (0, 0, 1, 1)
    curve = precision_recall_curve(truth, score)
    assert len(curve.x) == len(curve.y) == len(curve.thresholds)
    steps = -np.sum(np.diff(curve.x) * curve.y[:-1])
    assert steps == pytest.approx(average_precision_score(truth, score))


def test_reliability_bins_hold_equal_numbers(rng: np.random.Generator) -> None:
    probability = rng.random(1000)
    truth = rng.random(1000) < probability**2
    curve = reliability_curve(truth, probability)
    assert curve.counts.tolist() == [100] * 10
    order = np.argsort(probability)[:100]
    assert curve.predicted[0] == pytest.approx(probability[order].mean())
    assert curve.observed[0] == pytest.approx(truth[order].mean())
    assert np.all((curve.low <= curve.observed) & (curve.observed <= curve.high))
    assert np.all(np.diff(curve.predicted) > 0)


def test_equal_probabilities_share_a_bin() -> None:
    probability = np.array([0.2] * 30 + [0.7] * 10)
    truth = np.array([1] * 6 + [0] * 24 + [1] * 7 + [0] * 3)
    curve = reliability_curve(truth, probability)
    assert curve.counts.tolist() == [30, 10]
    assert curve.predicted == pytest.approx(np.array([0.2, 0.7]))
    assert curve.observed == pytest.approx(np.array([0.2, 0.7]))
    assert reliability_curve(np.zeros(0), np.zeros(0)).counts.size == 0


def test_wilson_agrees_with_scipy() -> None:
    low, high = wilson(np.array([0.0, 0.3, 1.0]), np.array([8, 10, 5]))
    for i, (k, n) in enumerate([(0, 8), (3, 10), (5, 5)]):
        expected = binomtest(k, n).proportion_ci(0.95, "wilson")
        assert (low[i], high[i]) == pytest.approx((expected.low, expected.high))


def test_confusion_of_each_kind(rng: np.random.Generator) -> None:
    label, called = rng.integers(0, 3, 50), rng.integers(0, 3, 50)
    names = ("a", "b", "c")
    square = confusion(np.eye(3)[label], np.eye(3)[called] > 0, kind="classes", names=names)
    np.testing.assert_array_equal(square.counts, confusion_matrix(label, called))
    truth, decision = rng.integers(0, 2, (50, 3)), rng.random((50, 3)) < 0.5
    known = rng.random((50, 3)) < 0.8
    each = confusion(truth, decision, kind="labels", names=names, known=known)
    assert each.names == names
    for k in range(3):
        rows = known[:, k]
        expected = confusion_matrix(truth[rows, k], decision[rows, k])
        np.testing.assert_array_equal(each.counts[k], expected)
    one = confusion(truth[:, :1], decision[:, :1], kind="binary", names=("no", "yes"))
    np.testing.assert_array_equal(one.counts, confusion_matrix(truth[:, 0], decision[:, 0]))
