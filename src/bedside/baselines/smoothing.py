"""Exponential smoothing with a damped trend: a level and a slope that fades.

Enters: windows. statsmodels fits the smoothing of some training windows by least
squares of the next value; their median is used for all, since a window alone is too
short to fit its own well. Leaves: forecasts, all windows at once.

Source: Gardner and McKenzie 1985, doi:10.1287/mnsc.31.10.1237.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from bedside.baselines.contract import FittedForecaster, Lesson
from bedside.baselines.spread import history_of, with_spread
from bedside.schema import Array, Arrays, State
from bedside.tasks.lag_regression import series_of

FITTED_WINDOWS = 24
"""Training windows that are fitted, spread evenly over patients and time."""
USUAL = (0.95, 0.8, 0.85)
"""Level, trend and damping where no window can be fitted, as constant ones cannot."""


class ExponentialSmoothing:
    """Damped-trend exponential smoothing."""

    name = "exponential-smoothing"

    def fit_windows(
        self, training: Lesson, *, validation: Lesson, state: State, seed: int, threads: int
    ) -> FittedForecaster:
        """Fit some windows; the arguments are those of `Forecaster.fit_windows`."""
        del validation, seed, threads  # nothing to choose, nothing random, nothing to share out
        history, steps = history_of(training.arrays, state), len(state["names"])
        rows = np.unique(np.linspace(0, len(training) - 1, FITTED_WINDOWS).astype(np.int64))
        found = [_fitted(window) for window in series_of(history[rows])]
        level, trend, damping = np.median([f for f in found if f] or [USUAL], axis=0)

        def points(arrays: Arrays) -> Array:
            values = series_of(history_of(arrays, state)[:])
            return smooth(values, steps, level=level, trend=trend, damping=damping)

        return with_spread(points, training, state=state)


def smooth(values: Array, steps: int, *, level: float, trend: float, damping: float) -> Array:
    """Run the smoothing over windows and forecast.

    Args:
        values: (n, H) float.
        steps: S, how many values ahead.
        level: share of the new value in the level, 0 to 1.
        trend: share of the new slope in the slope, 0 to 1.
        damping: what a slope is multiplied by at each step, 0 to 1.

    Returns:
        (n, S).
    """
    height, slope = values[:, 0], np.zeros(len(values))
    for step in range(1, values.shape[1]):
        ahead = height + damping * slope
        now = ahead + level * (values[:, step] - ahead)
        slope = trend * (now - height) + (1 - trend) * damping * slope
        height = now
    faded = np.cumsum(damping ** np.arange(1, steps + 1))
    return np.asarray(height[:, None] + slope[:, None] * faded)


def _fitted(window: Array) -> tuple[float, float, float] | None:
    """Level, trend (as a share of the slope) and damping of one window, None for a constant one."""
    from statsmodels.tsa.holtwinters import ExponentialSmoothing as Smoothing

    if np.ptp(window) == 0:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit that stops early is one of many
        model: Any = Smoothing(
            window, trend="add", damped_trend=True, initialization_method="estimated"
        ).fit()
    found = model.params
    shares = (found["smoothing_level"], found["smoothing_trend"], found["damping_trend"])
    return tuple(float(share) for share in shares) if np.isfinite(shares).all() else None  # type: ignore[return-value]
