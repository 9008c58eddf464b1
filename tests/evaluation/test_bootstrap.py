"""The bootstrap over patients: what is drawn, intervals, and whether they cover."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.evaluation import bootstrap
from bedside.evaluation.bootstrap import interval, patient_weights
from bedside.schema import Array


def drawn(groups: Array, *, replicates: int, seed: int = 7) -> Array:
    rng = np.random.default_rng(seed)
    return np.concatenate(list(patient_weights(groups, replicates=replicates, rng=rng)))


def test_cases_of_a_patient_count_together() -> None:
    groups = np.array([5, 2, 5, 9, 9, 9])
    weights = drawn(groups, replicates=300)
    assert weights.shape == (300, 6)
    np.testing.assert_array_equal(weights[:, 0], weights[:, 2])
    np.testing.assert_array_equal(weights[:, 3], weights[:, 5])
    # three patients are drawn each time
    np.testing.assert_array_equal(weights[:, [0, 1, 3]].sum(axis=1), np.full(300, 3.0))
    assert weights[:, [0, 1, 3]].mean(axis=0) == pytest.approx(np.ones(3), abs=0.15)


def test_resamples_follow_the_seed_and_not_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = np.arange(50) // 2
    whole = drawn(groups, replicates=31)
    monkeypatch.setattr(bootstrap, "BLOCK_ENTRIES", 200)
    blocks = list(patient_weights(groups, replicates=31, rng=np.random.default_rng(7)))
    assert {len(block) for block in blocks} == {4, 3}
    np.testing.assert_array_equal(np.concatenate(blocks), whole)
    assert not np.array_equal(drawn(groups, replicates=31, seed=8), whole)


def test_interval_uses_what_is_defined() -> None:
    values = np.concatenate([np.arange(101.0), np.full(101, np.nan)])
    assert interval(values, 0.9) == pytest.approx((5.0, 95.0))
    assert interval(values, 0.9, estimate=2.0) == pytest.approx((2.0, 95.0))
    assert interval(values, 0.9, estimate=96.0) == pytest.approx((5.0, 96.0))
    assert interval(np.append(values, np.nan), 0.9) is None
    assert interval(np.full(4, np.nan), 0.9) is None


def test_patient_bootstrap_covers_where_a_case_bootstrap_does_not() -> None:
    """200 made-up studies, 60 patients with 5 cases that resemble each other."""
    rng = np.random.default_rng(11)
    truth, covered, covered_by_cases = 0.7, 0, 0
    patient = np.repeat(np.arange(60), 5)
    for _ in range(200):
        chance = rng.beta(0.7, 0.3, 60)  # mean 0.7, within-patient correlation 1/2
        right = rng.random(300) < chance[patient]
        for groups in (patient, np.arange(300)):
            shares = [
                weights @ right / weights.sum(axis=1)
                for weights in patient_weights(groups, replicates=300, rng=rng)
            ]
            low, high = interval(np.concatenate(shares), 0.95) or (1.0, 0.0)
            if groups is patient:
                covered += low <= truth <= high
            else:
                covered_by_cases += low <= truth <= high
    # 95 % of 200, three standard errors of a binomial share either way
    assert 0.95 - 3 * 0.0154 <= covered / 200 <= 0.95 + 3 * 0.0154
    assert covered_by_cases / 200 < 0.85
