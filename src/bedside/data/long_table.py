"""A long table: one row a reading, many rows a patient.

Enters: rows of text, or typed columns, a chunk at a time. Leaves: a `LongTable` of a
few bytes a reading, so that ten million fit into memory. Cells that cannot be read
stop here, named by row. The standard library and numpy alone, since serving reads a
patient's recent readings by it too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from bedside.data.clock import parse_seconds
from bedside.data.csv_form import first_line, separator_of
from bedside.data.series import Channel
from bedside.data.text_lines import MISSING_WORDS, TextLines, rows_named
from bedside.errors import DataError, Problems, StudyError, nearest, sentence
from bedside.schema import OTHER_PARTS, PARTS, Array, Part

CHUNK_ROWS = 50_000
ONE_PATIENT = "patient"
PART_NAMES: tuple[Part, ...] = (*PARTS, *OTHER_PARTS)
"""A reading's part by its code; -1, a blank cell, is a reading that is context alone."""
PART_CODES = {
    "train": 0, "training": 0, "validation": 1, "valid": 1, "val": 1, "dev": 1, "test": 2,
    "testing": 2, "held_out_patients": 3, "": -1,
}  # fmt: skip
ISO = "dates such as 2024-01-31 13:05"


@dataclass(frozen=True)
class Columns:
    """Which column of a long table says what.

    Args:
        time: when a reading was made.
        channels: what is read; the first is the series itself.
        patient: whose reading it is; None where the table is one person's.
        part: the part each reading belongs to, None where there is none.
        attributes: columns that hold one value for each patient.
    """

    time: str
    channels: tuple[Channel, ...]
    patient: str | None = None
    part: str | None = None
    attributes: tuple[str, ...] = ()

    def all(self) -> list[str]:
        """Every column named, once."""
        named = [self.patient, self.time, *(c.column for c in self.channels), self.part]
        return list(dict.fromkeys(n for n in [*named, *self.attributes] if n is not None))


@dataclass(frozen=True)
class LongTable:
    """n readings of P patients, in the table's order.

    Args:
        source: the table's name for messages.
        first_row: the number a user sees for row 0.
        patients: (P,) their names, in order of appearance.
        patient: (n,) int32, place among `patients`.
        seconds: (n,) int64 local clock seconds since 1970-01-01.
        values: (n, C) float32, NaN where blank.
        codes: (n,) int8, place among `PART_NAMES` or -1; None without parts.
        attributes: column -> (P,) cells, blank where unknown.
    """

    source: str
    first_row: int
    patients: tuple[str, ...]
    patient: Array
    seconds: Array
    values: Array
    codes: Array | None = None
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass
class Collector:
    """Gathers chunks of a long table and what is wrong with them."""

    columns: Columns
    source: str
    first_row: int
    _place: dict[str, int] = field(default_factory=dict)
    _attributes: dict[str, dict[int, str]] = field(default_factory=dict)
    _patient: list[Array] = field(default_factory=list)
    _seconds: list[Array] = field(default_factory=list)
    _values: list[Array] = field(default_factory=list)
    _codes: list[Array] = field(default_factory=list)
    _faults: dict[str, list[Array]] = field(default_factory=dict)
    _rows: int = 0

    def add(self, cells: Mapping[str, Sequence[str] | Array]) -> None:
        """Take a chunk: column -> cells as text, or as an array of times or numbers."""
        columns = self.columns
        count = len(cells[columns.time])
        patient = self._patients(cells[columns.patient] if columns.patient else None, count)
        self._patient.append(patient)
        self._seconds.append(self._times(cells[columns.time]))
        numbers = [
            self._numbers(channel.column, cells[channel.column]) for channel in columns.channels
        ]
        self._values.append(np.stack(numbers, axis=1).astype(np.float32))
        if columns.part is not None:
            self._codes.append(self._parts(cells[columns.part]))
        for name in columns.attributes:
            self._note_attribute(name, patient, cells[name])
        self._rows += count

    def table(self) -> LongTable:
        """All that was taken.

        Raises:
            DataError: there is no reading, or cells are blank or unreadable; rows are named.
        """
        problems = Problems(DataError)
        for where, expected, remedy in self._complaints():
            rows = np.concatenate(self._faults.get(where, [np.zeros(0, dtype=np.int64)]))
            if len(rows):
                problems.add(
                    f"column '{where}' of {self.source}",
                    expected=expected,
                    got=f"{len(rows)} other cells ({rows_named(rows, self.first_row)})",
                    remedy=remedy,
                )
        if not self._rows:
            problems.add(self.source, expected="readings", got="none", remedy="Add rows")
        problems.raise_if_any()
        return LongTable(
            source=self.source,
            first_row=self.first_row,
            patients=tuple(self._place),
            patient=np.concatenate(self._patient),
            seconds=np.concatenate(self._seconds),
            values=np.concatenate(self._values),
            codes=np.concatenate(self._codes) if self._codes else None,
            attributes={
                name: tuple(found.get(place, "") for place in range(len(self._place)))
                for name, found in self._attributes.items()
            },
        )

    def _complaints(self) -> list[tuple[str, str, str]]:
        columns = self.columns
        numbers = "Write LOW and HIGH as the sensor's limits, decimals with a point, or leave blank"
        found = [(columns.time, ISO, "Write the times in that form")]
        found += [(channel.column, "numbers or blanks", numbers) for channel in columns.channels]
        if columns.patient is not None:
            found.append((columns.patient, "a patient in every row", "Fill them in"))
        if columns.part is not None:
            words = f"{', '.join(PART_NAMES)} or a blank (context alone) in every row"
            found.append((columns.part, words, "Correct them, or remove split.column"))
        return found

    def _fault(self, column: str, bad: Array) -> None:
        if bad.any():
            rows = np.flatnonzero(bad) + self._rows
            self._faults.setdefault(column, []).append(rows)

    def _patients(self, cells: Sequence[str] | Array | None, count: int) -> Array:
        if cells is None:
            self._place.setdefault(ONE_PATIENT, 0)
            return np.zeros(count, dtype=np.int32)
        names = [str(cell).strip() for cell in cells]
        self._fault(str(self.columns.patient), np.array([_is_blank(name) for name in names]))
        place = self._place
        return np.array([place.setdefault(name, len(place)) for name in names], dtype=np.int32)

    def _times(self, cells: Sequence[str] | Array) -> Array:
        if isinstance(cells, np.ndarray) and cells.dtype.kind == "M":
            self._fault(self.columns.time, np.isnat(cells))
            return cells.astype("datetime64[s]").astype(np.int64)
        seconds, readable = parse_seconds([str(cell) for cell in cells])
        self._fault(self.columns.time, ~readable)
        return seconds

    def _numbers(self, column: str, cells: Sequence[str] | Array) -> Array:
        if isinstance(cells, np.ndarray) and cells.dtype.kind in "fiu":
            numbers = cells.astype(np.float64)
            self._fault(column, np.isinf(numbers))
            return numbers
        try:
            numbers = np.array([cell or "nan" for cell in cells], dtype=np.float64)
        except ValueError:
            numbers = np.array([_number(str(cell)) for cell in cells])
        self._fault(column, np.isinf(numbers))
        return numbers

    def _parts(self, cells: Sequence[str] | Array) -> Array:
        unknown = -2
        words = ["" if _is_blank(str(cell)) else str(cell).strip().lower() for cell in cells]
        codes = np.array([PART_CODES.get(word, unknown) for word in words], dtype=np.int8)
        self._fault(str(self.columns.part), codes == unknown)
        return codes

    def _note_attribute(self, name: str, patient: Array, cells: Sequence[str] | Array) -> None:
        """Keep the first cell of each patient that is not blank."""
        known = self._attributes.setdefault(name, {})
        for place in np.unique(patient):
            if int(place) not in known:
                rows = np.flatnonzero(patient == place).tolist()
                own = (str(cells[row]).strip() for row in rows)
                first = next((cell for cell in own if not _is_blank(cell)), None)
                if first is not None:
                    known[int(place)] = first


