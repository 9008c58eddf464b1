"""From the readings of a long table to segments, with all that was wrong on the way.

Enters: a `LongTable`. Leaves: the `Series`, whose each segment is, and `ReadingFacts`
for the audit: readings that stand twice or contradict one another, clocks that jump,
readings that no sensor shows, and units that cannot be the declared one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from bedside.data.clock import MINUTE, in_order
from bedside.data.long_table import LongTable
from bedside.data.series import Grid, Segment, Series, Stretch, cut
from bedside.data.units import PLAUSIBLE, Unit, factor
from bedside.schema import Array

KEPT_ROWS = 1000
STILL_HOURS = 12
"""From how long on one value is a sensor or a program that stood still."""
STILL_GAP_HOURS = 1
"""A longer gap between two readings ends such a stretch."""


@dataclass
class Found:
    """How often something was found, and the first rows, numbered as the user sees them."""

    count: int = 0
    rows: list[int] = field(default_factory=list)

    def add(self, rows: Array) -> None:
        """Note rows."""
        self.count += len(rows)
        self.rows += [int(row) for row in rows[: KEPT_ROWS - len(self.rows)]]


@dataclass
class ReadingFacts:
    """What the audit is told of the readings behind a series.

    Args:
        readings: rows with a value of the series itself.
        unit: declared for them; None where none is needed.
        repeated: readings that stand again, equal.
        contradicting: readings at a time that another of the same patient has, unequal.
        unordered: readings that stand after a later one.
        clock_repeated: places where a clock jumped back by about an hour.
        clock_backwards: places where it jumped back otherwise.
        still: first readings of stretches of one value for `STILL_HOURS` or more.
        longest_still_hours: of the longest of them.
        impossible: readings of zero or less, or of more than any device shows.
        other_unit: readings that the other unit would explain.
        odd_patients: how many patients' median lies outside what their unit allows.
        medians: the lowest and highest median of those, in the declared unit.
        dropped: pieces shorter than the shortest segment, and how many readings they hold.
        points, filled: grid points kept, and those of them that no reading stands behind.
    """

    readings: int = 0
    unit: Unit | None = None
    repeated: Found = field(default_factory=Found)
    contradicting: Found = field(default_factory=Found)
    unordered: Found = field(default_factory=Found)
    clock_repeated: Found = field(default_factory=Found)
    clock_backwards: Found = field(default_factory=Found)
    still: Found = field(default_factory=Found)
    longest_still_hours: float = 0.0
    impossible: Found = field(default_factory=Found)
    other_unit: Found = field(default_factory=Found)
    odd_patients: int = 0
    medians: tuple[float, float] = (np.inf, -np.inf)
    dropped: tuple[int, int] = (0, 0)
    points: int = 0
    filled: int = 0


@dataclass(frozen=True)
class Arranged:
    """N segments of P patients.

    Args:
        series: the segments end to end.
        patient: (N,) place of each segment's patient among the table's.
        number: (N,) from 1, place among that patient's segments.
        longest: steps of the longest piece, kept or not.
        facts: for the audit.
    """

    series: Series
    patient: Array
    number: Array
    longest: int
    facts: ReadingFacts


def arrange(
    table: LongTable, grid: Grid, *, unit: Unit | None = None, to: Unit | None = None
) -> Arranged:
    """Order, cut and resample the readings of every patient.

    Args:
        table: the readings.
        grid: how they become segments.
        unit: declared for the series.
        to: unit that the series leaves in.
    """
    facts = ReadingFacts(unit=unit)
    kept: list[Segment] = []
    owners: list[tuple[int, int]] = []
    longest = 0
    for patient, stretches in in_stretches(table, facts, to=to):
        number = 0
        for stretch in stretches:
            for segment in cut(stretch, grid):
                longest = max(longest, len(segment))
                if len(segment) < grid.fewest_steps:
                    pieces, lost = facts.dropped
                    facts.dropped = pieces + 1, lost + int(segment.observed.sum())
                    continue
                number += 1
                kept.append(segment)
                owners.append((patient, number))
    series = Series.joined(kept, grid)
    facts.points, facts.filled = len(series.values), int((~series.observed).sum())
    whose = np.array(owners, dtype=np.int64).reshape(-1, 2)
    return Arranged(series, whose[:, 0], whose[:, 1], longest, facts)


def in_stretches(
    table: LongTable, facts: ReadingFacts, *, to: Unit | None = None
) -> Iterator[tuple[int, list[Stretch]]]:
    """Each patient's readings in the order they were made, in unit `to`; faults are noted.

    Args:
        table: the readings, of the unit that `facts` declares.
        facts: takes what is wrong with them.
        to: unit that the series leaves in; its own where not given.
    """
    scale = factor(facts.unit, to) if facts.unit and to else 1.0
    order = np.argsort(table.patient, kind="stable")
    edges = np.flatnonzero(np.diff(table.patient[order])) + 1
    for rows in np.split(order, edges):
        _note_values(facts, table, rows)
        yield int(table.patient[rows[0]]), _stretches(facts, table, rows, scale=scale)


def _stretches(
    facts: ReadingFacts, table: LongTable, rows: Array, *, scale: float
) -> list[Stretch]:
    """One patient's readings in order; what the clock did is noted."""
    found = in_order(table.seconds[rows])
    facts.unordered.add(rows[found.unordered] + table.first_row)
    facts.clock_repeated.add(rows[found.repeated] + table.first_row)
    facts.clock_backwards.add(rows[found.backwards] + table.first_row)
    stretches = []
    for places in found.stretches:
        own = rows[places]
        seconds, values = table.seconds[own], table.values[own].astype(np.float64)
        _note_doubles(facts, seconds, values[:, 0], rows=own + table.first_row)
        _note_still(facts, seconds, values[:, 0], rows=own + table.first_row)
        values[:, 0] *= scale
        codes = None if table.codes is None else table.codes[own]
        stretches.append(Stretch((seconds + MINUTE // 2) // MINUTE, values, codes))
    return stretches


def _note_doubles(facts: ReadingFacts, seconds: Array, values: Array, *, rows: Array) -> None:
    there = np.isfinite(values)
    seconds, values, rows = seconds[there], values[there], rows[there]
    if not len(rows):
        return
    again = np.append(False, np.diff(seconds) == 0)
    equal = np.append(False, np.diff(values) == 0)
    facts.repeated.add(rows[again & equal])
    facts.contradicting.add(rows[again & ~equal])


def _note_still(facts: ReadingFacts, seconds: Array, values: Array, *, rows: Array) -> None:
    there = np.isfinite(values)
    seconds, values, rows = seconds[there], values[there], rows[there]
    if not len(rows):
        return
    new = (np.diff(values) != 0) | (np.diff(seconds) > STILL_GAP_HOURS * 3600)
    begins = np.flatnonzero(np.append(True, new))
    ends = np.append(begins[1:], len(rows)) - 1
    hours = (seconds[ends] - seconds[begins]) / 3600
    facts.still.add(rows[begins[hours >= STILL_HOURS]])
    facts.longest_still_hours = max(facts.longest_still_hours, float(hours.max()))


def _note_values(facts: ReadingFacts, table: LongTable, rows: Array) -> None:
    values = table.values[rows, 0]
    there = np.isfinite(values)
    rows, values = rows[there] + table.first_row, values[there]
    facts.readings += len(values)
    if facts.unit is None or not len(values):
        return
    limits = PLAUSIBLE[facts.unit]
    impossible = (values <= 0) | (values >= limits.highest)
    facts.impossible.add(rows[impossible])
    facts.other_unit.add(rows[~impossible & limits.is_of_other_unit(values)])
    median = float(np.median(values))
    if not limits.median_from <= median <= limits.median_to:
        facts.odd_patients += 1
        low, high = facts.medians
        facts.medians = min(low, median), max(high, median)
