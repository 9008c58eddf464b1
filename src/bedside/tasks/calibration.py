"""Temperature scaling: divide a network's logits so that its probabilities keep their word.

Enters: logits, truth and which truths are known, of validation cases. Leaves:
temperatures as plain floats. The order of cases, and the class with the largest
probability, do not change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import log_softmax

from bedside.errors import DataError, sentence
from bedside.schema import Array, Kind

if TYPE_CHECKING:
    from collections.abc import Callable

LOWEST, HIGHEST = 0.05, 20.0


def fit_temperature(logits: Array, truth: Array, known: Array, *, kind: Kind) -> list[float]:
    """Fit temperatures by least log loss; probability = sigmoid or softmax of logits / T.

    Validation that is told apart without one mistake has no best temperature (ever
    smaller ones fit ever better), so that its targets are softened as Platt did
    (1999, "Probabilistic outputs for support vector machines").
    The answer never has a larger log loss on these cases than T = 1.
    Source: Guo et al. 2017, arXiv:1706.04599.

    Args:
        logits: (N, K).
        truth: (N, K) 0/1, one-hot for several classes.
        known: (N, K) bool; unknown entries are ignored.
        kind: ``classes`` gives one temperature for the softmax, ``binary`` and
            ``labels`` one for each column's sigmoid.

    Returns:
        Temperatures in [0.05, 20]; 1.0 where the cases hold one class only.

    Raises:
        DataError: a logit of a known case is not finite.
    """
    logits = np.asarray(logits, dtype=np.float64)
    positive = np.asarray(truth) > 0.5
    known = np.asarray(known, dtype=bool)
    broken = int((~np.isfinite(logits) & known).sum())
    if broken:
        raise DataError(
            sentence(
                "calibration",
                expected="finite network outputs on validation",
                got=f"{broken} that are not",
                remedy="Train again with a smaller training.learning_rate",
            )
        )
    if kind == "classes":
        rows = known.all(axis=1)
        return [_softmax_temperature(logits[rows], positive[rows])]
    return [
        _sigmoid_temperature(logits[known[:, k], k], positive[known[:, k], k])
        for k in range(logits.shape[1])
    ]


def _sigmoid_temperature(logits: Array, positive: Array) -> float:
    if positive.all() or not positive.any():
        return 1.0
    hits, misses = int(positive.sum()), int((~positive).sum())
    soft = np.where(positive, (hits + 1) / (hits + 2), 1 / (misses + 2))

    def loss(temperature: float, target: Array) -> float:
        scaled = logits / temperature
        return float(np.mean(np.logaddexp(0, scaled) - target * scaled))

    separated = bool(np.all((logits > 0) == positive))
    return _smallest_loss(loss, positive.astype(np.float64), soft if separated else None)


def _softmax_temperature(logits: Array, positive: Array) -> float:
    counts = positive.sum(axis=0)
    if (counts > 0).sum() < 2:
        return 1.0
    sure = ((counts + 1) / (counts + 2))[None, :]
    others = (1 - (positive * sure).sum(axis=1, keepdims=True)) / (logits.shape[1] - 1)
    soft = np.where(positive, sure, others)

    def loss(temperature: float, target: Array) -> float:
        return float(-np.mean((target * log_softmax(logits / temperature, axis=1)).sum(axis=1)))

    separated = bool(np.all(logits.argmax(axis=1) == positive.argmax(axis=1)))
    return _smallest_loss(loss, positive.astype(np.float64), soft if separated else None)


def _smallest_loss(
    loss: Callable[[float, Array], float], truth: Array, soft: Array | None
) -> float:
    """Search log T, over which the loss has one minimum; keep T = 1 where that is no worse."""
    from scipy.optimize import minimize_scalar  # slow to import, and never needed to predict

    target = truth if soft is None else soft
    found = minimize_scalar(
        lambda log_t: loss(float(np.exp(log_t)), target),
        bounds=(np.log(LOWEST), np.log(HIGHEST)),
        method="bounded",
        options={"xatol": 1e-6},
    )
    temperature = float(np.clip(np.exp(found.x), LOWEST, HIGHEST))
    return temperature if loss(temperature, truth) < loss(1.0, truth) else 1.0
