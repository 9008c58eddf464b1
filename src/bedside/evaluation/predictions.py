"""Predictions on disk: the truth beside the answer of every scored case."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np

from bedside.run_folder import atomic

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bedside.data.cohort import Cohort
    from bedside.evaluation.kinds import Answers
    from bedside.schema import Array, Task


def write_predictions_table(
    path: Path,
    answers: Answers,
    *,
    task: Task,
    cohort: Cohort,
    further: Mapping[str, Array] | None = None,
) -> None:
    """Write ``case_id, patient_id?, row, truth…, prediction…`` atomically.

    A task whose columns hold several entries a case (a forecast: one a step) gets as many
    lines a case, with the same id.

    Args:
        path: the CSV file.
        answers: of n cases, with their rows of the cohort.
        task: names the columns.
        cohort: the whole cohort.
        further: last columns, as long as the task's own.
    """
    rows = answers.rows
    own = {
        **task.truth_rows(answers.targets),
        **task.rows(answers.prediction, answers.state),
        **(further or {}),
    }
    lines = max(map(len, own.values()), default=len(rows)) // max(len(rows), 1)
    columns: dict[str, Array] = {"case_id": cohort.ids()[rows]}
    if (patients := cohort.patients()) is not None:
        columns["patient_id"] = patients[rows]
    columns["row"] = rows + cohort.first_row
    columns = {name: np.repeat(column, lines) for name, column in columns.items()} | own
    with atomic(path) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        for cells in zip(*columns.values(), strict=True):
            writer.writerow([f"{c:.7g}" if isinstance(c, float) else c for c in cells])
