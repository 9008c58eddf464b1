"""DeLong's interval of an AUROC, as a cross-check of the bootstrap's.

Enters: truth, scores of one or more models, and whose each case is. Leaves: their AUROCs
and covariance. With several cases a patient the components are summed within patients
(Obuchowski 1997, doi:10.2307/2533958), which is DeLong's own where each has one.

Source: DeLong, DeLong and Clarke-Pearson 1988, doi:10.2307/2531595; by midranks as in Sun
and Xu 2014, doi:10.1109/LSP.2014.2337313, in n log n.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from bedside.schema import Array


class Areas(NamedTuple):
    """(M,) AUROCs of M models, and their (M, M) covariance."""

    values: Array
    covariance: Array

    def interval(self, model: int, confidence: float) -> tuple[float, float]:
        """Of one model, from 0 to 1."""
        reach = _reach(confidence) * float(np.sqrt(self.covariance[model, model]))
        value = float(self.values[model])
        return max(0.0, value - reach), min(1.0, value + reach)

    def difference(self, a: int, b: int, confidence: float) -> tuple[float, float, float]:
        """Model `a` minus `b`, with its interval."""
        value = float(self.values[a] - self.values[b])
        apart = self.covariance[a, a] + self.covariance[b, b] - 2 * self.covariance[a, b]
        reach = _reach(confidence) * float(np.sqrt(max(float(apart), 0.0)))
        return value, value - reach, value + reach


def delong_areas(truth: Array, scores: Array, patients: Array | None = None) -> Areas | None:
    """AUROCs of several models on the same cases, with their covariance.

    Args:
        truth: (n,) bool.
        scores: (n, M) higher for positive cases.
        patients: (n,) integers, equal for cases of one patient; each its own by default.

    Returns:
        None where there are not two patients with positive and two with negative cases.
    """
    positive = np.asarray(truth, dtype=bool)
    patients = np.arange(positive.size) if patients is None else np.asarray(patients)
    if min(np.unique(patients[positive]).size, np.unique(patients[~positive]).size) < 2:
        return None
    wins, losses = scores[positive], scores[~positive]
    m, n = len(wins), len(losses)
    both = rankdata(np.concatenate([wins, losses]), axis=0)
    # share of negatives below each positive, of positives above each negative; ties one half
    above = (both[:m] - rankdata(wins, axis=0)) / n
    below = 1 - (both[m:] - rankdata(losses, axis=0)) / m
    values = above.mean(axis=0)
    people, index = np.unique(patients, return_inverse=True)
    sums_above = _sums(above - values, index[positive], len(people))
    sums_below = _sums(below - values, index[~positive], len(people))
    i = np.unique(patients[positive]).size
    j = np.unique(patients[~positive]).size
    first = i / ((i - 1) * m**2) * sums_above.T @ sums_above
    second = j / ((j - 1) * n**2) * sums_below.T @ sums_below
    count = len(people)
    shared = count / ((count - 1) * m * n) * sums_above.T @ sums_below
    return Areas(values, first + second + shared + shared.T)


def _sums(components: Array, index: Array, people: int) -> Array:
    found = np.zeros((people, components.shape[1]))
    np.add.at(found, index, components)
    return found


def _reach(confidence: float) -> float:
    return float(ndtri((1 + confidence) / 2))
