"""DeLong's covariance against its definition, pair by pair, and against the bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bedside.evaluation.delong import delong_areas
from bedside.schema import Array


def by_definition(truth: Array, scores: Array) -> tuple[Array, Array]:
    """Hanley and Hajian-Tilaki's components, written as sums over all pairs."""
    kernel = np.array(
        [
            [
                [(a > b) + 0.5 * (a == b) for b in scores[~truth, model]]
                for a in scores[truth, model]
            ]
            for model in range(scores.shape[1])
        ]
    )
    tens, zeros = kernel.mean(axis=2), kernel.mean(axis=1)
    covariance = np.cov(tens) / tens.shape[1] + np.cov(zeros) / zeros.shape[1]
    return kernel.mean(axis=(1, 2)), covariance


@pytest.mark.parametrize("levels", [5, 10**9], ids=["ties", "no ties"])
def test_equals_its_definition(levels: int, rng: np.random.Generator) -> None:
    truth = rng.random(80) < 0.3
    scores = np.floor((rng.random((80, 3)) + 0.4 * truth[:, None]) * levels)
    values, covariance = by_definition(truth, scores)
    found = delong_areas(truth, scores)
    assert found is not None
    np.testing.assert_allclose(found.values, values, atol=1e-12)
    np.testing.assert_allclose(found.covariance, covariance, atol=1e-12)
    assert found.values[1] == pytest.approx(roc_auc_score(truth, scores[:, 1]))


def test_intervals_and_differences(rng: np.random.Generator) -> None:
    truth = rng.random(300) < 0.4
    strong = rng.normal(size=300) + 1.5 * truth
    scores = np.stack([strong, strong + rng.normal(size=300)], axis=1)
    found = delong_areas(truth, scores)
    assert found is not None
    low, high = found.interval(0, 0.95)
    assert low < found.values[0] < high <= 1
    value, low, high = found.difference(0, 1, 0.95)
    assert low < value == pytest.approx(found.values[0] - found.values[1])
    same = delong_areas(truth, np.stack([strong, strong], axis=1))
    assert same is not None
    assert same.difference(0, 1, 0.95) == pytest.approx((0, 0, 0), abs=1e-9)


def test_cases_of_one_patient_prove_less(rng: np.random.Generator) -> None:
    """A patient taken four times over is still one: the clustered error is that of one each."""
    truth = rng.random(60) < 0.5
    scores = (rng.normal(size=60) + truth)[:, None]
    once = delong_areas(truth, scores)
    four = delong_areas(
        np.repeat(truth, 4), np.repeat(scores, 4, axis=0), np.repeat(np.arange(60), 4)
    )
    naive = delong_areas(np.repeat(truth, 4), np.repeat(scores, 4, axis=0))
    assert once is not None
    assert four is not None
    assert naive is not None
    np.testing.assert_allclose(four.covariance, once.covariance, rtol=1e-9)
    assert naive.covariance[0, 0] < 0.3 * once.covariance[0, 0]


def test_a_patient_on_both_sides_counts(rng: np.random.Generator) -> None:
    """With ill and well cases of the same people, errors agree with drawing patients."""
    people = np.repeat(np.arange(150), 2)
    truth = np.tile([True, False], 150)
    level = rng.normal(size=150)[people]
    scores = (level + 0.8 * truth + 0.5 * rng.normal(size=300))[:, None]
    found = delong_areas(truth, scores, people)
    assert found is not None
    drawn = []
    for _ in range(400):
        picked = rng.integers(150, size=150)
        rows = np.concatenate([2 * picked, 2 * picked + 1])
        drawn.append(roc_auc_score(truth[rows], scores[rows, 0]))
    assert np.sqrt(found.covariance[0, 0]) == pytest.approx(np.std(drawn), rel=0.15)
    apart = delong_areas(truth, scores)
    assert apart is not None
    assert apart.covariance[0, 0] > 1.5 * found.covariance[0, 0]


def test_too_few_patients_have_no_interval() -> None:
    truth = np.array([True, True, False, False])
    assert delong_areas(truth, np.arange(4.0)[:, None], np.array([0, 0, 1, 2])) is None
