"""From the study's `data` section to a cohort of segments.

Enters: a `Study` whose input is a signal in a long table. Leaves: a `Cohort` of one
case a segment, with the series behind them and what was wrong with the readings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bedside.data.cohort import Cohort
from bedside.data.long_table import Collector, Columns, LongTable, read_long_table, require
from bedside.data.readings import Arranged, arrange
from bedside.data.series import Grid
from bedside.data.synthetic import make_cohort
from bedside.data.table_source import PARQUET_SUFFIXES, TEXT_SUFFIXES
from bedside.errors import DataError, StudyError, sentence
from bedside.registry import lookup
from bedside.study import parse_options

if TYPE_CHECKING:
    from pathlib import Path

    from bedside.study import Study

FRAME_ROWS = 500_000


def has_long_table(study: Study) -> bool:
    """Whether any input is read from a long table."""
    modalities = lookup("modalities")
    return any(
        section.modality in modalities.names()
        and getattr(modalities.load(section.modality), "long_table", False)
        for section in study.inputs.values()
    )


def load_series_cohort(study: Study) -> Cohort:
    """Read the readings of a study and cut them into segments.

    Raises:
        StudyError: a column or a unit is not said, or the study mixes a series with
            inputs of another kind.
        DataError: the table is damaged, or no segment is long enough for one window.
    """
    signal, task = _plug_ins(study)
    columns = _columns(study, signal)
    table = _read(study, columns)
    needed = signal.history_steps + task.horizon_steps(signal.every_minutes)
    shortest = signal.shortest_minutes
    wanted = needed if shortest == "auto" else max(needed, shortest // signal.every_minutes)
    grid = Grid(signal.every_minutes, signal.longest_gap_minutes, wanted, signal.channels())
    arranged = arrange(table, grid, unit=signal.unit, to=task.unit or signal.unit)
    if not len(arranged.series):
        raise DataError(
            sentence(
                table.source,
                expected=f"a segment of at least {wanted * signal.every_minutes} minutes, the "
                "history and the horizon together",
                got=f"none above {arranged.longest * signal.every_minutes}",
                remedy="Lower inputs.<name>.history_minutes or target.horizon_minutes, or raise "
                "longest_gap_minutes",
            )
        )
    return _cohort(study, table, arranged)


def _plug_ins(study: Study) -> tuple[Any, Any]:
    """The one signal and the task, with the study's options."""
    if len(study.inputs) > 1:
        raise StudyError(
            sentence(
                "inputs",
                expected="one signal, since data.table is a long table of readings",
                got=f"{len(study.inputs)} inputs",
                remedy="List further columns under its observed or known_ahead",
            )
        )
    ((name, section),) = study.inputs.items()
    kind = lookup("modalities").load(section.modality)
    signal = parse_options(kind, section.model_dump(), where=f"inputs.{name}.")
    if signal.unit is None:
        raise StudyError(f"inputs.{name}.unit: missing. Say mg/dL or mmol/L.")
    task = parse_options(
        lookup("tasks").load(study.target.task), study.target.model_dump(), where="target."
    )
    if not hasattr(task, "horizon_steps"):
        raise StudyError(
            sentence(
                "target.task",
                expected="forecast, for a signal in a long table",
                got=f"'{study.target.task}'",
                remedy="Write target: {task: forecast}",
            )
        )
    return signal, task


def _columns(study: Study, signal: Any) -> Columns:
    missing = [f"data.{key}" for key in ("patient", "time") if getattr(study.data, key) is None]
    if missing:
        raise StudyError(
            f"{missing[0]}: missing. Name the column of the long table that says "
            f"{'whose a reading is' if missing[0] == 'data.patient' else 'when it was made'}."
        )
    attributes = [*study.evaluation.subgroups, study.data.site]
    return Columns(
        time=str(study.data.time),
        channels=signal.channels(),
        patient=study.data.patient,
        part=study.split.column,
        attributes=tuple(dict.fromkeys(name for name in attributes if name is not None)),
    )


def _read(study: Study, columns: Columns) -> LongTable:
    data = study.data
    if data.synthetic is not None:
        made = make_cohort(data.synthetic, patients=data.patients, seed=data.seed, days=data.days)
        return _from_frame(made.table, columns, source=f"synthetic {data.synthetic}", first_row=0)
    if data.table is None:
        raise StudyError(
            sentence(
                f"data.{data.source}",
                expected="data.table, a long table of readings, for an input of modality signal",
                got=f"data.{data.source}",
                remedy="Name the table",
            )
        )
    path = data.table
    if path.suffix.lower() in PARQUET_SUFFIXES:
        return _from_frame(_parquet(path), columns, source=path.name, first_row=1)
    if path.suffix.lower() not in TEXT_SUFFIXES:
        raise StudyError(
            sentence(
                f"data.table {path.name}",
                expected="a .csv, .tsv or .parquet file",
                got=f"'{path.suffix}'" if path.suffix else "no suffix",
                remedy="Save the table as CSV in UTF-8",
            )
        )
    return read_long_table(path, columns)


def _parquet(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise DataError(
            sentence(
                path.name,
                expected="a readable Parquet file",
                got=f"a damaged one or none ({type(error).__name__})",
                remedy="Write it again",
            )
        ) from None


def _from_frame(frame: pd.DataFrame, columns: Columns, *, source: str, first_row: int) -> LongTable:
    """A table in memory: times and numbers keep their types, all else is text."""
    require(columns, [str(name) for name in frame.columns], source=source)
    collector = Collector(columns, source, first_row)
    for start in range(0, len(frame), FRAME_ROWS):
        chunk = frame.iloc[start : start + FRAME_ROWS]
        collector.add({name: _cells(chunk[name]) for name in columns.all()})
    return collector.table()


def _cells(column: pd.Series) -> Any:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column.dt.tz_localize(None).to_numpy(dtype="datetime64[s]")
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return column.astype("str").fillna("").tolist()


def _cohort(study: Study, table: LongTable, arranged: Arranged) -> Cohort:
    series = arranged.series
    names = np.asarray(table.patients, dtype=str)[arranged.patient]
    numbers = arranged.number.astype(str)
    starts = series.minutes.astype("datetime64[m]")
    cases = pd.DataFrame(
        {
            "case_id": np.char.add(np.char.add(names, "/"), numbers),
            str(study.data.patient): names,
            str(study.data.time): np.datetime_as_string(starts),
            "steps": series.lengths,
        }
    )
    for column, cells in table.attributes.items():
        own = np.asarray(cells, dtype=object)[arranged.patient]
        cases[column] = pd.Series(own, dtype="str").where(own != "")
    return Cohort(
        cases=cases,
        source=table.source,
        first_row=1,
        patient=study.data.patient,
        site=study.data.site,
        time=study.data.time,
        series=series,
        readings=arranged.facts,
        noun="segment",
    )
