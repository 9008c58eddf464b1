"""Least squares from the last values of a series to the next ones.

Enters: N windows of a history and what came after, a block at a time. Leaves: one
linear map for each step. It is the classical peer of a forecast and what a network's
skip starts from. numpy alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bedside.schema import Array, Rows

BLOCK = 8192
MOST_WINDOWS = 200_000
"""More windows than these are thinned out evenly; a linear map gains nothing by more."""
RIDGE = 1e-6
"""Of the mean square of the lags: only keeps equations solvable where lags are equal."""


@dataclass(frozen=True)
class LagRegression:
    """A linear forecast.

    Args:
        weights: (H + 1, S): of the H lags as `lags` makes them, and of the constant.
        scale: what changes are divided by.
        level: what the last value is taken from.
    """

    weights: Array
    scale: float
    level: float

    def forecast(self, history: Array) -> Array:
        """(n, H) last values -> (n, S) next values, both in the series' unit."""
        made = lags(history, scale=self.scale, level=self.level)
        change = made @ self.weights[:-1] + self.weights[-1]
        return np.asarray(history[:, -1:] + self.scale * change)


def lags(history: Array, *, scale: float, level: float) -> Array:
    """(n, H) values -> (n, H): how far each lies from the last, and the last from `level`.

    Windows that are shifted alike then look alike, but for their level; nothing is lost.
    """
    made = (history - history[:, -1:]) / scale
    made[:, -1] = (history[:, -1] - level) / scale
    return made


def fit_lags(
    history: Rows, truth: Rows, known: Rows, *, scale: float, level: float
) -> LagRegression:
    """Fit by normal equations, in blocks; unknown values are left out of their step.

    Args:
        history: (N, H), or (N, C, H) whose first channel is the series.
        truth: (N, S).
        known: (N, S) bool.
        scale: as in `LagRegression`.
        level: as in `LagRegression`.
    """
    width, steps = history.shape[-1] + 1, truth.shape[1]
    squares = np.zeros((steps, width, width))
    products = np.zeros((steps, width))
    whole = np.zeros((width, width))
    for rows in blocks(len(history)):
        values = series_of(history[rows])
        made = lags(values, scale=scale, level=level)
        design = np.concatenate([made, np.ones((len(made), 1))], axis=1)
        change, there = (truth[rows] - values[:, -1:]) / scale, known[rows]
        products += np.where(there, change, 0.0).T @ design
        whole += design.T @ design
        for step in np.flatnonzero(~there.all(axis=0)):
            gone = design[~there[:, step]]
            squares[step] -= gone.T @ gone
    squares += whole
    squares += RIDGE * max(np.trace(whole) / width, 1.0) * np.eye(width)
    solved = np.linalg.solve(squares, products[:, :, None])[:, :, 0]
    return LagRegression(solved.T, scale, level)


def series_of(history: Array) -> Array:
    """(n, H) float64 of the series itself, from its window with or without other channels."""
    return np.asarray(history[:, 0] if history.ndim == 3 else history, dtype=np.float64)


def blocks(count: int, *, most: int = MOST_WINDOWS) -> Iterator[Array]:
    """Row numbers of `count` windows, at most `most` of them spread evenly, a block at a time."""
    rows = np.arange(count)
    if count > most:
        rows = np.linspace(0, count - 1, most).astype(np.int64)
    for start in range(0, len(rows), BLOCK):
        yield rows[start : start + BLOCK]
