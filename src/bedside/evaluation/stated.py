"""What a model says of each case, as one number that can be compared within cases of one truth.

Enters: the answers of a model. Leaves: `Stated`, one for each answer that is asked about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from bedside.evaluation.kinds import Answers
    from bedside.schema import Array

MOST_ANSWERS = 20
"""Classes or labels that are asked about, the first of them."""


@dataclass(frozen=True)
class Stated:
    """A number of each of N cases, and which of them have the same truth.

    Args:
        name: of the answer.
        number: (N,) probability, or error of a forecast.
        stratum: (N,) which truth, a place in `strata`; -1 where it is unknown.
        strata: names of the truths.
    """

    name: str
    number: Array
    stratum: Array
    strata: tuple[str, ...]


def stated_of_classes(answers: Answers) -> list[Stated]:
    """Probabilities: of one question, of each class by the true class, of each label by its own."""
    targets, names = answers.targets, answers.targets.names
    truth, known = targets.arrays["truth"] > 0.5, targets.arrays["known"].astype(bool)
    probability = answers.prediction.arrays["probability"]
    if targets.kind == "binary":
        stratum = np.where(known[:, 0], truth[:, 0], -1)
        return [Stated(names[1], probability[:, 0], stratum, names)]
    if targets.kind == "classes":
        stratum = np.where(known.all(axis=1), truth.argmax(axis=1), -1)
        return [
            Stated(name, probability[:, k], stratum, names)
            for k, name in enumerate(names[:MOST_ANSWERS])
        ]
    return [
        Stated(name, probability[:, k], np.where(known[:, k], truth[:, k], -1), ("no", "yes"))
        for k, name in enumerate(names[:MOST_ANSWERS])
    ]


def stated_of_forecasts(answers: Answers) -> list[Stated]:
    """The mean absolute error of each window, whatever came."""
    known = answers.targets.arrays["known"][:].astype(bool)
    away = np.abs(answers.prediction.arrays["point"] - answers.targets.arrays["truth"][:])
    count = known.sum(axis=1)
    error = np.where(known, away, 0.0).sum(axis=1) / np.maximum(count, 1)
    return [Stated("error", error, np.where(count > 0, 0, -1), ("all windows",))]


STATED: dict[str, Callable[[Answers], list[Stated]]] = {
    "binary": stated_of_classes,
    "classes": stated_of_classes,
    "labels": stated_of_classes,
    "forecast": stated_of_forecasts,
}
"""Kind of target -> what its models say; others say nothing that is one number."""
