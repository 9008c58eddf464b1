"""Exponential smoothing with a damped trend: a level and a slope that fades.

Enters: windows. One level, trend and damping are sought for all of them, by the error
over the whole horizon: fitted by the next value alone, and to each window apart, as
libraries do, it lost to the last value on half of the glucose we tried. Leaves:
forecasts, all windows at once.

Source: Gardner and McKenzie 1985, doi:10.1287/mnsc.31.10.1237.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

from bedside.baselines.contract import FittedForecaster, Lesson
from bedside.baselines.spread import history_of, with_spread
from bedside.schema import Array, Arrays, State
from bedside.tasks.lag_regression import series_of

SEARCHED_WINDOWS = 2000
"""Training windows, spread evenly, by which the three shares are sought."""
LONGEST_SEARCH = 72
"""Steps of history that the search runs over: by then the first value is forgotten."""
TRIES = 150
USUAL = (0.95, 0.8, 0.7)
"""Level, trend and damping that the search starts from."""


class ExponentialSmoothing:
    """Damped-trend exponential smoothing."""

    name = "exponential-smoothing"

    def fit_windows(
        self, training: Lesson, *, validation: Lesson, state: State, seed: int, threads: int
    ) -> FittedForecaster:
        """Seek the three shares; the arguments are those of `Forecaster.fit_windows`."""
        del validation, seed, threads  # nothing to choose, nothing random, nothing to share out
        steps = len(state["names"])
        level, trend, damping = _sought(training, state)

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


def _sought(training: Lesson, state: State) -> tuple[float, float, float]:
    """Level, trend and damping of the least square error over the horizon."""
    rows = np.unique(np.linspace(0, len(training) - 1, SEARCHED_WINDOWS).astype(np.int64))
    values = series_of(history_of(training.arrays, state)[rows])[:, -LONGEST_SEARCH:]
    targets = training.targets.arrays
    truth, known = targets["truth"][rows], targets["known"][rows]

    def error(place: Array) -> float:
        level, trend, damping = expit(place)
        answer = smooth(values, truth.shape[1], level=level, trend=trend, damping=damping)
        return float(np.square(answer - truth)[known].mean())

    found = minimize(error, logit(USUAL), method="Nelder-Mead", options={"maxiter": TRIES})
    level, trend, damping = (float(share) for share in expit(found.x))
    return level, trend, damping
