"""Sets of classes instead of one: with a promise of how often the true one is among them.

Enters: calibrated probabilities. Leaves: which classes belong to each case's set. A class
belongs to it where its probability is at least 1 - q, and q was chosen on validation so
that the true class of a new patient is in the set as often as was promised (split
conformal prediction; Vovk, Gammerman and Shafer 2005, doi:10.1007/b106715; Sadinle, Lei
and Wasserman 2019, doi:10.1080/01621459.2017.1395341). With a q for each class the
promise holds within each class: for the ill as for the well. numpy alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bedside.schema import Array, Prediction
from bedside.tasks.outside import foreign_columns


def every_class(probability: Array, *, kind: str) -> Array:
    """Probability of every class: (N, C), of one question no and yes; of labels (N, K, 2)."""
    if kind == "labels":
        return np.stack([1 - probability, probability], axis=2)
    if kind == "binary":
        return np.concatenate([1 - probability, probability], axis=1)
    return probability


def sets_of(
    probability: Array, largest: Sequence[float] | Sequence[Sequence[float]], *, kind: str
) -> Array:
    """Which classes belong to each case's set.

    Args:
        probability: (N, K), binary K = 1.
        largest: C numbers, the largest score 1 - p with which a class still belongs to it; of
            labels K pairs, of no and yes.
        kind: ``binary``, ``classes`` or ``labels``.

    Returns:
        (N, C) bool; of labels (N, K, 2). A set that would be empty holds the likeliest class.
    """
    each = every_class(probability, kind=kind)
    inside = 1 - each <= np.asarray(largest) + 1e-12
    likeliest = np.arange(each.shape[-1]) == each.argmax(axis=-1)[..., None]
    return np.asarray(inside | (likeliest & ~inside.any(axis=-1, keepdims=True)))


def confidence_of(probability: Array, *, kind: str, thresholds: Sequence[float]) -> Array:
    """How sure a decision is, from 0 to 1: how far from tipping over.

    Of several classes the probability of the named one; of one question and of each label the
    distance from the threshold, as a share of what there is on that side.

    Args:
        probability: (N, K), binary K = 1.
        kind: ``binary``, ``classes`` or ``labels``.
        thresholds: of the decision, one for each question.

    Returns:
        (N,); of labels (N, K).
    """
    if kind == "classes":
        return np.asarray(probability.max(axis=1))
    line = np.clip(np.asarray(thresholds, dtype=np.float64), 1e-9, 1 - 1e-9)
    sure = np.where(
        probability >= line, (probability - line) / (1 - line), (line - probability) / line
    )
    return sure if kind == "labels" else sure[:, 0]


def promise_columns(prediction: Prediction, *, kind: str) -> dict[str, Array]:
    """Columns (N,) of what is promised beside a decision, where it is.

    ``set``: its classes with | between; ``certain`` and ``outside``: yes or no; of several labels
    ``set_<label>`` (no, yes or no|yes) and ``certain_<label>``.
    """
    names = np.array(prediction.names, dtype=object)
    sets, certain = (prediction.arrays.get(key) for key in ("set", "certain"))
    if kind == "labels":
        return _of_labels(names, sets, certain) | foreign_columns(prediction)
    found: dict[str, Array] = {}
    if sets is not None:
        found["set"] = np.array(["|".join(names[own]) for own in sets], dtype=object)
    if certain is not None:
        found["certain"] = np.where(certain, "yes", "no")
    return found | foreign_columns(prediction)


def _of_labels(names: Array, sets: Array | None, certain: Array | None) -> dict[str, Array]:
    found: dict[str, Array] = {}
    if sets is not None:
        words = np.array(["no", "yes", "no|yes"], dtype=object)
        said = words[sets[:, :, 1] * (1 + sets[:, :, 0])]  # a set is never empty
        found |= {f"set_{name}": said[:, k] for k, name in enumerate(names)}
    if certain is not None:
        told = np.where(certain, "yes", "no")
        found |= {f"certain_{name}": told[:, k] for k, name in enumerate(names)}
    return found
