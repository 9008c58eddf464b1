"""Calibration as a line: log-odds of what happened over log-odds of what was stated.

Enters: a `Column` and weights (R, n), as in `classification`. Leaves: (R,). A slope below
1 says that probabilities are too extreme, above 1 too timid; an intercept below 0 that
too much was stated, above 0 too little. Both are maximum likelihood, found by Newton's
method under all weightings at once: to the end for few cases, one step from the fit of
all cases for many, which is exact to the order of the bootstrap's own error (Moulton and
Zeger 1991, doi:10.1016/0167-9473(91)90052-4).

Source: Cox 1958, doi:10.1093/biomet/45.3-4.562; Van Calster et al. 2019,
doi:10.1186/s12916-019-1466-7.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from bedside.evaluation.classification import Column, share
from bedside.schema import Array

SURE = 1e-6
"""Stated probabilities are taken to lie this far from 0 and 1."""
STEPS = 25
NO_SPREAD = 1e-9
"""Variance of stated log-odds below which they are one and the same."""
SETTLED = 1e-4
"""A fit that still moves by more than this after `STEPS` runs away: it has no maximum."""
FEW = 10_000
"""Cases up to which each weighting is fitted to the end."""
LARGEST = 50.0
"""The longest step."""


def calibration_slope(column: Column, weights: Array) -> Array:
    """Slope of the line with its own intercept; 1 is right.

    NaN where all cases were given one probability, or are told apart without a mistake.
    """
    x = _stated(column)
    found = _fit(np.stack([np.ones_like(x), x], axis=1), np.zeros_like(x), column, weights)[:, 1]
    count = weights.sum(axis=1)
    spread = share(weights @ x**2, count) - share(weights @ x, count) ** 2
    return np.where(np.nan_to_num(spread) > NO_SPREAD, found, np.nan)


def calibration_intercept(column: Column, weights: Array) -> Array:
    """Intercept of the line of slope 1 (calibration in the large); 0 is right."""
    x = _stated(column)
    return _fit(np.ones((x.size, 1)), x, column, weights)[:, 0]


def _stated(column: Column) -> Array:
    return np.asarray(logit(np.clip(column.score, SURE, 1 - SURE)))


def _fit(design: Array, offset: Array, column: Column, weights: Array) -> Array:
    """(R, P) coefficients of a logistic regression under each row of weights."""
    truth = column.truth.astype(np.float64)
    whole = np.ones((1, truth.size))
    start = _newton(design, offset, truth, whole, begin=np.zeros((1, design.shape[1])), steps=STEPS)
    steps = STEPS if truth.size <= FEW else 1
    begin = np.repeat(np.nan_to_num(start), len(weights), axis=0)
    found = _newton(design, offset, truth, weights, begin=begin, steps=steps)
    found[~column.has_both(weights)] = np.nan
    if np.isnan(start).any():
        found[:] = np.nan
    return found


def _newton(
    design: Array, offset: Array, truth: Array, weights: Array, *, begin: Array, steps: int
) -> Array:
    """Newton's method for all rows of weights at once; NaN where it breaks down."""
    at = begin.copy()
    width = design.shape[1]
    move = np.zeros_like(at)
    products = (design[:, :, None] * design[:, None, :]).reshape(-1, width * width)
    for _ in range(steps):
        same = bool((at == at[0]).all())
        stated = expit(offset + (at[:1] if same else at) @ design.T)
        slope = (weights * (truth - stated)) @ design
        bend = ((weights * (stated * (1 - stated))) @ products).reshape(-1, width, width)
        bend += 1e-12 * np.eye(width)
        move = np.linalg.solve(bend, slope[:, :, None])[:, :, 0]
        at = at + np.clip(move, -LARGEST, LARGEST)
        if np.abs(move).max() < 1e-9:
            break
    if steps > 1:
        at[np.abs(move).max(axis=1) > SETTLED] = np.nan
    return at
