"""One patient's readings as a forecasting package sees them.

Enters: a package and a CSV of one patient's readings, one row a reading. Leaves: every
forecast the package would have made, with what came; or the sentence that says why the
readings cannot be trusted. The reader, the grid and the windows are those of a study;
no torch, no pandas.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.data.csv_form import first_line, separator_of
from bedside.data.long_table import Columns, LongTable, read_long_table
from bedside.data.readings import ReadingFacts, arrange
from bedside.data.series import Grid, Series
from bedside.data.windows import Picked, Windows
from bedside.errors import DataError, PackageError, Problems, sentence
from bedside.schema import Array, Reference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedside.deployment.package import Contents
    from bedside.schema import Arrays, Network, Rows, State, Targets

BATCH = 1024
MOST_WINDOWS = 50_000
"""More windows of one patient are thinned out evenly."""
SOURCE = "the patient's table"
"""In messages, since a file's name may be the patient's."""


@dataclass(frozen=True)
class Past:
    """N forecasts of one patient, in the order of time, and what came.

    Args:
        arrays: what the model saw, (N, ...) each; looked up when asked for.
        targets: ``truth``, ``known`` (N, S), ``last`` and ``minute`` (N,).
        quantiles: (N, S, Q) of the package.
        minute: (N,) local clock minutes of each forecast.
        every_minutes: from one forecast to the next where nothing is missing.
        horizon_minutes: how far a forecast reaches.
    """

    arrays: Mapping[str, Rows]
    targets: Targets
    quantiles: Array
    minute: Array
    every_minutes: int
    horizon_minutes: int

    def __len__(self) -> int:
        return len(self.minute)

    @property
    def days(self) -> float:
        """Days' worth of forecasts."""
        return len(self) * self.every_minutes / (24 * 60)


def forecast_past(contents: Contents, networks: Mapping[str, Network], table: Path) -> Past:
    """Read a patient's readings and forecast from each of them.

    Args:
        contents: of the package.
        networks: of the package, open in an engine.
        table: CSV or TSV with the columns that the package was trained on; the patient's
            column may be missing.

    Raises:
        PackageError: the package makes no forecasts.
        DataError: the table is damaged, holds several patients or readings of another
            unit, or no window.
    """
    if not hasattr(contents.task, "windowed"):
        raise PackageError(
            sentence(
                "package.json, task",
                expected="forecast",
                got="another",
                remedy="Give the package of a study whose target.task is forecast",
            )
        )
    ((name, signal),) = contents.modalities.items()
    own: Any = signal
    state, task = contents.modality_states[name], contents.task
    forecast: Any = task
    steps = (int(state["history_steps"]), int(state["horizon_steps"]))
    readings = _read(table, own, state)
    grid = Grid(own.every_minutes, own.longest_gap_minutes, sum(steps), own.channels())
    arranged = arrange(readings, grid, unit=own.unit, to=forecast.unit or own.unit)
    _refuse_unfit(arranged.facts, signal=own)
    series = arranged.series
    starts, segments, stride = _places(series, sum(steps))
    targets = forecast.windowed(
        series, starts, segments, history=steps[0], unit=str(forecast.unit or own.unit)
    )
    whole = _end_to_end(own, state, series)
    arrays: dict[str, Rows] = {}
    for key, points in whole.items():
        begin, end = own.reach(state)[key]
        arrays[f"{name}.{key}"] = (
            Picked(points, starts, begin)
            if end - begin == 1
            else Windows(points, starts, end - begin, begin)
        )
    return Past(
        arrays=arrays,
        targets=targets,
        quantiles=_quantiles(contents, networks, arrays),
        minute=np.asarray(targets.arrays["minute"][:]),
        every_minutes=stride * series.every_minutes,
        horizon_minutes=steps[1] * series.every_minutes,
    )


def _read(table: Path, signal: Any, state: State) -> LongTable:
    """The readings; the patient's column may be missing, since there is one patient."""
    patient = state.get("patient_column")
    if patient is not None and patient not in _header(table):
        patient = None
    columns = Columns(time=str(state["time_column"]), channels=signal.channels(), patient=patient)
    readings = read_long_table(table, columns, source=SOURCE)
    if len(readings.patients) > 1:
        raise DataError(
            sentence(
                f"column '{patient}' of {SOURCE}",
                expected="one patient",
                got=f"{len(readings.patients)}",
                remedy="Write each patient's readings to a table of their own",
            )
        )
    return readings


