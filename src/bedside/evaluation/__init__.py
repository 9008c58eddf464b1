"""Evaluation: how good a prediction is, and how sure one can be of that.

A metric is one pure function and one line of a table below: ``(column, weights) ->
(R,)`` of a class, label or yes-or-no question in the first; of several classes that are
not the mean of their one-against-rest columns in the second; ``(windows, weights) ->
(R,)`` of a forecast in the third.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from bedside.registry import Registry
from bedside.schema import Array, Prediction, Targets

if TYPE_CHECKING:
    from bedside.evaluation.classification import Column
    from bedside.evaluation.windows import Windows

ColumnMetric: TypeAlias = "Callable[[Column, Array], Array]"
ClassesMetric: TypeAlias = Callable[[Targets, Prediction, Array], Array]
ForecastMetric: TypeAlias = "Callable[[Windows, Array], Array]"

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
OF_FORECASTS: Registry[ForecastMetric] = Registry(
    "metric_of_forecasts",
    {
        "rmse_pooled": "bedside.evaluation.forecasting:rmse_pooled",
        "mae_pooled": "bedside.evaluation.forecasting:mae_pooled",
        "rmse_median_window": "bedside.evaluation.forecasting:rmse_median_window",
        "mae_median_window": "bedside.evaluation.forecasting:mae_median_window",
        "mard": "bedside.evaluation.forecasting:mard",
        "coverage_80": "bedside.evaluation.forecasting:coverage_80",
        "coverage_95": "bedside.evaluation.forecasting:coverage_95",
        "width_80": "bedside.evaluation.forecasting:width_80",
        "width_95": "bedside.evaluation.forecasting:width_95",
    },
)
PRIMARY = "auroc"
LOWER_IS_BETTER = frozenset(
    {
        *("brier", "ece"),
        *("rmse_pooled", "mae_pooled", "rmse_median_window", "mae_median_window", "mard"),
        *("width_80", "width_95"),
    }
)


def metric_names(registry: Registry[Any] = REGISTRY) -> list[str]:
    """All metrics of a table: ours in its order, then third parties'."""
    ours = list(registry.table)
    return [*ours, *(name for name in registry.names() if name not in ours)]


def lower_is_better(metric: str) -> bool:
    """Say whether a smaller value is the better one; ``brier_<class>`` counts as ``brier``."""
    return any(metric == name or metric.startswith(f"{name}_") for name in LOWER_IS_BETTER)
