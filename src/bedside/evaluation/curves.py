"""The curves and tables behind the figures.

Enters: truth, probability and decision of known cases. Leaves: arrays to draw.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from bedside.schema import Array, Kind


class Curve(NamedTuple):
    """Points of a curve, (M,) each, in drawing order; `thresholds` leads to each point."""

    x: Array
    y: Array
    thresholds: Array


class Reliability(NamedTuple):
    """One entry for each bin: (B,) mean predicted and observed share, cases, Wilson interval."""

    predicted: Array
    observed: Array
    counts: Array
    low: Array
    high: Array


class Confusion(NamedTuple):
    """Counts, rows truth, columns decision, and the names of both.

    `counts` is (K, K) for classes, (2, 2) for one question, (K, 2, 2) for labels,
    where `names` are the labels and each square goes negative, positive.
    """

    counts: Array
    names: tuple[str, ...]


def roc_curve(truth: Array, probability: Array) -> Curve:
    """Sensitivity (y) over 1 - specificity (x) of one class (n,); both classes must be there."""
    from sklearn.metrics import roc_curve as points

    x, y, thresholds = points(truth, probability)
    return Curve(x, y, thresholds)


def precision_recall_curve(truth: Array, probability: Array) -> Curve:
    """Positive predictive value (y) over sensitivity (x) of one class (n,) with positives.

    Draw it in steps (``where="post"``) with `x` falling; the last point, sensitivity 0,
    belongs to no threshold, and its entry of `thresholds` is infinite.
    """
    from sklearn.metrics import precision_recall_curve as points

    y, x, thresholds = points(truth, probability)
    return Curve(x, y, np.append(thresholds, np.inf))


def reliability_curve(truth: Array, probability: Array, *, bins: int = 10) -> Reliability:
    """Predicted against observed share in bins of equal mass.

    Equal probabilities stay in one bin, so there may be fewer bins than asked for.
    The interval is Wilson's 95 % (1927, doi:10.1080/01621459.1927.10502953), which
    takes cases for independent.

    Args:
        truth: (n,) 0/1.
        probability: (n,).
        bins: how many to aim for.
    """
    truth = np.asarray(truth, dtype=np.float64)
    probability = np.asarray(probability, dtype=np.float64)
    if not truth.size:
        empty = np.zeros(0)
        return Reliability(empty, empty, empty.astype(np.intp), empty, empty)
    edges = np.unique(np.quantile(probability, np.linspace(0, 1, bins + 1)[1:-1], method="lower"))
    _, place = np.unique(np.searchsorted(edges, probability, side="left"), return_inverse=True)
    counts = np.bincount(place)
    observed = np.bincount(place, weights=truth) / counts
    low, high = wilson(observed, counts)
    return Reliability(
        np.bincount(place, weights=probability) / counts, observed, counts, low, high
    )


def wilson(observed: Array, counts: Array, *, confidence: float = 0.95) -> tuple[Array, Array]:
    """Wilson's interval of a share; source: Wilson 1927, doi:10.1080/01621459.1927.10502953."""
    z = float(ndtri((1 + confidence) / 2))
    spread = z * np.sqrt(observed * (1 - observed) / counts + z**2 / (4 * counts**2))
    middle = observed + z**2 / (2 * counts)
    scale = 1 + z**2 / counts
    # Rounding must not push a bound past the share itself: error bars cannot be negative.
    low = np.clip((middle - spread) / scale, 0, observed)
    return low, np.clip((middle + spread) / scale, observed, 1)


def confusion(
    truth: Array,
    decision: Array,
    *,
    kind: Kind,
    names: tuple[str, ...],
    known: Array | None = None,
) -> Confusion:
    """Count truth against decision; unknown entries are left out.

    Args:
        truth: (N, K) 0/1, one-hot for several classes.
        decision: (N, K) bool, one-hot for several classes.
        kind: as in `scoring.score`.
        names: K names; for one question (negative, positive).
        known: (N, K) bool, all True where not given.
    """
    positive = np.asarray(truth) > 0.5
    called = np.asarray(decision, dtype=bool)
    known = np.ones(positive.shape, dtype=bool) if known is None else known
    if kind == "classes":
        rows = known.all(axis=1)
        counts = positive[rows].astype(np.int64).T @ called[rows].astype(np.int64)
        return Confusion(counts, names)
    squares = np.zeros((positive.shape[1], 2, 2), dtype=np.int64)
    for k in range(positive.shape[1]):
        rows = known[:, k]
        np.add.at(squares[k], (positive[rows, k].astype(int), called[rows, k].astype(int)), 1)
    return Confusion(squares[0] if kind == "binary" else squares, names)
