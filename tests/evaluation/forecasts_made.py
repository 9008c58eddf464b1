"""Made-up forecasts: series of a few patients, cut into windows, answered with known errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bedside.evaluation.kinds import Answers
from bedside.schema import Array, Arrays, Network, Prediction, State, Targets

LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
SCORES = (-1.96, -1.2816, 0.0, 1.2816, 1.96)
"""Of the normal distribution at those levels."""
STATE: State = {"levels": list(LEVELS), "unit": "mg/dL", "every_minutes": 5}


class MadeForecast:
    """The base half of a forecasting task, as the judge and the record use it."""

    primary = "rmse_pooled"
    baselines = ("persistence",)

    def __init__(self, **changes: Any) -> None:
        self.state = {**STATE, **changes}

    def fit(self, targets: Targets, *, balance: bool = True) -> State:
        return self.state

    def calibrate(self, outputs: Arrays, targets: Targets, state: State) -> State:
        bias = outputs["quantiles"][:, :, 2] - targets.arrays["truth"][:]
        return {**state, "bias": float(bias[targets.arrays["known"][:]].mean())}

    def calibrated(self, outputs: Arrays, state: State) -> Arrays:
        return {"quantiles": outputs["quantiles"] - state["bias"]}

    def infer(self, networks: Mapping[str, Network], arrays: Arrays, state: State) -> Prediction:
        quantiles = networks["network"](arrays)["quantiles"]
        return Prediction({"point": quantiles[:, :, 2], "quantiles": quantiles}, ("5", "10"))

    def rows(self, prediction: Prediction, state: State) -> dict[str, Array]:
        return {"predicted": prediction.arrays["point"].reshape(-1)}

    def truth_rows(self, targets: Targets) -> dict[str, Array]:
        truth = targets.arrays["truth"][:]
        minutes = np.tile(np.array(targets.names, dtype=object), len(truth))
        return {"minutes": minutes, "truth": truth.reshape(-1).astype(float)}


def windows_of(truth: Array, *, last: Array | None = None, minute: Array | None = None) -> Targets:
    """Targets of (N, S) values, every five minutes; by default one window each 5 minutes."""
    truth = np.asarray(truth, dtype=np.float32)
    steps = truth.shape[1]
    return Targets(
        {
            "truth": truth,
            "known": np.isfinite(truth),
            "last": np.asarray(truth[:, 0] if last is None else last, dtype=np.float32),
            "minute": np.arange(len(truth)) * 5 if minute is None else np.asarray(minute),
        },
        tuple(str(5 * (step + 1)) for step in range(steps)),
        "forecast",
    )


def answered(point: Array, spread: float | Array = 10.0) -> Prediction:
    """Normal quantiles of a standard deviation around a point (N, S)."""
    point = np.asarray(point, dtype=float)
    quantiles = point[:, :, None] + np.asarray(spread)[..., None] * np.array(SCORES)
    return Prediction({"point": point, "quantiles": quantiles}, ("5",))


def answers_of(
    truth: Array,
    point: Array,
    groups: Array | None = None,
    *,
    spread: float | Array = 10.0,
    rows: Array | None = None,
    state: State | None = None,
) -> Answers:
    """One model's answers; each window a patient of its own unless `groups` says otherwise."""
    groups = np.arange(len(truth)) if groups is None else np.asarray(groups)
    return Answers(
        windows_of(truth),
        answered(point, spread),
        groups,
        groups if rows is None else np.asarray(rows),
        STATE if state is None else state,
    )


def series(rng: np.random.Generator, *, patients: int, windows: int, steps: int = 12) -> Array:
    """(patients x windows, steps) readings around a level of each patient."""
    level = np.repeat(rng.normal(140, 30, patients), windows)[:, None]
    return level + rng.normal(0, 20, (patients * windows, 1)) + rng.normal(0, 5, (1, steps))
