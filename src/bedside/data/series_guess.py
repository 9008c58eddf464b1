"""Is a table one of readings, one row each, and which column says what?

Enters: a table as text. Leaves: a `FoundSeries`, or None where rows are cases; and the
lines of a study that forecasts it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bedside.data.clock import parse_seconds
from bedside.data.column_roles import NAMES
from bedside.data.units import Unit

if TYPE_CHECKING:
    from bedside.data.raw_cases import RawCases
    from bedside.data.study_text import StudyText
    from bedside.schema import Array

PATIENT = f"id {NAMES['patient']} uniqueid user userid device deviceid"
TIME = f"ds {NAMES['time']} eventtime devicetimestamp measuredat recordedat localtime"
SERIES = (
    "gl glucose cgm sgv bg bloodglucose glucosevalue sensorglucose cgmglucose glucosemgdl "
    "glucosemmoll cgmmgdl cgmmmoll bgvalue bgmgdl bgmmoll y value"
)
PLANNED = "carb insulin bolus meal basal"
OBSERVED = "heartrate hr pulse step activity gsr temperature"
FEWEST_READINGS = 30
"""Rows of a patient, in the median, from which rows are readings and not cases."""
LOOKED_AT = 2000
READABLE = 0.98
STEPS = (1, 2, 3, 5, 10, 15, 20, 30, 60)
LARGEST_MMOL = 40.0
FEW_PATIENTS = 5


@dataclass(frozen=True)
class FoundSeries:
    """What the columns of a long table seem to say.

    Args:
        patient, time, column: whose, when, and the series itself.
        unit: by the size of its values.
        every_minutes: between two readings, in the median, as a usual step.
        patients: how many.
        planned, observed: further columns of numbers, by their names.
    """

    patient: str
    time: str
    column: str
    unit: Unit
    every_minutes: int
    patients: int
    planned: tuple[str, ...] = ()
    observed: tuple[str, ...] = ()


def find_series(raw: RawCases) -> FoundSeries | None:
    """Find readings in a table; None where it lacks a patient, a time or a series of numbers."""
    cases = raw.cases
    patient, time = _named(cases, PATIENT), _named(cases, TIME)
    if patient is None or time is None or patient == time:
        return None
    counts = cases[patient].value_counts()
    if counts.empty or counts.median() < FEWEST_READINGS:
        return None
    _, readable = parse_seconds(cases[time].dropna().head(LOOKED_AT).astype(str).tolist())
    if not readable.size or readable.mean() < READABLE:
        return None
    column = _named(cases.drop(columns=[patient, time]), SERIES)
    if column is None or not _is_numeric(cases[column]):
        return None
    values = pd.to_numeric(cases[column], errors="coerce")
    others = [name for name in cases.columns if name not in (patient, time, column)]
    return FoundSeries(
        patient,
        time,
        column,
        "mmol/L" if float(values.median()) < LARGEST_MMOL else "mg/dL",
        _step(cases, patient, time),
        len(counts),
        planned=tuple(n for n in others if _says(n, PLANNED) and _is_numeric(cases[n])),
        observed=tuple(n for n in others if _says(n, OBSERVED) and _is_numeric(cases[n])),
    )


def write_series(text: StudyText, found: FoundSeries, place: str) -> None:
    """Add data, inputs, target and split of a study that forecasts the series."""
    text.open("data", means="where the readings come from")
    text.add("table", place, means="a long table, one row a reading; relative to this file")
    text.add("patient", found.patient, means="whose: each patient's readings are a series")
    text.add("time", found.time, means="when, by the local clock")
    text.open("inputs", means="what the model sees; the names are yours")
    text.add("glucose", means="one input")
    text.add("modality", "signal", means="numbers over time, brought onto a grid", depth=2)
    text.add("column", found.column, means="the column that holds them", depth=2)
    text.add("unit", found.unit, means="guessed by their size: mg/dL or mmol/L", depth=2)
    step = found.every_minutes
    text.add("every_minutes", step, means="step of the grid", depth=2)
    text.add("longest_gap_minutes", max(30, 2 * step), means="longer gaps end a segment", depth=2)
    text.add("history_minutes", _whole(360, step), means="how far back the model sees", depth=2)
    text.add("time_of_day", True, means="tell the model the time of day", depth=2)
    if found.planned:
        means = "switch on only what is known beforehand, such as a planned meal"
        text.offer("known_ahead", list(found.planned), means=means, depth=2)
    if found.observed:
        text.offer("observed", list(found.observed), means="known up to now", depth=2)
    text.open("target", means="what the model shall answer")
    text.add("task", "forecast", means="the next values, with intervals")
    text.add("horizon_minutes", _whole(60, step), means="how far ahead")
    text.open("split", means="which readings train the model and which test it")
    text.split(by="time_within_patient")
    held = "share of patients kept as a further test part, whom the model never sees"
    if found.patients >= FEW_PATIENTS:
        text.add("held_out_patients", 0.1, means=held)
    else:
        text.offer("held_out_patients", 0.1, means=held)


def _whole(minutes: int, step: int) -> int:
    """The multiple of a step at or above so many minutes."""
    return -(-minutes // step) * step


def _plain(name: object) -> str:
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


def _named(cases: pd.DataFrame, words: str) -> str | None:
    """The column with the likeliest name, None where none has such a name."""
    order = words.split()
    fits = [str(column) for column in cases.columns if _plain(column) in order]
    return min(fits, key=lambda column: order.index(_plain(column)), default=None)


def _says(name: str, words: str) -> bool:
    return any(word in _plain(name) for word in words.split())


def _is_numeric(column: pd.Series) -> bool:
    cells = column.dropna().head(LOOKED_AT)
    if cells.empty:
        return False
    return float(pd.to_numeric(cells, errors="coerce").notna().mean()) >= READABLE


def _step(cases: pd.DataFrame, patient: str, time: str) -> int:
    """The usual step nearest to the median time between two readings of the commonest patient."""
    own = cases[cases[patient] == cases[patient].mode().iloc[0]]
    seconds, readable = parse_seconds(own[time].fillna("").astype(str).tolist())
    gaps: Array = np.diff(np.sort(seconds[readable])) / 60
    median = float(np.median(gaps[gaps > 0])) if (gaps > 0).any() else 5.0
    return min(STEPS, key=lambda step: abs(np.log(step / median)))
