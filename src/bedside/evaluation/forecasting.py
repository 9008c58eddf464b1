"""Metrics of a forecast, under many weightings of the same patients at once.

Enters: `Windows` (N windows of P patients, S steps each) and weights (R, P): how often
each patient counts. One row of ones gives the point estimate, rows of bootstrap counts
give its replicates. Leaves: (R,) float64 in the unit of the target or as a fraction.

Two ways to put windows together are in use, and they differ much. *Pooled*: the mean
over windows, which the worst windows rule. *Median window*: the middle window, which
they cannot touch. GlucoBench (Sergazinov et al. 2024, arXiv:2410.05780) prints the
latter and keeps both. Wherever a window has one error, it is the mean over its steps.
"""

from __future__ import annotations

import numpy as np

from bedside.evaluation.windows import Block, Windows
from bedside.schema import Array


def squared_error(block: Block) -> Array:
    """(n,) mean squared error of each window."""
    return block.over_steps(block.error**2)


def absolute_error(block: Block) -> Array:
    """(n,) mean absolute error of each window."""
    return block.over_steps(np.abs(block.error))


def relative_difference(block: Block) -> Array:
    """(n,) mean absolute error over the true value of each window; NaN where one is not above 0."""
    positive = block.truth > 0
    ratio = np.abs(block.error) / np.where(positive, block.truth, np.nan)
    return block.over_steps(ratio)


def rmse_pooled(windows: Windows, weights: Array) -> Array:
    """Root of the mean over windows of their mean squared error, in the target's unit.

    With all steps known this is the root mean squared error of all points.
    """
    return np.asarray(np.sqrt(windows.mean(squared_error, weights)))


def mae_pooled(windows: Windows, weights: Array) -> Array:
    """Mean over windows of their mean absolute error, in the target's unit."""
    return windows.mean(absolute_error, weights)


def rmse_median_window(windows: Windows, weights: Array) -> Array:
    """Root of the median over windows of their mean squared error, as GlucoBench prints it."""
    return np.asarray(np.sqrt(windows.median(squared_error, weights)))


def mae_median_window(windows: Windows, weights: Array) -> Array:
    """Median over windows of their mean absolute error, as GlucoBench prints it."""
    return windows.median(absolute_error, weights)


def mard(windows: Windows, weights: Array) -> Array:
    """Mean absolute relative difference: |error| over the true value, as a fraction."""
    return windows.mean(relative_difference, weights)


def _held(block: Block, low: float, high: float) -> Array:
    """(n,) share of a window's known values that lie between two quantiles, ends included."""
    bottom, top = block.quantile(low), block.quantile(high)
    if bottom is None or top is None:
        return np.full(len(block.truth), np.nan)
    return block.over_steps(((block.truth >= bottom) & (block.truth <= top)).astype(np.float64))


def _spread(block: Block, low: float, high: float) -> Array:
    """(n,) mean distance of two quantiles in each window."""
    bottom, top = block.quantile(low), block.quantile(high)
    if bottom is None or top is None:
        return np.full(len(block.truth), np.nan)
    return block.over_steps(top - bottom)


def held_80(block: Block) -> Array:
    """(n,) share of known values within the 80 % interval."""
    return _held(block, 0.1, 0.9)


def held_95(block: Block) -> Array:
    """(n,) share of known values within the 95 % interval."""
    return _held(block, 0.025, 0.975)


def spread_80(block: Block) -> Array:
    """(n,) mean width of the 80 % interval."""
    return _spread(block, 0.1, 0.9)


def spread_95(block: Block) -> Array:
    """(n,) mean width of the 95 % interval."""
    return _spread(block, 0.025, 0.975)


def coverage_80(windows: Windows, weights: Array) -> Array:
    """Share of values that the 80 % interval holds; 0.8 is right, more is too wide."""
    return windows.mean(held_80, weights)


def coverage_95(windows: Windows, weights: Array) -> Array:
    """Share of values that the 95 % interval holds; 0.95 is right, more is too wide."""
    return windows.mean(held_95, weights)


def width_80(windows: Windows, weights: Array) -> Array:
    """Mean width of the 80 % interval, in the target's unit."""
    return windows.mean(spread_80, weights)


def width_95(windows: Windows, weights: Array) -> Array:
    """Mean width of the 95 % interval, in the target's unit."""
    return windows.mean(spread_95, weights)
