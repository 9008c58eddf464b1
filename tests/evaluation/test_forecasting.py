"""Metrics of forecasts: cases worked by hand, and references of another make."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from bedside.evaluation import OF_FORECASTS, lower_is_better, metric_names
from bedside.evaluation.windows import Windows
from bedside.schema import Array

from .forecasts_made import answers_of, series

ONCE = np.ones((1, 3))
TRUTH = np.array([[100.0, 110.0], [200.0, 180.0], [50.0, 60.0]])
POINT = np.array([[103.0, 114.0], [190.0, 180.0], [50.0, 72.0]])
"""Errors 3, 4; 10, 0; 0, 12: squared means 12.5, 50, 72, absolute means 3.5, 5, 6."""


def value(name: str, windows: Windows, weights: Array = ONCE) -> Array:
    return OF_FORECASTS.load(name)(windows, weights)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rmse_pooled", np.sqrt((12.5 + 50 + 72) / 3)),
        ("mae_pooled", (3.5 + 5 + 6) / 3),
        ("rmse_median_window", np.sqrt(50)),
        ("mae_median_window", 5.0),
        ("mard", ((0.03 + 4 / 110) / 2 + 0.05 / 2 + 0.2 / 2) / 3),
    ],
)
def test_three_windows_by_hand(name: str, expected: float) -> None:
    windows = Windows.of(answers_of(TRUTH, POINT))
    assert value(name, windows) == pytest.approx([expected], rel=1e-6)


def test_a_patient_drawn_twice_counts_twice() -> None:
    windows = Windows.of(answers_of(TRUTH, POINT))
    twice = np.array([[2.0, 0, 1]])
    assert value("mae_pooled", windows, twice) == pytest.approx([(3.5 + 3.5 + 6) / 3])
    assert value("rmse_median_window", windows, twice) == pytest.approx([np.sqrt(12.5)])
    assert value("mae_median_window", windows, np.array([[1.0, 1, 0]])) == pytest.approx([4.25])


def test_unknown_steps_count_nowhere() -> None:
    truth = np.array([[100.0, np.nan], [np.nan, np.nan], [80.0, 90.0]])
    windows = Windows.of(answers_of(truth, np.array([[104.0, 0], [0, 0], [80, 98]])))
    assert value("mae_pooled", windows) == pytest.approx([(4 + 4) / 2])
    assert value("rmse_pooled", windows) == pytest.approx([np.sqrt((16 + 32) / 2)])
    only_unknown = np.array([[0.0, 1, 0]])
    assert np.isnan(value("rmse_pooled", windows, only_unknown)).all()
    assert np.isnan(value("rmse_median_window", windows, only_unknown)).all()


def test_with_all_steps_known_pooled_is_the_error_of_all_points(rng: np.random.Generator) -> None:
    truth = series(rng, patients=6, windows=7)
    point = truth + rng.normal(3, 15, truth.shape)
    windows = Windows.of(answers_of(truth, point, np.repeat(np.arange(6), 7)))
    flat = truth.astype(np.float32).reshape(-1), point.reshape(-1)
    ones = np.ones((1, 6))
    squared = reference.mean_squared_error(*flat)
    assert value("rmse_pooled", windows, ones) == pytest.approx([np.sqrt(squared)], rel=1e-6)
    assert value("mae_pooled", windows, ones) == pytest.approx(
        [reference.mean_absolute_error(*flat)], rel=1e-6
    )
    assert value("mard", windows, ones) == pytest.approx(
        [reference.mean_absolute_percentage_error(*flat)], rel=1e-6
    )


def test_intervals_hold_their_share_and_have_their_width(rng: np.random.Generator) -> None:
    truth = rng.normal(120, 20, (4000, 2))
    windows = Windows.of(answers_of(truth, np.full(truth.shape, 120.0), spread=20.0))
    ones = np.ones((1, 4000))
    assert value("coverage_80", windows, ones) == pytest.approx([0.8], abs=0.02)
    assert value("coverage_95", windows, ones) == pytest.approx([0.95], abs=0.01)
    assert value("width_80", windows, ones) == pytest.approx([20 * 2 * 1.2816])
    assert value("width_95", windows, ones) == pytest.approx([20 * 2 * 1.96])


def test_the_ends_of_an_interval_belong_to_it() -> None:
    truth = np.array([[100.0, 112.816], [100.0, 112.82]])
    windows = Windows.of(answers_of(truth, np.full((2, 2), 100.0), spread=10.00001))
    assert value("coverage_80", windows, np.ones((1, 2))) == pytest.approx([(1 + 0.5) / 2])


def test_an_interval_that_was_not_predicted_is_undefined() -> None:
    state = {"levels": [0.01, 0.1, 0.5, 0.9, 0.99], "unit": "mg/dL", "every_minutes": 5}
    windows = Windows.of(answers_of(TRUTH, POINT, state=state))
    assert np.isnan(value("coverage_95", windows)).all()
    assert np.isnan(value("width_95", windows)).all()
    assert np.isfinite(value("coverage_80", windows)).all()


def test_errors_are_better_small() -> None:
    smaller = {name for name in metric_names(OF_FORECASTS) if lower_is_better(name)}
    assert {"rmse_pooled", "mae_pooled", "mard", "width_80"} <= smaller
    assert lower_is_better("rmse_median_window_30min")
    assert not lower_is_better("coverage_80")
