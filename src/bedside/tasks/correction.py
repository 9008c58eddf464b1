"""What one patient's first days add to a forecast that was trained on others.

Enters: quantiles of the trained network, the windows they were made from, and what came.
Leaves: a few numbers in plain JSON that move that patient's forecasts, median and intervals
alike: a straight line on how the series stands and moves. They stand in the task's state,
so that whatever serves the package applies them. numpy alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bedside.errors import PackageError, sentence
from bedside.schema import Array, Arrays, State
from bedside.tasks.lag_regression import series_of

PERSONAL = "personal"
"""Key of the task's state under which a correction stands."""
MEDIAN = 0.5
TERMS = ("constant", "level", "move", "slope_1", "slope_3", "slope_6")
"""What a correction is a straight line of.

All but the first are in units of the state's ``scale``: how far the last value lies from
the cohort's mean; how far the model says the series will move over the whole horizon; how
it moved over the last 1, 3 and 6 steps.
"""
SLOPES = (1, 3, 6)
BEND = 0.5
"""Errors beyond this, in units of ``scale``, count by their size and no longer by its square."""
ROUNDS = 8


def design(history: Array, median: Array, state: State) -> Array:
    """The terms of each window.

    Args:
        history: (N, H), or (N, C, H) whose first channel is the series.
        median: (N, S) what the model says.
        state: of the task.

    Returns:
        (N, F) float64.
    """
    scale = float(state["scale"])
    values = series_of(history)
    last = values[:, -1]
    steps = (min(slope, values.shape[1] - 1) for slope in SLOPES)
    columns = [
        np.ones(len(last)),
        (last - float(state["level"])) / scale,
        (median[:, -1] - last) / scale,
        *((last - values[:, -1 - step]) / scale for step in steps),
    ]
    return np.stack(columns, axis=1)


def fit_line(made: Array, error: Array, known: Array, *, ridge: float) -> Array:
    """Ridge regression of the model's errors on the terms, each step for itself.

    Large errors count by their size, not its square: a patient's few days hold few meals,
    and the median that is corrected is not a mean. Windows overlap: S windows in a row
    share most of what comes, so they count as one against the penalty.
    Source: Huber 1964, doi:10.1214/aoms/1177703732, by reweighting (Holland and Welsch
    1977, doi:10.1080/03610927708827533).

    Args:
        made: (N, F), from `design`.
        error: (N, S) truth minus median, in units of ``scale``.
        known: (N, S) bool.
        ridge: penalty, in independent windows; infinite gives zeros.

    Returns:
        (F, S) weights.
    """
    width, steps = made.shape[1], error.shape[1]
    weights = np.zeros((width, steps))
    if not np.isfinite(ridge):
        return weights
    for step in range(steps):
        own, wrong = made[known[:, step]], error[known[:, step], step]
        counted = np.ones(len(own))
        for _ in range(ROUNDS):
            heavy = own * counted[:, None]
            squares = heavy.T @ own / steps + ridge * np.eye(width)
            weights[:, step] = np.linalg.solve(squares, heavy.T @ wrong / steps)
            left = np.abs(wrong - own @ weights[:, step])
            counted = BEND / np.maximum(left, BEND)
    return weights


def corrected(quantiles: Array, arrays: Arrays, state: State) -> Array:
    """Apply the correction that stands in the state, if one does.

    Args:
        quantiles: (N, S, Q) rising, of the model.
        arrays: what the model saw.
        state: of the task.

    Raises:
        PackageError: the correction is of other terms than this version knows.
    """
    found: Mapping[str, Any] | None = state.get(PERSONAL)
    if found is None:
        return quantiles
    middle = list(state["levels"]).index(MEDIAN)
    made = design(arrays[state["series"]], quantiles[:, :, middle], state)
    weights = np.asarray(found["weights"], dtype=np.float64)
    if tuple(found["terms"]) != TERMS or weights.shape != (made.shape[1], quantiles.shape[1]):
        raise PackageError(
            sentence(
                "package.json, personal correction",
                expected=f"weights of the terms {', '.join(TERMS)}",
                got="others",
                remedy="Use the version of bedside that wrote it, or personalise again",
            )
        )
    return moved(quantiles, made @ weights, scale=float(state["scale"]))


def moved(quantiles: Array, shift: Array, *, scale: float) -> Array:
    """(N, S, Q) quantiles, all of a step moved alike by (N, S) in units of ``scale``."""
    return np.asarray(quantiles + (scale * shift)[:, :, None], dtype=quantiles.dtype)
