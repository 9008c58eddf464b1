"""Evaluation: how good a prediction is, and how sure one can be of that.

A metric is one pure function and one line of a table below: ``(column, weights) ->
(R,)`` of a class, label or yes-or-no question in the first; of several classes that are
not the mean of their one-against-rest columns in the second; ``(windows, weights) ->
(R,)`` of a forecast in the third, of a forecast of glucose in the fourth, and of the
events within its whole horizon in the fifth; ``(summaries, weights) -> (R,)`` of summaries
in the sixth, and of the findings that they state in the seventh; ``(outlines, weights,
structure) -> (R,)`` of masks in the eighth; ``(tagged, weights) -> (R,)`` of entities in the
ninth; ``(surprises, weights) -> (R,)`` of language models in the tenth.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from bedside.registry import Registry
from bedside.schema import Array, Prediction, Targets

if TYPE_CHECKING:
    from bedside.evaluation.classification import Column
    from bedside.evaluation.entities import Tagged
    from bedside.evaluation.language import Surprises
    from bedside.evaluation.outlines import Outlines
    from bedside.evaluation.summaries import Summaries
    from bedside.evaluation.windows import Windows

ColumnMetric: TypeAlias = "Callable[[Column, Array], Array]"
ClassesMetric: TypeAlias = Callable[[Targets, Prediction, Array], Array]
ForecastMetric: TypeAlias = "Callable[[Windows, Array], Array]"
SummaryMetric: TypeAlias = "Callable[[Summaries, Array], Array]"
EntityMetric: TypeAlias = "Callable[[Tagged, Array], Array]"
LanguageMetric: TypeAlias = "Callable[[Surprises, Array], Array]"


class MaskMetric(Protocol):
    """A metric of masks: of all structures together, or of one."""

    def __call__(self, own: Outlines, weights: Array, structure: int | None = None) -> Array:
        """Outlines of n cases, weights (R, n) -> (R,)."""
        ...


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
        "calibration_slope": "bedside.evaluation.calibration_line:calibration_slope",
        "calibration_intercept": "bedside.evaluation.calibration_line:calibration_intercept",
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
OF_GLUCOSE: Registry[ForecastMetric] = Registry(
    "metric_of_glucose",
    {
        "clarke_a": "bedside.evaluation.error_grids:clarke_a",
        "clarke_b": "bedside.evaluation.error_grids:clarke_b",
        "clarke_c": "bedside.evaluation.error_grids:clarke_c",
        "clarke_d": "bedside.evaluation.error_grids:clarke_d",
        "clarke_e": "bedside.evaluation.error_grids:clarke_e",
        "clarke_ab": "bedside.evaluation.error_grids:clarke_ab",
        "parkes_a": "bedside.evaluation.error_grids:parkes_a",
        "parkes_b": "bedside.evaluation.error_grids:parkes_b",
        "parkes_c": "bedside.evaluation.error_grids:parkes_c",
        "parkes_d": "bedside.evaluation.error_grids:parkes_d",
        "parkes_e": "bedside.evaluation.error_grids:parkes_e",
        "parkes_ab": "bedside.evaluation.error_grids:parkes_ab",
        "parkes_type2_a": "bedside.evaluation.error_grids:parkes_type2_a",
        "parkes_type2_b": "bedside.evaluation.error_grids:parkes_type2_b",
        "parkes_type2_c": "bedside.evaluation.error_grids:parkes_type2_c",
        "parkes_type2_d": "bedside.evaluation.error_grids:parkes_type2_d",
        "parkes_type2_e": "bedside.evaluation.error_grids:parkes_type2_e",
        "parkes_type2_ab": "bedside.evaluation.error_grids:parkes_type2_ab",
    },
)
_EVENTS = "bedside.evaluation.glucose_events"
OF_GLUCOSE_EVENTS: Registry[ForecastMetric] = Registry(
    "metric_of_glucose_events",
    {
        "hypo_sensitivity": f"{_EVENTS}:hypo_sensitivity",
        "hypo_ppv": f"{_EVENTS}:hypo_ppv",
        "hypo_lead_minutes": f"{_EVENTS}:hypo_lead_minutes",
        "hypo_false_alarms_per_day": f"{_EVENTS}:hypo_false_alarms_per_day",
        "hyper_sensitivity": f"{_EVENTS}:hyper_sensitivity",
        "hyper_ppv": f"{_EVENTS}:hyper_ppv",
        "hyper_lead_minutes": f"{_EVENTS}:hyper_lead_minutes",
        "hyper_false_alarms_per_day": f"{_EVENTS}:hyper_false_alarms_per_day",
    },
)
_SUMMARIES = "bedside.evaluation.summaries"
OF_SUMMARIES: Registry[SummaryMetric] = Registry(
    "metric_of_summaries",
    {
        "rouge1": f"{_SUMMARIES}:rouge1",
        "rouge2": f"{_SUMMARIES}:rouge2",
        "rougeL": f"{_SUMMARIES}:rouge_l",
        "words": f"{_SUMMARIES}:words_written",
        "copied_words": f"{_SUMMARIES}:copied_words",
    },
)
OF_FINDINGS: Registry[SummaryMetric] = Registry(
    "metric_of_findings",
    {
        "findings_f1": f"{_SUMMARIES}:findings_f1",
        "findings_sensitivity": f"{_SUMMARIES}:findings_sensitivity",
        "findings_ppv": f"{_SUMMARIES}:findings_ppv",
        "dropped_all": f"{_SUMMARIES}:dropped_all",
        "false_findings": f"{_SUMMARIES}:false_findings",
        "unsupported_findings": f"{_SUMMARIES}:unsupported_findings",
    },
)
_OUTLINES = "bedside.evaluation.outlines"
OF_MASKS: Registry[MaskMetric] = Registry(
    "metric_of_masks",
    {
        "dice": f"{_OUTLINES}:dice",
        "surface_dice": f"{_OUTLINES}:surface_dice",
        "hd95_mm": f"{_OUTLINES}:hd95_mm",
        "assd_mm": f"{_OUTLINES}:assd_mm",
        "volume_error_ml": f"{_OUTLINES}:volume_error_ml",
        "volume_difference_ml": f"{_OUTLINES}:volume_difference_ml",
        "hd95_px": f"{_OUTLINES}:hd95_mm",
        "assd_px": f"{_OUTLINES}:assd_mm",
        "area_error_mm2": f"{_OUTLINES}:area_error",
        "area_difference_mm2": f"{_OUTLINES}:area_difference",
        "area_error_px": f"{_OUTLINES}:area_error",
        "area_difference_px": f"{_OUTLINES}:area_difference",
        "quality_error": f"{_OUTLINES}:quality_error",
        "quality_rank": f"{_OUTLINES}:quality_rank",
    },
)
_ENTITIES = "bedside.evaluation.entities"
OF_ENTITIES: Registry[EntityMetric] = Registry(
    "metric_of_entities",
    {
        "entity_f1": f"{_ENTITIES}:entity_f1",
        "entity_precision": f"{_ENTITIES}:entity_precision",
        "entity_recall": f"{_ENTITIES}:entity_recall",
        "relaxed_f1": f"{_ENTITIES}:relaxed_f1",
        "relaxed_precision": f"{_ENTITIES}:relaxed_precision",
        "relaxed_recall": f"{_ENTITIES}:relaxed_recall",
        "entity_ece": f"{_ENTITIES}:entity_ece",
    },
)
_LANGUAGE = "bedside.evaluation.language"
OF_LANGUAGE: Registry[LanguageMetric] = Registry(
    "metric_of_language",
    {
        "perplexity": f"{_LANGUAGE}:perplexity",
        "bits_per_token": f"{_LANGUAGE}:bits_per_token",
        "perplexity_known": f"{_LANGUAGE}:perplexity_known",
        "unknown_tokens": f"{_LANGUAGE}:unknown_tokens",
    },
)
PRIMARY = "auroc"
LOWER_IS_BETTER = frozenset(
    {
        *("brier", "ece"),
        *("rmse_pooled", "mae_pooled", "rmse_median_window", "mae_median_window", "mard"),
        *("width_80", "width_95", "hypo_false_alarms_per_day", "hyper_false_alarms_per_day"),
        *("dropped_all", "false_findings", "unsupported_findings"),
        *("hd95_mm", "assd_mm", "volume_error_ml", "quality_error"),
        *("hd95_px", "assd_px", "area_error_px", "area_error_mm2"),
        *("entity_ece", "perplexity", "bits_per_token", "unknown_tokens"),
    }
)
SHARES = frozenset(
    {
        *("auroc", "auprc", "accuracy", "balanced_accuracy", "sensitivity", "specificity"),
        *("ppv", "npv", "f1", "coverage_80", "coverage_95"),
        *("rouge1", "rouge2", "rougeL", "findings_f1", "findings_sensitivity", "findings_ppv"),
        *("dice", "surface_dice", "entity_f1", "entity_precision", "entity_recall"),
        *("relaxed_f1", "relaxed_precision", "relaxed_recall"),
    }
)
RAISED_BY_NOISE = frozenset({"ece", "entity_ece"})


def metric_names(registry: Registry[Any] = REGISTRY) -> list[str]:
    """All metrics of a table: ours in its order, then third parties'."""
    ours = list(registry.table)
    return [*ours, *(name for name in registry.names() if name not in ours)]


def lower_is_better(metric: str) -> bool:
    """Say whether a smaller value is the better one; ``brier_<class>`` counts as ``brier``."""
    return _one_of(metric, LOWER_IS_BETTER)


def is_share(metric: str) -> bool:
    """Say whether a metric lies between 0 and 1 by its definition."""
    return _one_of(metric, SHARES)


def raised_by_noise(metric: str) -> bool:
    """Say whether chance alone makes a metric larger, as it does errors measured in bins."""
    return _one_of(metric, RAISED_BY_NOISE)


def _one_of(metric: str, names: frozenset[str]) -> bool:
    return any(metric == name or metric.startswith(f"{name}_") for name in names)
