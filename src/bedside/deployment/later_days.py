"""Whether a patient's correction helped, on days it did not learn from.

Enters: a patient's forecasts of later days, and the adaptation. Leaves: error and
coverage before and after, and the change, each with an interval. There is one patient,
so blocks of time are drawn with replacement in place of patients: forecasts within a
block share their readings, those of different blocks hardly (Kuensch 1989,
doi:10.1214/aos/1176347265, with blocks that do not overlap, after Carlstein 1986,
doi:10.1214/aos/1176350057).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.deployment.adapting import block_of
from bedside.evaluation import forecasting
from bedside.evaluation.bootstrap import interval, patient_weights
from bedside.evaluation.windows import Windows
from bedside.tasks.correction import MEDIAN, moved

if TYPE_CHECKING:
    from bedside.deployment.adapting import Adaptation
    from bedside.deployment.patient import Past
    from bedside.schema import Array, State

METRICS = {
    "rmse_pooled": forecasting.rmse_pooled,
    "mae_pooled": forecasting.mae_pooled,
    "coverage_80": forecasting.coverage_80,
    "coverage_95": forecasting.coverage_95,
}
REPLICATES = 2000
CONFIDENCE = 0.95


def judge_later(
    past: Past, made: Array, adaptation: Adaptation, *, rows: Array, state: State
) -> dict[str, Any]:
    """Metric -> before, after and change, each with value, low and high.

    Args:
        past: the patient's forecasts.
        made: (N, F) terms of each.
        adaptation: what was learnt on first days.
        rows: those of later days.
        state: of the task.
    """
    before = _windows(past, rows, state=state)
    middle = list(state["levels"]).index(MEDIAN)
    shift = made[rows] @ adaptation.weights
    quantiles = moved(past.quantiles[rows], shift, scale=float(state["scale"]))
    # without the windows' caches, which hold what was computed of the model as it was
    empty: dict[str, Any] = {"_totals": {}, "_values": {}, "_kept": {}}
    after = replace(before, point=quantiles[:, :, middle], quantiles=quantiles, **empty)
    blocks = before.patient
    rng = np.random.default_rng(0)
    drawn = np.concatenate(list(patient_weights(blocks, replicates=REPLICATES, rng=rng)))
    first = np.unique(blocks, return_index=True)[1]
    weights = np.concatenate([np.ones((1, len(first))), drawn[:, first]])
    found: dict[str, Any] = {}
    for name, metric in METRICS.items():
        values = [metric(windows, weights) for windows in (before, after)]
        found[name] = {
            "before": _entry(values[0]),
            "after": _entry(values[1]),
            "change": _entry(values[1] - values[0]),
        }
    return found


def _windows(past: Past, rows: Array, *, state: State) -> Windows:
    targets = past.targets.arrays
    quantiles = past.quantiles[rows]
    minutes = tuple(int(name) for name in past.targets.names)
    return Windows(
        truth=targets["truth"][rows],
        known=targets["known"][rows],
        point=quantiles[:, :, list(state["levels"]).index(MEDIAN)],
        quantiles=quantiles,
        levels=tuple(state["levels"]),
        unit=str(state["unit"]),
        minutes=minutes,
        steps=tuple(range(len(minutes))),
        patient=block_of(past.minute[rows], past.horizon_minutes),
        segment=np.zeros(len(rows), dtype=np.int64),
        last=targets["last"][rows],
        minute=past.minute[rows],
    )


def _entry(values: Array) -> dict[str, float | None]:
    """The first value is the estimate, the others are its replicates."""
    span = interval(values[1:], CONFIDENCE)
    low, high = (None, None) if span is None else span
    value = float(values[0]) if np.isfinite(values[0]) else None
    return {"value": value, "low": low, "high": high}
