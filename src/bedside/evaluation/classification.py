"""Metrics of one yes-or-no question, under many weightings of the same cases at once.

Enters: a `Column` (truth, score, decision of n cases) and weights (R, n): how
often each case counts. One row of ones gives the point estimate, rows of
bootstrap counts give its replicates. Leaves: (R,) float64, NaN where a metric
is undefined (a class is missing, nothing was called positive).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from bedside.schema import Array

ECE_BINS = 15


@dataclass(frozen=True)
class Column:
    """One class or label of n cases, all of them known.

    Args:
        truth: (n,) bool, whether the case is positive.
        score: (n,) float64, calibrated probability of being positive.
        decision: (n,) bool, whether the case was called positive.
    """

    truth: Array
    score: Array
    decision: Array

    @classmethod
    def of(cls, truth: Array, score: Array, decision: Array) -> Self:
        """Build a column from arrays of any number type."""
        return cls(
            np.asarray(truth) > 0.5,
            np.asarray(score, dtype=np.float64),
            np.asarray(decision, dtype=bool),
        )

    def take(self, rows: Array) -> Self:
        """The same column for some cases, in that order."""
        return type(self)(self.truth[rows], self.score[rows], self.decision[rows])

    @cached_property
    def order(self) -> Array | None:
        """(n,) cases by rising score; None where they already stand so (no copy is needed)."""
        if bool(np.all(self.score[1:] >= self.score[:-1])):
            return None
        return np.argsort(self.score, kind="stable")

    @cached_property
    def tie_starts(self) -> Array:
        """(G,) where each run of equal scores starts, by rising score."""
        score = self.score if self.order is None else self.score[self.order]
        if not score.size:
            return np.zeros(0, dtype=np.intp)
        return np.flatnonzero(np.concatenate([[True], score[1:] != score[:-1]]))

    def by_score(self, weights: Array) -> tuple[Array, Array]:
        """Weight of positives and of negatives at each of the G distinct scores, rising.

        Args:
            weights: (R, n).

        Returns:
            Two arrays (R, G).
        """
        truth = self.truth if self.order is None else self.truth[self.order]
        weights = weights if self.order is None else weights[:, self.order]
        positive = weights * truth
        negative = weights - positive
        if self.tie_starts.size < truth.size:
            positive = np.add.reduceat(positive, self.tie_starts, axis=1)
            negative = np.add.reduceat(negative, self.tie_starts, axis=1)
        return positive, negative

    def counts(self, weights: Array) -> tuple[Array, Array, Array, Array]:
        """True positives, false positives, false negatives, true negatives; (R,) each."""
        cells = [
            self.truth & self.decision,
            ~self.truth & self.decision,
            self.truth & ~self.decision,
            ~self.truth & ~self.decision,
        ]
        summed = weights @ np.stack(cells, axis=1).astype(np.float64)
        return summed[:, 0], summed[:, 1], summed[:, 2], summed[:, 3]

    def has_both(self, weights: Array) -> Array:
        """(R,) bool, whether positives and negatives are both there."""
        positive = weights @ self.truth.astype(np.float64)
        return np.asarray((positive > 0) & (positive < weights.sum(axis=1)))


def share(part: Array, whole: Array) -> Array:
    """Divide, NaN where there is nothing to divide by."""
    result = np.full(np.shape(part), np.nan)
    np.divide(part, whole, out=result, where=whole > 0)
    return result


def auroc(column: Column, weights: Array) -> Array:
    """Area under the ROC curve, as the weighted Mann-Whitney statistic; a tie counts one half.

    Source: Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747.
    """
    return share(*wins_of(column, weights))


def wins_of(column: Column, weights: Array) -> tuple[Array, Array]:
    """Weight of pairs whose positive has the higher score, ties one half, and of all; (R,) each."""
    positive, negative = column.by_score(weights)
    below = np.cumsum(negative, axis=1)
    below -= 0.5 * negative
    wins = np.einsum("rg,rg->r", positive, below)
    return wins, positive.sum(axis=1) * negative.sum(axis=1)


def auprc(column: Column, weights: Array) -> Array:
    """Area under the precision-recall curve, as average precision (steps, equal scores together).

    Undefined unless both classes are there: without negatives any score has 1.
    Source: Davis and Goadrich 2006, doi:10.1145/1143844.1143874 (why steps, not lines).
    """
    positive, negative = column.by_score(weights)
    hits = np.cumsum(positive[:, ::-1], axis=1)
    misses = np.cumsum(negative[:, ::-1], axis=1)
    called = hits + misses
    precision = np.divide(hits, called, out=np.zeros_like(hits), where=called > 0)
    area = np.einsum("rg,rg->r", positive[:, ::-1], precision)
    both = positive.any(axis=1) & negative.any(axis=1)
    return np.where(both, share(area, positive.sum(axis=1)), np.nan)


def accuracy(column: Column, weights: Array) -> Array:
    """Share of cases that were called right."""
    right = (column.truth == column.decision).astype(np.float64)
    return share(weights @ right, weights.sum(axis=1))


def balanced_accuracy(column: Column, weights: Array) -> Array:
    """Mean of sensitivity and specificity."""
    return (sensitivity(column, weights) + specificity(column, weights)) / 2


def sensitivity(column: Column, weights: Array) -> Array:
    """Share of positives that were called positive (recall)."""
    hits, _, missed, _ = column.counts(weights)
    return share(hits, hits + missed)


def specificity(column: Column, weights: Array) -> Array:
    """Share of negatives that were called negative."""
    _, false_alarms, _, rightly_negative = column.counts(weights)
    return share(rightly_negative, rightly_negative + false_alarms)


def ppv(column: Column, weights: Array) -> Array:
    """Positive predictive value: share of those called positive who are (precision)."""
    hits, false_alarms, _, _ = column.counts(weights)
    return share(hits, hits + false_alarms)


def npv(column: Column, weights: Array) -> Array:
    """Negative predictive value: share of those called negative who are."""
    _, _, missed, rightly_negative = column.counts(weights)
    return share(rightly_negative, rightly_negative + missed)


def f1(column: Column, weights: Array) -> Array:
    """Harmonic mean of sensitivity and positive predictive value."""
    hits, false_alarms, missed, _ = column.counts(weights)
    return share(2 * hits, 2 * hits + false_alarms + missed)


def brier(column: Column, weights: Array) -> Array:
    """Mean squared distance of probability and truth, 0 to 1; smaller is better.

    Source: Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2 (half
    of his two-class sum, as is usual for yes-or-no questions).
    """
    squares = (column.score - column.truth) ** 2
    return share(weights @ squares, weights.sum(axis=1))


def ece(column: Column, weights: Array) -> Array:
    """Expected calibration error of the positive class's probability; smaller is better.

    Fifteen bins of equal width, closed on the right: the mean over bins, weighted
    by their cases, of |observed share - mean probability|.
    Source: Guo et al. 2017, arXiv:1706.04599.
    """
    return binned_error(column.score, column.truth, weights)


def binned_error(probability: Array, happened: Array, weights: Array) -> Array:
    """Expected calibration error of a probability (n,) for what happened (n,); (R,)."""
    bins = np.clip(np.ceil(probability * ECE_BINS).astype(np.intp) - 1, 0, ECE_BINS - 1)
    gaps = np.zeros((probability.size, ECE_BINS))
    gaps[np.arange(probability.size), bins] = happened - probability
    return share(np.abs(weights @ gaps).sum(axis=1), weights.sum(axis=1))
