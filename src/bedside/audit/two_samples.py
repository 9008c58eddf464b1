"""Can a small model tell where a picture comes from? The classifier two-sample test.

Enters: simple statistics of pictures from two places. Leaves: how well a model that never
saw a case tells its place (AUROC, 0.5 is not at all), with an interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bedside.schema import Array

FOLDS = 5
MOST = 4000
"""Cases of one side that are looked at: enough for an interval of about 0.01."""
NORMAL_95 = 1.96
PERCENTILES = (5, 25, 50, 75, 95)


@dataclass(frozen=True)
class Separation:
    """AUROC between two places, with the ends of its 95 % interval."""

    auroc: float
    low: float
    high: float


def describe_looks(pictures: Array) -> Array:
    """(n, S, S) in 0..1 -> (n, 14): brightness, contrast, edges, and the picture's rim.

    What a scanner, a protocol or an export changes, and a finding inside the body hardly.
    """
    flat = pictures.reshape(len(pictures), -1)
    steps = [np.abs(np.diff(pictures, axis=axis)).reshape(len(pictures), -1) for axis in (1, 2)]
    curved = np.abs(np.diff(pictures, n=2, axis=2)).reshape(len(pictures), -1)
    rim = np.concatenate(
        [pictures[:, 0], pictures[:, -1], pictures[:, :, 0], pictures[:, :, -1]], axis=1
    )
    columns = [flat.mean(1), flat.std(1), *np.percentile(flat, PERCENTILES, axis=1)]
    columns += [flat.min(1), flat.max(1), rim.mean(1), rim.std(1)]
    columns += [steps[0].mean(1), steps[1].mean(1), curved.mean(1)]
    return np.stack(columns, axis=1).astype(np.float64)


def tell_apart(features: Array, place: Array, groups: Array, *, seed: int) -> Separation | None:
    """Cross-validated AUROC of a logistic regression for one of two places.

    Sources: Lopez-Paz and Oquab 2017, arXiv:1610.06545; the interval is that of Hanley and
    McNeil 1982, doi:10.1148/radiology.143.1.7063747.

    Args:
        features: (n, F).
        place: (n,) bool.
        groups: (n,) integers, equal for cases of one patient, who counts once.
        seed: of the folds and of the lot where there are more than 4000 groups a side.

    Returns:
        None where a side has fewer groups than twice the folds.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    features, place = _one_a_group(features, place, groups)
    kept = _drawn(place, seed=seed)
    features, place = features[kept], place[kept]
    sizes = [int((place == side).sum()) for side in (True, False)]
    if min(sizes) < 2 * FOLDS:
        return None
    found, weights = [], []
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    for learnt, judged in folds.split(features, place):
        model: Any = LogisticRegression(class_weight="balanced", max_iter=500)
        pipeline = make_pipeline(StandardScaler(), model).fit(features[learnt], place[learnt])
        # Each fold by itself: scores of different models have no common zero, and pooled
        # they come out below 0.5 where there is nothing to find.
        found.append(roc_auc_score(place[judged], pipeline.decision_function(features[judged])))
        weights.append(len(judged))
    auroc = float(np.average(found, weights=weights))
    return separation(auroc, *sizes)


def separation(auroc: float, positives: int, negatives: int) -> Separation:
    """An AUROC of so many independent cases, with the interval of Hanley and McNeil."""
    reach = NORMAL_95 * _deviation(auroc, positives, negatives)
    return Separation(auroc, max(0.0, auroc - reach), min(1.0, auroc + reach))


def _one_a_group(features: Array, place: Array, groups: Array) -> tuple[Array, Array]:
    """Mean features of each group at each place: one person with many exams counts once."""
    keys, which = np.unique(groups * 2 + place, return_inverse=True)
    sums = np.zeros((keys.size, features.shape[1]))
    np.add.at(sums, which, features)
    return sums / np.bincount(which)[:, None], keys % 2 == 1


def _drawn(place: Array, *, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    sides = [np.flatnonzero(place == side) for side in (True, False)]
    return np.sort(
        np.concatenate([rng.choice(s, MOST, replace=False) if s.size > MOST else s for s in sides])
    )


def _deviation(auroc: float, positives: int, negatives: int) -> float:
    first, second = auroc / (2 - auroc), 2 * auroc**2 / (1 + auroc)
    variance = auroc * (1 - auroc)
    variance += (positives - 1) * (first - auroc**2) + (negatives - 1) * (second - auroc**2)
    return float(np.sqrt(max(variance, 0) / (positives * negatives)))
