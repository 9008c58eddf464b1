"""Which labels a simple model doubts that never saw them.

Enters: features, labels and groups. Leaves: probabilities for cases left out of
training, and by the rule of confident learning the cases that look mislabelled.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from bedside.schema import Array

FOLDS = 5
STRENGTH = 0.01
"""Inverse penalty: far more features than a label error could bend to its will."""
ITERATIONS = 200


@dataclass(frozen=True)
class Doubt:
    """Doubts about n labels.

    Args:
        rows: (d,) positions of the doubted labels, the most doubtful first.
        likelier: (d,) the label that looks right.
        probability: (d,) of that label.
        accuracy: balanced accuracy of the model on cases it never saw, 0..1.
    """

    rows: Array
    likelier: Array
    probability: Array
    accuracy: float


def doubt_labels(features: Array, labels: Array, groups: Array, *, seed: int) -> Doubt | None:
    """Find labels that a cross-validated logistic regression confidently contradicts.

    A case is doubted where the probability of another label reaches what is usual for
    cases that carry that label. Source: Northcutt, Jiang and Chuang 2021,
    doi:10.1613/jair.1.12125.

    Args:
        features: (n, F) finite.
        labels: (n,) integers from 0, each occurring.
        groups: (n,) cases of one group stay in one fold.
        seed: of the folds.

    Returns:
        The doubts; None where a label stands in too few groups for five folds.
    """
    classes = int(labels.max()) + 1
    if min(np.unique(groups[labels == label]).size for label in range(classes)) < FOLDS:
        return None
    probability = _out_of_fold(features, labels, groups, seed=seed)
    own = probability[np.arange(len(labels)), labels]
    usual = np.array([own[labels == label].mean() for label in range(classes)])
    confident = np.where(probability >= usual, probability, -1.0)
    said = confident.argmax(axis=1)
    rows = np.flatnonzero((confident.max(axis=1) >= 0) & (said != labels))
    rows = rows[np.argsort(own[rows] - probability[rows, said[rows]], kind="stable")]
    right = probability.argmax(axis=1) == labels
    accuracy = float(np.mean([right[labels == label].mean() for label in range(classes)]))
    return Doubt(rows, said[rows], probability[rows, said[rows]], accuracy)


def _out_of_fold(features: Array, labels: Array, groups: Array, *, seed: int) -> Array:
    """(n, classes) probabilities; each case is judged by a model that saw none of its group."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    probability = np.zeros((len(labels), int(labels.max()) + 1))
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    for learnt, judged in folds.split(features, labels, groups):
        model: Any = LogisticRegression(C=STRENGTH, max_iter=ITERATIONS)
        pipeline = make_pipeline(StandardScaler(), model)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # stopping early shrinks more
            pipeline.fit(features[learnt], labels[learnt])
        probability[np.ix_(judged, model.classes_)] = pipeline.predict_proba(features[judged])
    return probability