def read_long_table(path: Path, columns: Columns, *, source: str | None = None) -> LongTable:
    """Stream a CSV or TSV; rows are named as a spreadsheet shows them, the header being row 1.

    Args:
        path: the table.
        columns: which of its columns says what.
        source: the table's name in messages; its file's name where not given.

    Raises:
        StudyError: a column is missing; the nearest name is given.
        DataError: the file is missing, not UTF-8, ragged, badly quoted, or cells are
            unreadable.
    """
    name = source or path.name
    collector = Collector(columns, name, first_row=2)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            separator = separator_of(first_line(stream.readline()), path.suffix)
            stream.seek(0)
            lines = TextLines(stream, separator=separator, name=name)
            header = lines.header()
            require(columns, header, source=name)
            rows = lines.rows(len(header))
            while chunk := list(islice(rows, CHUNK_ROWS)):
                places = {each: header.index(each) for each in columns.all()}
                collector.add({n: [row[at] for row in chunk] for n, at in places.items()})
            lines.problems.raise_if_any()
    except FileNotFoundError:
        raise DataError(
            sentence(name, expected="a table", got="no such file", remedy="Correct its name")
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            sentence(
                name,
                expected="a table in UTF-8",
                got=type(error).__name__,
                remedy="Save it as CSV in UTF-8",
            )
        ) from None
    return collector.table()


def require(columns: Columns, have: Sequence[str], *, source: str) -> None:
    """Check that a long table has the columns that are named.

    Raises:
        StudyError: one sentence for each that is missing, with the nearest name.
    """
    problems = Problems(StudyError)
    for name in columns.all():
        if name not in have:
            problems.found.append(
                f"{source}: expected a column '{name}', got none. {nearest(name, have)}"
            )
    problems.raise_if_any()


def _is_blank(cell: str) -> bool:
    return not cell or cell.lower() in MISSING_WORDS


def _number(cell: str) -> float:
    """A number, NaN for a blank, infinity for anything else."""
    text = cell.strip()
    if _is_blank(text):
        return np.nan
    try:
        return float(text)
    except ValueError:
        return np.inf
