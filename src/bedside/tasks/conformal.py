"""Conformal correction of quantiles: intervals that cover what they say they cover.

Enters: raw quantiles and the truth of validation windows. Leaves: for each step and
level, the factor by which the quantile's distance from the median is stretched. numpy
alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bedside.schema import Array, Targets

MEDIAN = 0.5
FEWEST = 40
"""Known values on one side of the median, below which a step keeps the factor of all steps."""
LEAST, MOST = 0.05, 20.0
SMALLEST_DISTANCE = 1e-6


def fit_stretch(quantiles: Array, targets: Targets, *, levels: Sequence[float]) -> Array:
    """Fit how far each quantile must stand from the median so that its share lies below it.

    Each score is how many of the predicted distances a true value lies from the median;
    the factor is the score's quantile at the level, with the finite-sample correction
    (n + 1) of split conformal prediction. Wide forecasts stay wider than narrow ones.
    Source: Romano, Patterson and Candes 2019, arXiv:1905.03222, with ratios as scores.

    Args:
        quantiles: (N, S, Q) raw.
        targets: ``truth`` and ``known`` (N, S).
        levels: (Q,) rising, 0.5 among them.

    Returns:
        (S, Q), 1 at the median and where nothing is known.
    """
    middle = list(levels).index(MEDIAN)
    truth, known = targets.arrays["truth"][:], targets.arrays["known"][:]
    error = truth - quantiles[:, :, middle]
    stretch = np.ones((quantiles.shape[1], len(levels)))
    for place, level in enumerate(levels):
        if place == middle:
            continue
        distance = quantiles[:, :, place] - quantiles[:, :, middle]
        sign = 1.0 if level > MEDIAN else -1.0
        score = error / (sign * np.maximum(np.abs(distance), SMALLEST_DISTANCE))
        tail = max(level, 1 - level)
        whole = _factor(score[known], tail)
        for step in range(len(stretch)):
            own = score[known[:, step], step]
            stretch[step, place] = _factor(own, tail) if len(own) >= FEWEST else whole
    return np.clip(stretch, LEAST, MOST)


def _factor(score: Array, tail: float) -> float:
    """The score that a share `tail` of true values does not exceed; 1 where there is none."""
    if not len(score):
        return 1.0
    share = min(1.0, tail * (len(score) + 1) / len(score))
    return float(np.quantile(score, share, method="higher"))


def stretched(quantiles: Array, stretch: Array, *, middle: int) -> Array:
    """(N, S, Q) quantiles with their distances from the median stretched by (S, Q) factors."""
    centre = quantiles[:, :, middle : middle + 1]
    return np.asarray(centre + (quantiles - centre) * stretch[None], dtype=quantiles.dtype)
