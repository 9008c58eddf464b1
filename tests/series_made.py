"""Made-up series for tests: a long table on disk, and windows in memory.

`glucose` swings with a period that a linear forecast can follow, with noise that it
cannot; each patient has a level and a phase of their own.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bedside.baselines.contract import Lesson
from bedside.data.series import Channel, Grid, Series, Stretch, cut
from bedside.data.windows import Windows
from bedside.schema import Array, State, Targets
from bedside.tasks.forecast import Forecast

START = np.datetime64("2024-03-01T00:00", "s")
EVERY = 5
SECRET = "Zyxwvski"
"""Stands in every patient's name, so that a test can prove where it never appears."""


def glucose(rng: np.random.Generator, steps: int) -> Array:
    """(T,) mg/dL, whole numbers, of one patient."""
    time = np.arange(steps)
    swing = 35 * np.sin(2 * np.pi * time / 40 + rng.uniform(0, 6.3))
    noise = np.convolve(rng.normal(size=steps + 2), [1.0, 0.7, 0.4], mode="valid") * 3
    return np.rint(np.clip(rng.uniform(120, 160) + swing + noise, 45, 390))


def make_table(
    folder: Path, *, patients: int = 4, steps: int = 260, seed: int = 0, **columns: Any
) -> Path:
    """Write ``readings.csv``: id, time, gl, and further columns (name -> maker of cells)."""
    rng = np.random.default_rng(seed)
    path = folder / "readings.csv"
    lines = [",".join(["id", "time", "gl", *columns])]
    for patient in range(patients):
        times = START + (np.arange(steps) * EVERY * 60).astype("timedelta64[s]")
        cells = [glucose(rng, steps), *(make(rng, steps) for make in columns.values())]
        for row, when in enumerate(times):
            values = ",".join(f"{c[row]:g}" if c[row] == c[row] else "" for c in cells)
            lines.append(f"{SECRET}-{patient},{str(when).replace('T', ' ')},{values}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def words(**sections: Any) -> dict[str, Any]:
    """A small study of the table, with some sections replaced."""
    return {
        "name": "sugar",
        "data": {"table": "readings.csv", "patient": "id", "time": "time"},
        "inputs": {
            "glucose": {
                "modality": "signal", "column": "gl", "unit": "mg/dL", "history_minutes": 60,
            }
        },
        "target": {"task": "forecast", "horizon_minutes": 15},
        "split": {"by": "time_within_patient", "held_out_patients": 0.25, "seed": 3},
        "training": {"epochs": 2, "precision": "float32"},
        "baselines": ["persistence", "least-squares"],
        "evaluation": {"bootstrap": 100},
        "device": "cpu",
        "threads": 1,
    } | sections  # fmt: skip


def series_of(values: Array, *, minutes: int = 600, every: int = EVERY) -> Series:
    """One segment that is all observed."""
    stretch = Stretch(minutes + np.arange(len(values)) * every, values[:, None].astype(float))
    grid = Grid(every, 3 * every, 1, (Channel("gl"),))
    return Series.joined(list(cut(stretch, grid)), grid)


def lesson(
    *, windows: int = 300, history: int = 12, horizon: int = 3, seed: int = 0, clock: bool = True
) -> tuple[Lesson, State]:
    """Windows of one series and the task's state fitted on them."""
    rng = np.random.default_rng(seed)
    series = series_of(glucose(rng, windows + history + horizon - 1))
    task = Forecast(horizon_minutes=horizon * EVERY)
    starts = np.arange(windows)
    targets = task.windowed(
        series, starts, np.zeros(windows, np.int32), history=history, unit="mg/dL"
    )
    targets = with_series(targets)
    arrays: dict[str, Any] = {"glucose.values": Windows(series.values, starts, history)}
    if clock:
        angle = 2 * np.pi * (targets.arrays["minute"][:] % 1440) / 1440
        arrays["glucose.clock"] = np.stack([np.sin(angle), np.cos(angle)], 1).astype(np.float32)
    return Lesson(arrays, targets), task.fit(targets)


def with_series(targets: Targets) -> Targets:
    """The targets, told which input their history stands in."""
    return replace(targets, facts={**targets.facts, "series": "glucose.values"})
