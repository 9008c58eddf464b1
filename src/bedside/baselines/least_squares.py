"""Ordinary least squares on the last values: one linear map for each step.

Enters: windows. Leaves: forecasts. Without penalty and without covariates, as the
published comparisons of glucose forecasts have it.
"""

from __future__ import annotations

from bedside.baselines.contract import FittedForecaster, Lesson
from bedside.baselines.spread import history_of, with_spread
from bedside.schema import Array, Arrays, State
from bedside.tasks.lag_regression import fit_lags, series_of


class LeastSquares:
    """Linear regression of each step on all values of the history."""

    name = "least-squares"

    def fit_windows(
        self, training: Lesson, *, validation: Lesson, state: State, seed: int, threads: int
    ) -> FittedForecaster:
        """Solve the normal equations; the arguments are those of `Forecaster.fit_windows`."""
        del validation, seed, threads  # nothing to choose, nothing random, nothing to share out
        truth = training.targets.arrays
        fitted = fit_lags(
            history_of(training.arrays, state),
            truth["truth"],
            truth["known"],
            scale=state["scale"],
            level=state["level"],
        )

        def points(arrays: Arrays) -> Array:
            return fitted.forecast(series_of(history_of(arrays, state)[:]))

        return with_spread(points, training, state=state)
