"""What is learnt of first days, and the rule that decides whether it is used."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bedside.deployment import adapting
from bedside.deployment.adapting import Days, adapt, block_of

STEPS, HORIZON = 6, 30


def days_of(effect: float, *, count: int = 600, seed: int = 0) -> Days:
    rng = np.random.default_rng(seed)
    made = np.column_stack([np.ones(count), rng.normal(size=(count, 2))])
    error = effect * made[:, 1:2] + rng.normal(size=(count, STEPS))
    known = np.ones((count, STEPS), dtype=bool)
    return Days(made, error, known, np.arange(count) * 5, HORIZON)


def test_an_effect_that_is_there_is_learnt_and_used() -> None:
    found = adapt(days_of(0.8))
    assert found.used
    assert found.certain == 1.0
    np.testing.assert_allclose(found.weights[1], 0.8, atol=0.15)
    np.testing.assert_allclose(found.weights[[0, 2]], 0.0, atol=0.15)


def test_without_an_effect_the_model_mostly_stays() -> None:
    used = sum(adapt(days_of(0.0, seed=seed)).used for seed in range(10))
    assert used <= 3


def test_the_rule_asks_for_its_share_of_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    for share, used in ((0.79, False), (0.81, True)):
        monkeypatch.setattr(adapting, "_share_better", lambda *_, share=share: share)
        assert adapt(days_of(0.8)).used is used


def test_what_is_said_of_a_piece_left_out_does_not_hang_on_it() -> None:
    days = days_of(0.5)
    pieces = np.arange(600) * adapting.PIECES // 600
    before = adapting._left_out(days, pieces, 3.0)
    error = days.error.copy()
    own = pieces == 2
    minutes = days.minute[own]
    near = (days.minute >= minutes.min() - 60) & (days.minute <= minutes.max() + 60)
    error[near] += 100.0
    after = adapting._left_out(replace(days, error=error), pieces, 3.0)
    np.testing.assert_array_equal(before[own], after[own])
    assert not np.allclose(before[~own], after[~own])


def test_blocks_are_six_horizons_and_leave_no_number_out() -> None:
    minute = np.array([1000, 1179, 1180, 5000, 5001])
    assert block_of(minute, HORIZON).tolist() == [0, 0, 1, 2, 2]
