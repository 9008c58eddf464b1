"""A patient's recent readings -> the one forecast that can be made of them now.

Enters: tables of readings, one row a reading, with the columns that the package was
trained on; planned amounts may stand in rows after the last reading. Leaves: a `Case` a
patient: its last window. Reader, clock and grid are those of training; no torch, no
pandas.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.data.csv_form import first_line, separator_of
from bedside.data.long_table import Columns, LongTable, read_long_table
from bedside.data.readings import ReadingFacts, in_stretches
from bedside.data.series import Grid, Segment, Stretch, ahead_of, cut
from bedside.data.units import PLAUSIBLE
from bedside.deployment.intake import Case
from bedside.errors import DataError, sentence
from bedside.schema import Reference

if TYPE_CHECKING:
    from bedside.deployment.package import Contents
    from bedside.schema import Sample, State


def reads_streams(contents: Contents) -> bool:
    """Whether a package forecasts from a table of readings."""
    return any(getattr(m, "long_table", False) for m in contents.modalities.values())


def find_streams(tables: Sequence[Path], contents: Contents) -> list[Case]:
    """The last window of every patient of some tables, in their order.

    Args:
        tables: CSV or TSV; without the patient's column a table is one person's.
        contents: of the package.

    Raises:
        DataError: a table is missing, damaged, or lacks a column.
    """
    return [
        case
        for number, path in enumerate(tables, start=1)
        for case in _of_table(path, contents, number=f"{number} of {len(tables)}")
    ]


def _of_table(path: Path, contents: Contents, *, number: str) -> list[Case]:
    source = f"table {number}"  # a file's name may be the patient's
    ((name, plugin),) = contents.modalities.items()
    signal: Any = plugin
    state = contents.modality_states[name]
    patient = state.get("patient_column")
    if patient is not None and patient not in _header(path):
        patient = None
    columns = Columns(str(state["time_column"]), signal.channels(), patient)
    table = read_long_table(path, columns, source=source)
    task: Any = contents.task
    facts = ReadingFacts(unit=signal.unit)
    cases = []
    for place, stretches in in_stretches(table, facts, to=task.unit or signal.unit):
        label = str(path) if patient is None else table.patients[place]
        where = source if patient is None else f"patient {place + 1} of {source}"
        try:
            _refuse_unfit(table, place, signal, where=where)
            sample, beside = _last_window(stretches, signal, state, where=where)
            cases.append(Case(label, where, {name: sample}, beside=beside))
        except DataError as error:
            cases.append(Case(label, where, problem=str(error)))
    return cases


def _header(path: Path) -> list[str]:
    """Column names as they stand; what is wrong with the table is told by its reader."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            line = stream.readline()
    except (OSError, UnicodeDecodeError):
        return []
    separator = separator_of(first_line(line), path.suffix)
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]


def _refuse_unfit(table: LongTable, place: int, signal: Any, *, where: str) -> None:
    """Stop where readings cannot be in the package's unit, or are none."""
    values = table.values[table.patient == place, 0]
    values = values[np.isfinite(values)]
    limits = PLAUSIBLE[signal.unit]
    odd = (values <= 0) | (values >= limits.highest) | limits.is_of_other_unit(values)
    if odd.any():
        raise DataError(
            sentence(
                f"{where}, column '{signal.column}'",
                expected=f"readings in {signal.unit} that a device can show",
                got=f"{int(odd.sum())} others",
                remedy=f"Convert them to {signal.unit}, or leave those cells blank",
            )
        )


def _last_window(
    stretches: Sequence[Stretch], signal: Any, state: State, *, where: str
) -> tuple[Sample, dict[str, list[str | float]]]:
    """The last window of one patient, and what stands beside each step of its forecast.

    Raises:
        DataError: the readings before the last one are too few.
    """
    grid = Grid(signal.every_minutes, signal.longest_gap_minutes, 1, signal.channels())
    history, ahead = int(state["history_steps"]), int(state["horizon_steps"])
    last = _last_segment(stretches, grid)
    if last is None or len(last[0]) < history:
        found = 0 if last is None else len(last[0])
        raise DataError(
            sentence(
                where,
                expected=f"{history * grid.every_minutes} minutes of readings up to the last one, "
                f"without a gap of more than {grid.longest_gap_minutes}",
                got=str(found * grid.every_minutes),
                remedy="Wait for more readings, or give more of the past",
            )
        )
    segment, stretch = last
    values = np.concatenate([segment.values, ahead_of(segment, stretch, grid, steps=ahead)])
    content = {"values": values, "first_minute": segment.first_minute}
    sample: Sample = signal.read(Reference(where, content))
    now = segment.first_minute + (len(segment) - 1) * grid.every_minutes
    steps = now + grid.every_minutes * np.arange(1, ahead + 1)
    beside: dict[str, list[str | float]] = {
        "last_reading": [_clock(now)] * ahead,
        "last_value": [float(f"{segment.values[-1, 0]:.6g}")] * ahead,
        "time": [_clock(step) for step in steps],
    }
    return sample, beside


def _last_segment(stretches: Sequence[Stretch], grid: Grid) -> tuple[Segment, Stretch] | None:
    """The segment that ends with the last reading."""
    for stretch in reversed(stretches):
        segments = list(cut(stretch, grid, to_last=True))
        if segments:
            return segments[-1], stretch
    return None


def _clock(minute: Any) -> str:
    return str(np.datetime64(int(minute), "m")).replace("T", " ")
