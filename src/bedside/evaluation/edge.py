"""How far the truth may lie from an estimate of exactly 0 or 1.

Enters: a prediction, and which patient each case belongs to. Leaves: the far end of
a metric's interval. Where each positive case of twenty patients was found, each
resample finds them all as well, and a bootstrap interval shrinks to 1 to 1: it says
"certain" where 20 of 20 happens once in forty studies to a model that misses 17 %.

Source: Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404 (the exact interval);
Hanley and Lippman-Hand 1983, doi:10.1001/jama.1983.03330370053031 (nothing went wrong:
is everything all right? Their rule of three is its one-sided 95 % form).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bedside.evaluation.classification import Column
from bedside.schema import Array

if TYPE_CHECKING:
    from bedside.evaluation.kinds import Answers

BOUNDED = (
    *("accuracy", "sensitivity", "specificity", "ppv", "npv"),
    *("balanced_accuracy", "f1", "auroc", "auprc"),
)
"""Metrics with a bound: shares of cases, and what follows from shares."""


@dataclass(frozen=True)
class ClassEvidence:
    """What a classification was measured on: its units are cases."""

    answers: Answers

    @property
    def groups(self) -> Array:
        """(N,) integers, equal for cases of one patient."""
        return self.answers.groups

    def far_end(self, name: str, *, edge: float, tail: float) -> float | None:
        """The other end of the interval of a metric that was estimated as exactly `edge`.

        A mean over classes gets the mean of their far ends. That is conservative
        whatever the classes share: for a mean to lie beyond it, one of them must lie
        beyond its own.

        Args:
            name: of a row of the table, ``sensitivity`` or ``sensitivity_<class>``.
            edge: 0 or 1.
            tail: chance of missing the truth, such as 0.025 for a 95 % interval.

        Returns:
            A number from 0 to 1; None for metrics without such a bound: ``brier`` and
            ``ece``, which are no shares, and third parties', of which nothing is known.
        """
        metric, classes = self._resolve(name)
        ends = [self._of_class(metric, k, edge=edge, tail=tail) for k in classes]
        known = [end for end in ends if end is not None]
        return float(np.mean(known)) if known else None

    def _resolve(self, name: str) -> tuple[str, range]:
        """The metric behind a row of the table, and the classes that it is a mean of."""
        targets = self.answers.targets
        width = targets.arrays["truth"].shape[1]
        if targets.kind != "binary":
            for k, label in enumerate(targets.names[:width]):
                for metric in BOUNDED:
                    if name == f"{metric}_{label}":
                        return metric, range(k, k + 1)
            if targets.kind == "classes" and name == "accuracy":
                return "accuracy_of_classes", range(1)  # one share of all cases, no mean
            if targets.kind == "classes" and name == "balanced_accuracy":
                return "sensitivity", range(width)  # that is how it is defined there
        return name, range(width)

    def _of_class(self, metric: str, k: int, *, edge: float, tail: float) -> float | None:
        """Far end for one class against the rest; None where it is undefined."""
        truth, answered = self.answers.targets.arrays, self.answers.prediction.arrays
        rows: Array = truth["known"][:, k]
        if metric == "accuracy_of_classes":
            rows = np.asarray(truth["known"].all(axis=1))
            metric = "accuracy"
        column = Column.of(
            truth["truth"][rows, k],
            answered["probability"][rows, k],
            answered["decision"][rows, k],
        )
        return far_end(metric, column, self.groups[rows], edge=edge, tail=tail)


def far_end(
    metric: str, column: Column, patients: Array, *, edge: float, tail: float
) -> float | None:
    """The far end for one yes-or-no question.

    Take one case of each patient: n independent cases, all of them right. A true share
    p makes that happen with p^n, so shares under tail^(1/n) are refuted. Counting
    patients, not cases, is conservative, since it learns nothing from a second case.

    ``f1`` is 2J / (1 + J) of the share J = hits / (hits + false alarms + missed), and
    its bound that of J. ``auroc`` at 1 is the same argument over pairs of patients of
    whom no two pairs share one: each pair is ranked rightly with a chance of at most
    the true ``auroc``, and n is how many such pairs there are, the smaller of the
    numbers of patients with positive and with negative cases. ``auprc`` at 1 has the
    least that goes with such an ``auroc``, see `least_auprc`.

    Args:
        metric: plain name.
        column: the m known cases.
        patients: (m,) integers, equal for cases of one patient.
        edge: 0 or 1.
        tail: chance of missing the truth on that side.

    Returns:
        A number from 0 to 1; None for a metric without a bound, or an undefined one.
    """
    if metric == "balanced_accuracy":
        both = [
            far_end(part, column, patients, edge=edge, tail=tail)
            for part in ("sensitivity", "specificity")
        ]
        return None if None in both else float(np.mean(np.asarray(both, dtype=np.float64)))
    if metric in ("auroc", "auprc"):
        positives = int(column.truth.sum())
        if positives in (0, column.truth.size):
            return None
        end = exact_bound(disjoint_pairs(column.truth, patients), edge=edge, tail=tail)
        return end if metric == "auroc" else least_auprc(end, positives / column.truth.size)
    counted = _counted(metric, column)
    if counted is None or not counted.any():
        return None
    end = exact_bound(np.unique(patients[counted]).size, edge=edge, tail=tail)
    return 2 * end / (1 + end) if metric == "f1" else end


def least_auprc(auroc: float, positives: float) -> float:
    """The least area under the precision-recall curve that a ranking of this AUROC can have.

    Let F(u) be the share of negatives above the positive at recall u, and r the negatives
    for each positive. Then 1 - AUROC is the integral of F, AUPRC that of u / (u + r F).
    The latter is convex in F, so Lagrange's rule gives its minimum over all F >= 0 of
    that integral: u + r F = max(u, s sqrt(u)), which is integrated here. It is somewhat
    below what can happen, since F cannot fall. A bound of a share would be wrong: with 20
    positives and 20 negatives it is .83, but where 17 % of negatives stand above all
    positives, one study in 40 still ranks perfectly, and the true AUPRC is .67.

    Args:
        auroc: ties count as wrongly ranked.
        positives: share of cases that are positive, above 0, which AUPRC hangs on.
    """
    negatives_above = (1 - auroc) * (1 - positives) / positives  # for each positive
    if negatives_above <= 1 / 6:  # there s is at most 1
        return float(1 - np.sqrt(2 * negatives_above / 3))
    return 4 / (9 * (negatives_above + 1 / 2))


def _counted(metric: str, column: Column) -> Array | None:
    """(m,) bool: the cases of which a metric is a share."""
    if metric == "accuracy":
        return np.ones_like(column.truth)
    return {
        "sensitivity": column.truth,
        "specificity": ~column.truth,
        "ppv": column.decision,
        "npv": ~column.decision,
        "f1": column.truth | column.decision,
    }.get(metric)


def disjoint_pairs(truth: Array, patients: Array) -> int:
    """Most pairs of a patient with a positive and one with a negative case, no one in two."""
    positive, negative = np.unique(patients[truth]).size, np.unique(patients[~truth]).size
    return int(min(positive, negative, np.unique(patients).size // 2))


def exact_bound(n: int, *, edge: float, tail: float) -> float:
    """Clopper and Pearson's bound where all or none of n did; all is possible where n is 0."""
    low = tail ** (1 / n) if n else 0.0
    return low if edge == 1 else 1 - low
