"""Probability of low and high glucose, from the quantiles of a forecast.

Enters: quantiles of each step. Leaves: the probability of a value below a threshold.
Needs numpy and scipy alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import ndtr, ndtri

from bedside.schema import Array

ALARMS: Mapping[str, tuple[float, float]] = {"mg/dL": (70.0, 180.0), "mmol/L": (3.9, 10.0)}
"""Unit -> below which glucose is low and above which it is high (ADA, Standards of Care)."""
SMALLEST_GAP = 1e-6


def probability_below(quantiles: Array, threshold: float, *, levels: Sequence[float]) -> Array:
    """(N, S) probability that a value lies below a threshold.

    Between two quantiles the normal score of the level is a straight line of the value,
    and beyond the outermost it goes on as between the last two; so that a normal
    forecast gets its own distribution back.

    Args:
        quantiles: (N, S, Q) rising.
        threshold: in their unit.
        levels: (Q,) rising, at least two.
    """
    scores = ndtri(np.asarray(levels, dtype=np.float64))
    values = np.maximum.accumulate(np.asarray(quantiles, dtype=np.float64), axis=2)
    place = np.clip((values < threshold).sum(axis=2) - 1, 0, len(scores) - 2)
    low = np.take_along_axis(values, place[:, :, None], axis=2)[:, :, 0]
    high = np.take_along_axis(values, place[:, :, None] + 1, axis=2)[:, :, 0]
    share = (threshold - low) / np.maximum(high - low, SMALLEST_GAP)
    return np.asarray(ndtr(scores[place] + share * (scores[place + 1] - scores[place])))
