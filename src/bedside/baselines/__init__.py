"""Baselines: the classical peers that every deep model is measured against.

Enters: hand-made features of the cases (`describe_inputs`), or windows of a series,
and their truth. Leaves: outputs of the same form as a network's, so that the task's
own calibration, inference and metrics run over a baseline unchanged.
"""

from __future__ import annotations

from bedside.baselines.contract import (
    Baseline,
    FittedBaseline,
    FittedForecaster,
    Forecaster,
    Labelled,
    Lesson,
)
from bedside.baselines.features import describe_inputs
from bedside.registry import Registry

REGISTRY: Registry[type[Baseline] | type[Forecaster]] = Registry(
    "baseline",
    {
        "majority": "bedside.baselines.majority:Majority",
        "logistic": "bedside.baselines.logistic:Logistic",
        "boosted-trees": "bedside.baselines.boosted_trees:BoostedTrees",
        "persistence": "bedside.baselines.persistence:Persistence",
        "least-squares": "bedside.baselines.least_squares:LeastSquares",
        "exponential-smoothing": "bedside.baselines.smoothing:ExponentialSmoothing",
    },
)

__all__ = [
    "REGISTRY",
    "Baseline",
    "FittedBaseline",
    "FittedForecaster",
    "Forecaster",
    "Labelled",
    "Lesson",
    "describe_inputs",
]
