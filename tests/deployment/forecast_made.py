"""A forecasting package of known worth, and patients whose truth is known.

Glucose here goes back to its mean by a fixed share each step, with noise. The package's
network forecasts just that, for the cohort's mean: nobody can do better on a patient of
the cohort. A patient whose sensor reads with an offset and a gain goes back to another
mean, which the best forecast knows and the package does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.special import ndtri
from torch import nn

from bedside.deployment.package import Contents, Facts
from bedside.deployment.packing import write_package
from bedside.modalities.signal import Signal
from bedside.tasks.forecast import Forecast

HISTORY, STEPS, EVERY = 24, 6, 5
MEAN, SPREAD, KEEPS = 140.0, 30.0, 0.95
NOISE = SPREAD * np.sqrt(1 - KEEPS**2)
LEVELS = [0.025, 0.1, 0.5, 0.9, 0.975]
KEPT = KEEPS ** np.arange(1, STEPS + 1)
SDS = SPREAD * np.sqrt(1 - KEPT**2)
PATIENT = "Huber-Maria-1957"


class BackToTheMean(nn.Module):
    """Quantiles (B, S, Q) of the cohort's process."""

    def __init__(self):
        super().__init__()
        self.kept = nn.Parameter(torch.tensor(KEPT, dtype=torch.float32))
        fan = SDS[:, None] * ndtri(LEVELS)[None]
        self.fan = nn.Parameter(torch.tensor(fan, dtype=torch.float32))

    def forward(self, arrays):
        last = arrays["glucose.values"][:, 0, -1:]
        median = MEAN + (last - MEAN) * self.kept
        return {"quantiles": median[:, :, None] + self.fan[None]}


def contents(unit="mg/dL"):
    signal = Signal(
        column="gl", unit=unit, every_minutes=EVERY, history_minutes=HISTORY * EVERY,
        time_of_day=False,
    )  # fmt: skip
    task = Forecast(horizon_minutes=STEPS * EVERY, unit="mg/dL")
    signal_state = {
        **signal.fit(signal.fake(np.random.default_rng(0), 3)),
        "horizon_steps": STEPS, "patient_column": "id", "time_column": "time",
    }  # fmt: skip
    task_state = {
        "kind": "forecast",
        "names": [str(EVERY * (step + 1)) for step in range(STEPS)],
        "levels": LEVELS,
        "unit": "mg/dL",
        "every_minutes": EVERY,
        "history_steps": HISTORY,
        "series": "glucose.values",
        "scale": float(np.sqrt(np.mean(SDS**2))),
        "level": MEAN,
        "moves": np.zeros((STEPS, len(LEVELS))).tolist(),
        "stretch": np.ones((STEPS, len(LEVELS))).tolist(),
    }
    facts = Facts(
        study="made", model="mean", created="2026-01-01T00:00:00+00:00", data_version="f00d",
        training_cases=1, split="by time_within_patient",
    )  # fmt: skip
    return Contents(
        {"glucose": signal}, {"glucose": signal_state}, task, task_state, facts, "# Card\n"
    )


def write_forecaster(folder: Path, *, unit: str = "mg/dL") -> Path:
    return write_package(folder, {"network": BackToTheMean()}, contents(unit)).folder


@dataclass
class Patient:
    """A patient's readings, to be written with whatever is wrong with them."""

    values: np.ndarray
    minutes: np.ndarray
    name: str | None = PATIENT

    def write(self, table: Path) -> Path:
        times = np.datetime64("2024-03-01T00:00") + self.minutes.astype("timedelta64[m]")
        own = [] if self.name is None else [self.name]
        lines = [",".join(["id", "time", "gl"][0 if own else 1 :])]
        lines += [
            ",".join([*own, str(t).replace("T", " "), f"{v:.3f}"])
            for t, v in zip(times, self.values, strict=True)
        ]
        table.write_text("\n".join(lines) + "\n")
        return table


def patient(days: float = 6, *, seed: int = 0, offset: float = 0.0, gain: float = 1.0) -> Patient:
    """Readings offset + gain * g, where g is of the cohort's process."""
    rng = np.random.default_rng(seed)
    count = round(days * 24 * 60 / EVERY)
    steps = rng.normal(scale=NOISE, size=count)
    found = np.empty(count)
    found[0] = MEAN
    for at in range(1, count):
        found[at] = MEAN + KEEPS * (found[at - 1] - MEAN) + steps[at]
    return Patient(offset + gain * found, np.arange(count) * EVERY)
