"""Evaluation: how good a prediction is, and how sure one can be of that.

A metric is one pure function ``(column, weights) -> (R,)`` and one line of the
table below. Metrics of several classes that are not the mean of their
one-against-rest columns stand in the second table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from bedside.registry import Registry
from bedside.schema import Array, Prediction, Targets

if TYPE_CHECKING:
    from bedside.evaluation.classification import Column

ColumnMetric: TypeAlias = "Callable[[Column, Array], Array]"
ClassesMetric: TypeAlias = Callable[[Targets, Prediction, Array], Array]

REGISTRY: Registry[ColumnMetric] = Registry(
    "metric",
    {
        "auroc": "bedside.evaluation.classification:auroc",
        "auprc": "bedside.evaluation.classification:auprc",
        "accuracy": "bedside.evaluation.classification:accuracy",
        "balanced_accuracy": "bedside.evaluation.classification:balanced_accuracy",
        "sensitivity": "bedside.evaluation.classification:sensitivity",
        "specificity": "bedside.evaluation.classification:specificity",
        "ppv": "bedside.evaluation.classification:ppv",
        "npv": "bedside.evaluation.classification:npv",
        "f1": "bedside.evaluation.classification:f1",
        "brier": "bedside.evaluation.classification:brier",
        "ece": "bedside.evaluation.classification:ece",
    },
)
OF_CLASSES: Registry[ClassesMetric] = Registry(
    "metric_of_classes",
    {
        "accuracy": "bedside.evaluation.several_classes:accuracy_of_classes",
        "balanced_accuracy": "bedside.evaluation.several_classes:balanced_accuracy_of_classes",
        "brier": "bedside.evaluation.several_classes:brier_of_classes",
        "ece": "bedside.evaluation.several_classes:ece_of_classes",
    },
)
PRIMARY = "auroc"
LOWER_IS_BETTER = frozenset({"brier", "ece"})


def metric_names() -> list[str]:
    """All metrics: ours in the table's order, then third parties'."""
    ours = list(REGISTRY.table)
    return [*ours, *(name for name in REGISTRY.names() if name not in ours)]


def lower_is_better(metric: str) -> bool:
    """Say whether a smaller value is the better one; ``brier_<class>`` counts as ``brier``."""
    return any(metric == name or metric.startswith(f"{name}_") for name in LOWER_IS_BETTER)
