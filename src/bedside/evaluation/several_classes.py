"""Metrics of several classes that look at all classes of a case together.

Enters: one-hot truth and decision (n, K), probability (n, K), weights (R, n);
all cases known. Leaves: (R,) float64, NaN where undefined.
"""

from __future__ import annotations

import numpy as np

from bedside.evaluation.classification import binned_error, share
from bedside.schema import Array, Prediction, Targets


def accuracy_of_classes(targets: Targets, prediction: Prediction, weights: Array) -> Array:
    """Share of cases whose one decided class is the true one."""
    agrees = (targets.arrays["truth"] > 0.5) == prediction.arrays["decision"]
    return share(weights @ agrees.all(axis=1).astype(np.float64), weights.sum(axis=1))


def balanced_accuracy_of_classes(targets: Targets, prediction: Prediction, weights: Array) -> Array:
    """Mean sensitivity of the classes that are there.

    Source: Brodersen et al. 2010, doi:10.1109/ICPR.2010.764.
    """
    truth = targets.arrays["truth"] > 0.5
    hits = weights @ (truth & prediction.arrays["decision"]).astype(np.float64)
    there = weights @ truth.astype(np.float64)
    found = np.divide(hits, there, out=np.zeros_like(hits), where=there > 0)
    return share(found.sum(axis=1), (there > 0).sum(axis=1))


def brier_of_classes(targets: Targets, prediction: Prediction, weights: Array) -> Array:
    """Squared distance of probability and truth, summed over classes, 0 to 2.

    Twice the one-column value where there are two classes.
    Source: Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.
    """
    gaps = prediction.arrays["probability"].astype(np.float64) - targets.arrays["truth"]
    return share(weights @ (gaps**2).sum(axis=1), weights.sum(axis=1))


def ece_of_classes(targets: Targets, prediction: Prediction, weights: Array) -> Array:
    """Calibration error of the largest probability as a claim to be right.

    Source: Guo et al. 2017, arXiv:1706.04599 (fifteen bins of equal width).
    """
    probability = prediction.arrays["probability"].astype(np.float64)
    top = probability.argmax(axis=1)
    right = targets.arrays["truth"].argmax(axis=1) == top
    return binned_error(probability.max(axis=1), right, weights)
