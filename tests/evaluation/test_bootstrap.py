"""The bootstrap over patients: what is drawn, intervals, and whether they cover."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bedside.evaluation import bootstrap
from bedside.evaluation.bootstrap import (
    interval,
    leave_out_weights,
    patient_weights,
    reflected_interval,
)
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


def test_bca_equals_an_independent_implementation(rng: np.random.Generator) -> None:
    values = rng.lognormal(size=40)
    other = stats.bootstrap((values,), np.mean, n_resamples=2000, rng=rng, method="BCa")
    left_out = np.concatenate(list(leave_out_weights(np.arange(40)))) @ values / 39
    ours = interval(
        other.bootstrap_distribution, 0.95, estimate=float(values.mean()), left_out=left_out
    )
    assert ours == pytest.approx(tuple(other.confidence_interval), rel=1e-9)
    assert ours != pytest.approx(interval(other.bootstrap_distribution, 0.95), rel=1e-3)


def test_each_patient_is_left_out_once_and_many_in_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weights = np.concatenate(list(leave_out_weights(np.array([4, 4, 1, 9]))))
    np.testing.assert_array_equal(weights, [[1, 1, 0, 1], [0, 0, 1, 1], [1, 1, 1, 0]])
    monkeypatch.setattr(bootstrap, "BLOCK_ENTRIES", 5000)
    many = np.concatenate(list(leave_out_weights(np.arange(1000) // 2)))
    assert many.shape == (bootstrap.MOST_LEFT_OUT, 1000)
    np.testing.assert_array_equal((1 - many).sum(axis=0), np.ones(1000))
    np.testing.assert_array_equal(many[:, ::2], many[:, 1::2])


def test_an_interval_without_a_correction_falls_back_on_percentiles() -> None:
    values = np.arange(101.0)
    same = np.full(5, 3.0)
    assert interval(values, 0.9, estimate=50.0, left_out=same) == pytest.approx((5.0, 95.0))
    for estimate, left_out in ((-1.0, np.arange(5.0)), (50.0, np.array([1.0, np.nan]))):
        found = interval(values, 0.9, estimate=estimate, left_out=left_out)
        assert found == interval(values, 0.9, estimate=estimate)


def test_an_interval_of_an_error_that_noise_raises_is_mirrored() -> None:
    values = np.linspace(0.1, 0.2, 101)
    assert reflected_interval(values, 0.9, estimate=0.12) == pytest.approx((0.045, 0.135))
    assert reflected_interval(values, 0.9, estimate=0.05) == pytest.approx((0.0, 0.05))
    assert reflected_interval(np.full(4, np.nan), 0.9, estimate=0.05) is None
