"""Baselines: the classical peers that every deep model is measured against.

Enters: hand-made features of the cases (`describe_inputs`), their truth and
which of it is known. Leaves: logits of the same form as a network's, so that
the task's own calibration, inference and metrics run over a baseline unchanged.
"""

from __future__ import annotations

from bedside.baselines.contract import Baseline, FittedBaseline, Labelled
from bedside.baselines.features import describe_inputs
from bedside.registry import Registry

REGISTRY: Registry[type[Baseline]] = Registry(
    "baseline",
    {
        "majority": "bedside.baselines.majority:Majority",
        "logistic": "bedside.baselines.logistic:Logistic",
        "boosted-trees": "bedside.baselines.boosted_trees:BoostedTrees",
    },
)

__all__ = ["REGISTRY", "Baseline", "FittedBaseline", "Labelled", "describe_inputs"]
