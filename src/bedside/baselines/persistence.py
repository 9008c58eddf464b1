"""The forecast that nothing changes: the last value, at every step.

On glucose it is hard to beat for a quarter of an hour, and a model that loses to it has
learned nothing.
"""

from __future__ import annotations

import numpy as np

from bedside.baselines.contract import FittedForecaster, Lesson
from bedside.baselines.spread import history_of, with_spread
from bedside.schema import Array, Arrays, State
from bedside.tasks.lag_regression import series_of


class Persistence:
    """The last value, with the quantiles of how values moved in training."""

    name = "persistence"

    def fit_windows(
        self, training: Lesson, *, validation: Lesson, state: State, seed: int, threads: int
    ) -> FittedForecaster:
        """Measure how values moved; the arguments are those of `Forecaster.fit_windows`."""
        del validation, seed, threads  # nothing to choose, nothing random, nothing to share out
        steps = len(state["names"])

        def points(arrays: Arrays) -> Array:
            last = series_of(history_of(arrays, state)[:])[:, -1:]
            return np.repeat(last, steps, axis=1)

        return with_spread(points, training, state=state)
