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

    Each score is how many of the predicted distances a true value lies from the median.
    The factor is the score's quantile at the level over all windows, with the finite-sample
    correction (n + 1) of split conformal prediction; wide forecasts stay wider than narrow
    ones. That takes windows as exchangeable, and those of one patient are not: a few hours
    of a few patients are easy or hard together. To widen on such evidence costs width, to
    narrow on it costs coverage, so a factor below 1 must also hold for a new patient, with
    patients as the units; of a handful of patients that is never so, of many always.
    Sources: Romano, Patterson and Candes 2019, arXiv:1905.03222, with ratios as scores;
    Dunn, Wasserman and Ramdas 2022, doi:10.1080/01621459.2022.2060112, for patients.

    Args:
        quantiles: (N, S, Q) raw.
        targets: ``truth`` and ``known`` (N, S), and ``patient`` (N,), without which all
            windows are taken as one patient's.
        levels: (Q,) rising, 0.5 among them.

    Returns:
        (S, Q), 1 at the median and where nothing is known.
    """
    middle = list(levels).index(MEDIAN)
    truth, known = targets.arrays["truth"][:], targets.arrays["known"][:]
    patient = _patients(targets, like=known)
    error = truth - quantiles[:, :, middle]
    stretch = np.ones((quantiles.shape[1], len(levels)))
    for place, level in enumerate(levels):
        if place == middle:
            continue
        distance = quantiles[:, :, place] - quantiles[:, :, middle]
        sign = 1.0 if level > MEDIAN else -1.0
        score = error / (sign * np.maximum(np.abs(distance), SMALLEST_DISTANCE))
        tail = max(level, 1 - level)
        whole = _factor(score[known], patient[known], tail)
        for step in range(len(stretch)):
            own = known[:, step]
            enough = own.sum() >= FEWEST
            stretch[step, place] = (
                _factor(score[own, step], patient[own, step], tail) if enough else whole
            )
    return np.clip(stretch, LEAST, MOST)


def _patients(targets: Targets, *, like: Array) -> Array:
    """(N, S) whose each value is."""
    found = targets.arrays.get("patient")
    own = np.zeros(len(like), dtype=np.int32) if found is None else found[:]
    return np.broadcast_to(own[:, None], like.shape)


def _factor(score: Array, patient: Array, tail: float) -> float:
    """The score that a share `tail` of true values does not exceed; 1 where there is none.

    Below 1 only as far as it holds for a new patient.
    """
    if not len(score):
        return 1.0
    share = min(1.0, tail * (len(score) + 1) / len(score))
    found = float(np.quantile(score, share, method="higher"))
    return found if found >= 1 else max(found, min(1.0, _for_a_new_patient(score, patient, tail)))


def _for_a_new_patient(score: Array, patient: Array, tail: float) -> float:
    """The score that a share `tail` of a new patient's values does not exceed, on average.

    Each patient counts alike, however many windows, and one more stands at infinity.
    """
    _, whose, windows = np.unique(patient, return_inverse=True, return_counts=True)
    order = np.argsort(score, kind="stable")
    mass = np.cumsum(1 / windows[whose[order]]) / (len(windows) + 1)
    reached = int(np.searchsorted(mass, tail - 1e-9))
    return float(score[order[reached]]) if reached < len(score) else np.inf


def stretched(quantiles: Array, stretch: Array, *, middle: int) -> Array:
    """(N, S, Q) quantiles with their distances from the median stretched by (S, Q) factors."""
    centre = quantiles[:, :, middle : middle + 1]
    return np.asarray(centre + (quantiles - centre) * stretch[None], dtype=quantiles.dtype)