def _header(table: Path) -> list[str]:
    """Column names as they stand; what is wrong with the table is told by its reader."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            line = stream.readline()
    except (OSError, UnicodeDecodeError):
        return []
    separator = separator_of(first_line(line), table.suffix)
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]


def _refuse_unfit(facts: ReadingFacts, *, signal: Any) -> None:
    """Stop where readings cannot be what the package learnt from: all faults at once."""
    problems = Problems(DataError)
    column = f"column '{signal.column}' of {SOURCE}"
    expected, remedy = f"readings in {signal.unit}", f"Convert all to {signal.unit}"
    if facts.odd_patients:  # then each reading looks wrong, too
        got = "a median that is of another unit"
        raise DataError(sentence(column, expected=expected, got=got, remedy=remedy))
    if facts.impossible.count:
        problems.add(
            column,
            expected="readings that a sensor can show",
            got=f"{facts.impossible.count} others (the first in row {facts.impossible.rows[0]})",
            remedy="Leave those cells blank",
        )
    if facts.other_unit.count:
        got = f"{facts.other_unit.count} of another unit (the first in row "
        got += f"{facts.other_unit.rows[0]})"
        problems.add(column, expected=expected, got=got, remedy=remedy)
    if facts.clock_backwards.count:
        backwards = facts.clock_backwards
        problems.add(
            f"the times of {SOURCE}",
            expected="a clock that goes forward, to tell first days from later ones",
            got=f"{backwards.count} jump{'s' * (backwards.count > 1)} back "
            f"(the first in row {backwards.rows[0]})",
            remedy="Correct the times, or give the readings after the last jump alone",
        )
    problems.raise_if_any()


def _places(series: Series, steps: int) -> tuple[Array, Array, int]:
    """Begin and segment of every window in the order of time, and the steps between two."""
    begins, segments = [np.zeros(0, np.int64)], [np.zeros(0, np.int32)]
    for segment, length in enumerate(series.lengths.tolist()):
        own = np.arange(length - steps + 1, dtype=np.int64)
        begins.append(series.begins[segment] + own)
        segments.append(np.full(len(own), segment, dtype=np.int32))
    starts, whose = np.concatenate(begins), np.concatenate(segments)
    if not len(starts):
        raise DataError(
            sentence(
                SOURCE,
                expected=f"{steps * series.every_minutes} minutes of readings without a long gap, "
                "the history and the horizon of one forecast",
                got="none",
                remedy="Give more of the patient's readings",
            )
        )
    stride = -(-len(starts) // MOST_WINDOWS)
    first = series.minutes - series.begins[:-1] * series.every_minutes
    order = np.argsort(first[whose] + starts * series.every_minutes, kind="stable")[::stride]
    return starts[order], whose[order], stride


def _end_to_end(signal: Any, state: State, series: Series) -> dict[str, Array]:
    """Prepared arrays of all segments, (T, ...) each, as the series has them."""
    pieces: dict[str, list[Array]] = {}
    for segment, first in enumerate(series.minutes.tolist()):
        values = series.values[series.rows(segment)]
        content = {"values": values, "first_minute": first}
        sample = signal.read(Reference(f"segment {segment + 1}", content))
        for key, own in signal.series(sample, state).items():
            pieces.setdefault(key, []).append(own)
    return {key: np.concatenate(own) for key, own in pieces.items()}


def _quantiles(
    contents: Contents, networks: Mapping[str, Network], arrays: Mapping[str, Rows]
) -> Array:
    count = len(next(iter(arrays.values())))
    found = []
    for start in range(0, count, BATCH):
        rows = slice(start, start + BATCH)
        batch: Arrays = {name: values[rows] for name, values in arrays.items()}
        answer = contents.task.infer(networks, batch, contents.task_state)
        found.append(answer.arrays["quantiles"])
    return np.concatenate(found)
