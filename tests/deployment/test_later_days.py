"""The judgement on later days: numbers by hand, blocks drawn in place of patients."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.deployment.adapting import Adaptation
from bedside.deployment.later_days import judge_later
from bedside.deployment.patient import Past
from bedside.schema import Targets

STATE = {"levels": [0.025, 0.1, 0.5, 0.9, 0.975], "scale": 10.0, "unit": "mg/dL"}
FAN = np.array([-20.0, -10.0, 0.0, 10.0, 20.0])


def past_of(error: np.ndarray, minute: np.ndarray, *, known: np.ndarray | None = None) -> Past:
    """Forecasts of 100 whose truth is 100 plus an error (N, S)."""
    shape = error.shape
    arrays = {
        "truth": (100 + error).astype(np.float32),
        "known": np.ones(shape, dtype=bool) if known is None else known,
        "last": np.full(len(error), 100.0),
        "minute": minute,
    }
    quantiles = np.broadcast_to(100 + FAN, (*shape, 5)).astype(np.float32)
    names = tuple(str(5 * (step + 1)) for step in range(shape[1]))
    return Past({}, Targets(arrays, names, "forecast"), quantiles, minute, 5, 60)


def judged(past: Past, shift: list[float], rows: np.ndarray) -> dict:
    adaptation = Adaptation(np.array([shift]), 3.0, 1.0)
    return judge_later(past, np.ones((len(past), 1)), adaptation, rows=rows, state=STATE)


def test_errors_and_coverage_by_hand() -> None:
    error = np.array([[3.0, 15.0], [3.0, 5.0], [999.0, 999.0]])
    known = np.array([[True, True], [True, False], [True, True]])
    past = past_of(error, np.array([0, 400, 800]), known=known)
    found = judged(past, [0.3, 0.5], np.array([0, 1]))
    # mean of each window's mean square: (9 + 225) / 2 and 9; then each less its shift
    rmse = found["rmse_pooled"]
    assert rmse["before"]["value"] == pytest.approx(np.sqrt((117 + 9) / 2))
    assert rmse["after"]["value"] == pytest.approx(np.sqrt(50 / 2), rel=1e-6)
    assert rmse["change"]["value"] == pytest.approx(5 - np.sqrt(63))
    assert found["mae_pooled"]["before"]["value"] == pytest.approx((9 + 3) / 2)
    assert found["coverage_80"]["before"]["value"] == pytest.approx((0.5 + 1) / 2)
    assert found["coverage_80"]["after"]["value"] == pytest.approx(1.0)


def test_nothing_learnt_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    past = past_of(rng.normal(size=(600, 3)), np.arange(600) * 5)
    found = judged(past, [0.0, 0.0, 0.0], np.arange(600))
    for row in found.values():
        assert row["before"] == row["after"]
        assert row["change"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_the_interval_is_of_blocks_and_not_of_windows() -> None:
    rng = np.random.default_rng(0)
    minute = np.arange(2880) * 5  # ten days, 40 blocks of six hours of 72 windows
    one_a_block = np.repeat(rng.normal(scale=10, size=40), 72)[:, None]
    found = judged(past_of(one_a_block, minute), [0.0], np.arange(2880))["rmse_pooled"]["before"]
    squares = np.unique(one_a_block) ** 2
    spread = squares.std(ddof=1) / np.sqrt(40) / (2 * found["value"])  # of a root, to first order
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * spread, rel=0.2)
