"""`bedside init` on a table of readings: a study that runs as it is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from bedside.data.guess import guess_study
from bedside.data.series_guess import find_series
from bedside.data.sources import load_cohort
from bedside.data.table_source import read_table
from bedside.errors import StudyError
from bedside.study import Study

from ..series_made import make_table


def guessed(path: Path) -> dict[str, Any]:
    words: dict[str, Any] = yaml.safe_load(guess_study(path))
    return words


def test_the_study_that_is_written_is_read_and_finds_the_segments(tmp_path: Path) -> None:
    path = make_table(tmp_path, patients=6)
    words = guessed(path)
    assert words["data"] == {"table": "readings.csv", "patient": "id", "time": "time"}
    assert words["inputs"]["glucose"] == {
        "modality": "signal", "column": "gl", "unit": "mg/dL", "every_minutes": 5,
        "longest_gap_minutes": 30, "history_minutes": 360, "time_of_day": True,
    }  # fmt: skip
    assert words["target"] == {"task": "forecast", "horizon_minutes": 60}
    assert words["split"]["by"] == "time_within_patient"
    assert words["split"]["held_out_patients"] == 0.1
    (tmp_path / "study.yaml").write_text(guess_study(path))
    assert len(load_cohort(Study.load(tmp_path / "study.yaml"))) == 6


@pytest.mark.parametrize(
    ("names", "scale", "every", "unit", "step"),
    [
        (("unique_id", "ds", "y"), 1.0, 5, "mg/dL", 5),
        (("Subject", "Timestamp", "CGM (mmol/L)"), 1 / 18, 15, "mmol/L", 15),
        (("device_id", "EventTime", "sgv"), 1.0, 1, "mg/dL", 1),
    ],
)
def test_names_units_and_steps_are_found(
    tmp_path: Path, names: tuple[str, str, str], scale: float, every: int, unit: str, step: int
) -> None:
    table = pd.read_csv(make_table(tmp_path, patients=2))
    base = pd.Timestamp("2024-03-01")
    table["time"] = [base + pd.Timedelta(minutes=every * (n % 260)) for n in range(len(table))]
    table["gl"] = (table["gl"] * scale).round(1)
    table.columns = list(names)
    table.to_csv(tmp_path / "other.csv", index=False)
    found = find_series(read_table(tmp_path / "other.csv"))
    assert found is not None
    assert (found.patient, found.time, found.column) == names
    assert (found.unit, found.every_minutes, found.patients) == (unit, step, 2)


def test_amounts_and_other_sensors_are_offered_not_used(tmp_path: Path) -> None:
    def some(rng: np.random.Generator, steps: int) -> np.ndarray:
        return rng.uniform(50, 90, size=steps)

    path = make_table(tmp_path, patients=2, carbs_g=some, heart_rate=some)
    text = guess_study(path)
    assert "# known_ahead: [carbs_g]" in text
    assert "# observed: [heart_rate]" in text
    assert "known_ahead" not in yaml.safe_load(text)["inputs"]["glucose"]
    assert "# held_out_patients: 0.1" in text  # of two patients none can be spared


@pytest.mark.parametrize(
    "change",
    [
        {"drop": "id"},
        {"drop": "time"},
        {"drop": "gl"},
        {"rows": 20},
        {"cells": ("time", "yesterday")},
        {"cells": ("gl", "high")},
    ],
)
def test_other_tables_are_no_series(tmp_path: Path, change: dict[str, Any]) -> None:
    table = pd.read_csv(make_table(tmp_path, patients=3))
    if "drop" in change:
        table = table.drop(columns=change["drop"])
    if "rows" in change:
        table = table.groupby("id").head(change["rows"])
    if "cells" in change:
        column, word = change["cells"]
        table[column] = word
    table.to_csv(tmp_path / "other.csv", index=False)
    assert find_series(read_table(tmp_path / "other.csv")) is None
    with pytest.raises(StudyError):
        guess_study(tmp_path / "other.csv")
