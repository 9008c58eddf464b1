"""How well a small linear model reads an answer from features of cases it never saw.

Enters: features, several answers at once, groups. Leaves: AUROCs with intervals; 0.5 is not
at all. One decomposition serves all answers, so that many cost hardly more than one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.stats import rankdata

from bedside.audit.two_samples import Separation, separation
from bedside.schema import Array

FOLDS = 5
MOST_FEATURES = 160
FEWEST = 20
"""Groups on each side without which nothing is said."""
PENALTIES = 10.0 ** np.arange(-3, 3)
"""Of which generalised cross-validation chooses, as shares of the mean variance of a feature."""


def compress(features: Array, *, most: int = MOST_FEATURES) -> Array:
    """(n, F) -> (n, at most `most`) principal components of the standardised features.

    No answer takes part, so nothing of held-out cases leaks into what is learnt. Components
    keep their variance: made alike, those of as many cases as components say nothing.
    """
    spread = features.std(axis=0, dtype=np.float64)
    kept = features[:, spread > 1e-9].astype(np.float64)
    kept = (kept - kept.mean(axis=0)) / spread[spread > 1e-9]
    if kept.shape[1] <= most:
        return np.asarray(kept)
    values, vectors = np.linalg.eigh(kept.T @ kept)
    return np.asarray(kept @ vectors[:, np.argsort(values)[-most:]])


def read_answers(
    features: Array, answers: Array, groups: Array, *, seed: int, strata: Array | None = None
) -> list[Separation | None]:
    """Cross-validated AUROC of each answer; cases of a group stay in one fold.

    Args:
        features: (n, F), F a few hundred at most.
        answers: (n, T) numbers, which a ridge regression learns; NaN where unknown. Judged
            is the upper half against the lower: of 0 and 1, the one against the other.
        groups: (n,) integers. They count for the interval, not the cases.
        seed: of the folds.
        strata: (n, T) integers; an answer is judged among cases of one stratum alone,
            so that what the stratum says of it does not count.

    Returns:
        T entries; None where a side has fewer than 20 groups.
    """
    scores, fold = np.zeros(answers.shape), folds_of(groups, seed=seed)
    strata = np.zeros(answers.shape, dtype=np.int64) if strata is None else strata
    for number in range(FOLDS):
        judged = fold == number
        scores[judged] = fit_ridge(features[~judged], answers[~judged])(features[judged])
    return [
        _judged(scores[:, t], halves(answers[:, t]), groups, lots=strata[:, t] * FOLDS + fold)
        for t in range(answers.shape[1])
    ]


def halves(answer: Array) -> Array:
    """(n,) numbers -> 1 above the median of those known, 0 below, NaN where unknown."""
    known = np.isfinite(answer)
    found = np.full(len(answer), np.nan)
    if known.any():
        values = answer[known]
        middle = np.median(values)
        if values.max() <= middle:  # more than half are the highest: the rest lies below
            found[known] = values >= middle
        else:
            found[known] = values > middle
    return found


def folds_of(groups: Array, *, seed: int) -> Array:
    """(n,) numbers of folds, by lot, whole groups each."""
    names, which = np.unique(groups, return_inverse=True)
    lot = np.random.default_rng(seed).permutation(names.size) % FOLDS
    return np.asarray(lot[which])


def fit_ridge(features: Array, answers: Array) -> Callable[[Array], Array]:
    """Ridge regressions of several answers, each with the penalty that suits it.

    The penalty is chosen by generalised cross-validation. Source: Golub, Heath and Wahba 1979,
    doi:10.1080/00401706.1979.10489751.

    Args:
        features: (n, F).
        answers: (n, T), NaN where unknown: these count as the mean.

    Returns:
        (m, F) -> (m, T) scores without a common zero.
    """
    cases, centre = len(features), features.mean(axis=0)
    centred = (features - centre).astype(np.float64)
    counts = np.maximum(np.isfinite(answers).sum(axis=0), 1)  # a label may be known of nobody
    wanted = np.nan_to_num(answers - np.nansum(answers, axis=0) / counts)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    values = np.maximum(values, 0)
    shown = vectors.T @ (centred.T @ wanted)
    total = (wanted**2).sum(axis=0)
    losses, weights = [], []
    for penalty in PENALTIES * max(float(values.mean()), 1e-12):
        damped = values + penalty
        rest = total - (shown**2 * ((values + 2 * penalty) / damped**2)[:, None]).sum(axis=0)
        free = max(cases - 1 - float((values / damped).sum()), 1e-9)
        losses.append(np.maximum(rest, 0) / free**2)
        weights.append(vectors @ (shown / damped[:, None]))
    best = np.argmin(losses, axis=0)
    chosen = np.stack([weights[b][:, column] for column, b in enumerate(best)], axis=1)
    return lambda asked: np.asarray((asked - centre) @ chosen)


def auroc_of(scores: Array, is_it: Array) -> float:
    """Area under the curve by ranks; NaN where a side is empty."""
    one = int(is_it.sum())
    other = is_it.size - one
    if not one or not other:
        return float("nan")
    ranks = rankdata(scores)
    return float((ranks[is_it].sum() - one * (one + 1) / 2) / (one * other))


def _judged(scores: Array, side: Array, groups: Array, *, lots: Array) -> Separation | None:
    found, weights = [], []
    counted = np.zeros(len(side), dtype=bool)
    for lot in np.unique(lots):  # by itself: scores of different models have no common zero
        own = (lots == lot) & np.isfinite(side)
        is_it = side[own] == 1
        if is_it.any() and not is_it.all():
            found.append(auroc_of(scores[own], is_it))
            weights.append(int(is_it.sum()) * int((~is_it).sum()) / own.sum())
            counted |= own
    sizes = [np.unique(groups[counted & (side == value)]).size for value in (1, 0)]
    if min(sizes) < FEWEST:
        return None
    return separation(float(np.average(found, weights=weights)), *sizes)
