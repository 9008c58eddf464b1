"""Decision curves: is it worth acting on a model, at the price that a false alarm has?

Enters: truth and probability, and weights of resamples. Leaves: net benefit over
thresholds. Who treats from a probability t on says that one missed case is as bad as
(1 - t) / t needless treatments; net benefit counts both in cases found for each 100.

Source: Vickers and Elkin 2006, doi:10.1177/0272989X06295361.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bedside.evaluation.bootstrap import interval, patient_weights
from bedside.schema import Array

THRESHOLDS = np.round(np.arange(0.01, 1.0, 0.01), 2)


def net_benefit(truth: Array, probability: Array, weights: Array, *, thresholds: Array) -> Array:
    """Net benefit of treating from each threshold on.

    Args:
        truth: (n,) bool.
        probability: (n,) calibrated.
        weights: (R, n) how often each case counts.
        thresholds: (T,) inside (0, 1).

    Returns:
        (R, T) true positives less false positives at the threshold's odds, for each case.
    """
    order = np.argsort(probability, kind="stable")
    positive = weights[:, order] * truth[order]
    negative = weights[:, order] - positive
    first = np.searchsorted(probability[order], thresholds, side="left")
    found = _from(positive, first)
    alarms = _from(negative, first)
    odds = thresholds / (1 - thresholds)
    return np.asarray((found - alarms * odds) / weights.sum(axis=1, keepdims=True))


def _from(values: Array, first: Array) -> Array:
    """Sum of each row from the given places on."""
    summed = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
    return np.asarray(summed[:, -1:] - summed[:, first])


def decision_curves(
    truth: Array,
    models: Mapping[str, Array],
    groups: Array,
    *,
    confidence: float,
    replicates: int,
    seed: int,
) -> dict[str, object]:
    """Net benefit of each model, of treating all and of treating none, with intervals.

    Args:
        truth: (n,) bool.
        models: name -> (n,) probability.
        groups: (n,) integers, equal for cases of one patient.
        confidence: of the intervals.
        replicates: R.
        seed: of the resamples.

    Returns:
        ``thresholds`` (T,), ``treat_all`` (T,), ``models``: name -> ``value, low, high``, each
        (T,), and ``useful``: of the first model the thresholds between which it is better
        than treating all and none, sure at all of them together; None where nowhere.
    """
    thresholds = THRESHOLDS
    everyone = np.ones(truth.size)
    strategies = {**models, "treat_all": everyone}
    drawn: dict[str, list[Array]] = {name: [] for name in strategies}
    rng = np.random.default_rng(seed)
    for weights in patient_weights(groups, replicates=replicates, rng=rng):
        for name, probability in strategies.items():
            drawn[name].append(net_benefit(truth, probability, weights, thresholds=thresholds))
    joined = {name: np.concatenate(parts) for name, parts in drawn.items()}
    one = np.ones((1, truth.size))
    point = {
        name: net_benefit(truth, own, one, thresholds=thresholds)[0]
        for name, own in strategies.items()
    }
    first = next(iter(models))
    over = joined[first] - np.maximum(joined["treat_all"], 0)
    now = point[first] - np.maximum(point["treat_all"], 0)
    better = _surely_above(now, over, confidence)
    return {
        "thresholds": thresholds.tolist(),
        "treat_all": point["treat_all"].tolist(),
        "models": {name: _curve(point[name], joined[name], confidence) for name in models},
        "useful": _longest(thresholds, better),
    }


def _curve(point: Array, drawn: Array, confidence: float) -> dict[str, list[float]]:
    ends = [
        interval(drawn[:, t], confidence, estimate=float(point[t])) or (float(point[t]),) * 2
        for t in range(len(point))
    ]
    return {
        "value": point.tolist(),
        "low": [low for low, _ in ends],
        "high": [high for _, high in ends],
    }


def _surely_above(now: Array, drawn: Array, confidence: float) -> Array:
    """(T,) bool: where a band that holds at all thresholds together lies above zero.

    At 99 thresholds one is better by chance; the band is as wide as the largest deviation
    of a resample, in standard errors (sup-t; Montiel Olea and Plagborg-Moller 2019,
    doi:10.1002/jae.2656).
    """
    error = drawn.std(axis=0)
    moving = error > 0
    if not moving.any():
        return np.zeros(now.size, dtype=bool)
    farthest = (np.abs(drawn - now)[:, moving] / error[moving]).max(axis=1)
    reach = float(np.quantile(farthest, confidence))
    return np.asarray(moving & (now - reach * error > 0))


def _longest(thresholds: Array, better: Array) -> list[float] | None:
    """First and last threshold of the longest run without a gap."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], better, [False]]).astype(int)))
    if not edges.size:
        return None
    begins, ends = edges[::2], edges[1::2]
    widest = int(np.argmax(ends - begins))
    return [float(thresholds[begins[widest]]), float(thresholds[ends[widest] - 1])]
