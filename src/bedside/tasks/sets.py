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

from bedside.schema import Array


def every_class(probability: Array, *, kind: str) -> Array:
    """(N, C) probability of every class: of one question both answers, no and yes."""
    return (
        np.concatenate([1 - probability, probability], axis=1)
        if kind == "binary"
        else (probability)
    )


def sets_of(probability: Array, largest: Sequence[float], *, kind: str) -> Array:
    """Which classes belong to each case's set.

    Args:
        probability: (N, K), binary K = 1.
        largest: C numbers, the largest score 1 - p with which a class still belongs to it.
        kind: ``binary`` or ``classes``.

    Returns:
        (N, C) bool. A set that would be empty holds the likeliest class.
    """
    each = every_class(probability, kind=kind)
    inside = 1 - each <= np.asarray(largest) + 1e-12
    likeliest = np.arange(each.shape[1]) == each.argmax(axis=1)[:, None]
    return np.asarray(inside | (likeliest & ~inside.any(axis=1, keepdims=True)))


def confidence_of(probability: Array, *, kind: str, thresholds: Sequence[float]) -> Array:
    """How sure a decision is, from 0 to 1: how far from tipping over.

    Of several classes the probability of the named one; of one question the distance from
    the threshold, as a share of what there is on that side.

    Args:
        probability: (N, K), binary K = 1.
        kind: ``binary`` or ``classes``.
        thresholds: of the decision, binary one.
    """
    if kind == "classes":
        return np.asarray(probability.max(axis=1))
    stated, line = probability[:, 0], float(np.clip(thresholds[0], 1e-9, 1 - 1e-9))
    return np.where(stated >= line, (stated - line) / (1 - line), (line - stated) / line)
