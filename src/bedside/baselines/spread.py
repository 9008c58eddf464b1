"""Quantiles for methods that answer one number: the point, plus how far they were off before.

Enters: a method's points on training windows. Leaves: a `FittedForecaster` whose
median is the method's own point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from bedside.baselines.contract import Lesson
from bedside.schema import Array, Arrays, Rows, State
from bedside.tasks.lag_regression import BLOCK, blocks

Points: TypeAlias = Callable[[Arrays], Array]
"""Arrays of n windows -> (n, S) in the series' unit."""
MEDIAN = 0.5
SPREAD_WINDOWS = 50_000


@dataclass(frozen=True)
class Spread:
    """Points with a fixed spread about them.

    Args:
        points: the method.
        spread: (S, Q) added to a point, 0 at the median.
    """

    points: Points
    spread: Array

    def forecast(self, arrays: Mapping[str, Rows]) -> Arrays:
        """Arrays of n windows -> ``{"quantiles": (n, S, Q) float32}``, a block at a time."""
        count = len(next(iter(arrays.values())))
        found = np.empty((count, *self.spread.shape), dtype=np.float32)
        for start in range(0, count, BLOCK):
            rows = slice(start, start + BLOCK)
            points = self.points({name: values[rows] for name, values in arrays.items()})
            found[rows] = points[:, :, None] + self.spread
        return {"quantiles": found}


def with_spread(points: Points, training: Lesson, *, state: State) -> Spread:
    """Add the quantiles of what the method got wrong on training windows, step by step.

    A median that is off is left off: it is the method's own.
    """
    missed = []
    for rows in blocks(len(training), most=SPREAD_WINDOWS):
        answer = points({name: values[rows] for name, values in training.arrays.items()})
        known = training.targets.arrays["known"][rows]
        error = training.targets.arrays["truth"][rows] - answer
        missed.append(np.where(known, error, np.nan))
    levels = list(state["levels"])
    spread = np.nan_to_num(np.nanquantile(np.concatenate(missed), levels, axis=0).T)
    middle = levels.index(MEDIAN)
    spread[:, middle] = 0.0
    spread[:, :middle] = np.minimum(spread[:, :middle], 0.0)
    spread[:, middle + 1 :] = np.maximum(spread[:, middle + 1 :], 0.0)
    return Spread(points, spread)


def history_of(arrays: Mapping[str, Rows], state: State) -> Rows:
    """The array that holds the series' history."""
    return arrays[state["series"]]
