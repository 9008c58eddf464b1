"""Predictions on disk: one row per scored case, the truth beside the answer."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from bedside.run_folder import atomic

if TYPE_CHECKING:
    from pathlib import Path

    from bedside.data.cohort import Cohort
    from bedside.schema import Array, Prediction, State, Targets, Task


def write_predictions_table(
    path: Path,
    prediction: Prediction,
    *,
    task: Task,
    state: State,
    targets: Targets,
    cohort: Cohort,
    rows: Array,
) -> None:
    """Write ``case_id, patient_id?, row, truth…, probability…, decision…`` atomically.

    Args:
        path: the CSV file.
        prediction: of n cases.
        task: names the columns.
        state: the task's calibrated state.
        targets: of the same n cases.
        cohort: the whole cohort.
        rows: (n,) rows of the cohort.
    """
    columns: dict[str, Array] = {"case_id": cohort.ids()[rows]}
    if (patients := cohort.patients()) is not None:
        columns["patient_id"] = patients[rows]
    columns["row"] = rows + cohort.first_row
    columns |= task.truth_rows(targets)
    columns |= task.rows(prediction, state)
    with atomic(path) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        for cells in zip(*columns.values(), strict=True):
            writer.writerow([f"{c:.7g}" if isinstance(c, float) else c for c in cells])
