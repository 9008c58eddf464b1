"""Thresholds, chosen on validation by a stated rule.

Enters: truth and calibrated probability of validation cases, and the rule.
Leaves: plain floats; a case is called positive where its probability is at
least the threshold.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from bedside.errors import DataError, Problems
from bedside.schema import Array, Targets

UNDECIDED = 0.5
Rule: TypeAlias = Literal["youden"] | float | dict[Literal["sensitivity", "specificity"], float]


def choose_thresholds(targets: Targets, probability: Array, rule: Rule) -> list[float]:
    """One threshold for each column, each chosen on its known cases.

    Args:
        targets: ``truth`` and ``known`` (N, K) of the validation part.
        probability: (N, K) calibrated.
        rule: as in `choose_threshold`.

    Raises:
        DataError: a column holds one class only; all such columns are named.
    """
    problems = Problems(DataError)
    chosen = []
    truth, known = targets.arrays["truth"], targets.arrays["known"]
    for k in range(truth.shape[1]):
        rows = known[:, k]
        try:
            chosen.append(choose_threshold(truth[rows, k], probability[rows, k], rule))
        except DataError as error:
            label = f" for label '{targets.names[k]}'" if truth.shape[1] > 1 else ""
            problems.found.append(str(error).replace("threshold:", f"threshold{label}:", 1))
    problems.raise_if_any()
    return chosen


def choose_threshold(truth: Array, probability: Array, rule: Rule) -> float:
    """Choose the probability from which a case is called positive.

    Candidates lie midway between neighbouring distinct probabilities, so that the
    choice does not hang on one case's exact value.

    Args:
        truth: (n,) 0/1, known cases only.
        probability: (n,) calibrated.
        rule: ``youden`` (largest sensitivity + specificity, of equal ones the more
            sensitive; Youden 1950, Cancer 3:32-35; where all probabilities are equal none
            is better than another, and it is 0.5), a fixed number,
            ``{"sensitivity": s}`` (the most specific threshold that reaches s)
            or ``{"specificity": s}`` (the most sensitive one that does).

    Raises:
        DataError: a class is missing, so that the rule cannot be judged.
    """
    if isinstance(rule, int | float):
        return float(rule)
    positive = np.asarray(truth) > 0.5
    if positive.all() or not positive.any():
        problems = Problems(DataError)
        problems.add(
            "threshold",
            expected="positive and negative cases in validation",
            got=f"{int(positive.sum())} positive among {positive.size}",
            remedy="Enlarge the validation part, or set evaluation.threshold to a number",
        )
        problems.raise_if_any()
    candidates = _midpoints(np.asarray(probability, dtype=np.float64))
    scores = np.sort(np.asarray(probability, dtype=np.float64)[positive])
    others = np.sort(np.asarray(probability, dtype=np.float64)[~positive])
    sensitivity = (scores.size - np.searchsorted(scores, candidates)) / scores.size
    specificity = np.searchsorted(others, candidates) / others.size
    if rule == "youden" and np.unique(probability).size == 1:
        return UNDECIDED
    if rule == "youden":
        return float(candidates[np.argmax(np.round(sensitivity + specificity, 12))])
    if "sensitivity" in rule:
        return float(candidates[sensitivity >= rule["sensitivity"]][-1])
    return float(candidates[specificity >= rule["specificity"]][0])


def _midpoints(probability: Array) -> Array:
    """Rising candidates: all positive, midway between neighbours, all negative."""
    distinct = np.unique(probability)
    lowest, highest = distinct[0] / 2, (distinct[-1] + 1) / 2
    if highest <= distinct[-1]:
        highest = np.nextafter(distinct[-1], np.inf)
    between = distinct[:-1] + (distinct[1:] - distinct[:-1]) / 2
    return np.concatenate([[lowest], between, [highest]])
