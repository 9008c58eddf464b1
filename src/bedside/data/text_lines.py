"""Records of a text table (CSV, TSV), one at a time, with what is wrong with its lines.

Enters: a text stream. Leaves: the header and the records of its width; faults are
collected and named by line. The standard library alone, since serving reads by it too.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import TextIO

from bedside.errors import DataError, Problems
from bedside.schema import Array

SHOWN_ROWS = 5
LONGEST_CELL = 2**22
"""Characters of a cell; Python's own limit is less than a long note."""
MISSING_WORDS = frozenset({"nan", "na", "n/a", "#n/a", "null", "none", "<na>"})
"""What programs write where there is no value; a blank cell says the same."""


def rows_named(rows: Array | Sequence[int], first_row: int) -> str:
    """Name rows in a message: ``rows 3, 8 and 12``, the first five and how many more."""
    numbers = [str(int(row) + first_row) for row in list(rows)[:SHOWN_ROWS]]
    more = len(rows) - len(numbers)
    if len(numbers) == 1 and not more:
        return f"row {numbers[0]}"
    if more:
        return f"rows {', '.join(numbers)} and {more} more"
    return f"rows {', '.join(numbers[:-1])} and {numbers[-1]}"


def checked_header(names: list[str], source: str) -> list[str]:
    """Strip the names, number the blank ones and refuse one name twice.

    Raises:
        DataError: a name stands twice.
    """
    header = [name.strip() or f"unnamed_{place + 1}" for place, name in enumerate(names)]
    twice = sorted({name for name in header if header.count(name) > 1})
    problems = Problems(DataError)
    for name in twice:
        problems.add(
            f"header of {source}",
            expected="each column name once",
            got=f"'{name}' {header.count(name)} times",
            remedy="Rename the columns",
        )
    problems.raise_if_any()
    return header


def allow_long_cells() -> None:
    """Let this process's CSV readers take cells of notes."""
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_CELL))


class TextLines:
    """Reads the records of a text table and collects what is wrong with its lines."""

    def __init__(self, stream: TextIO, *, separator: str, name: str) -> None:
        allow_long_cells()
        self.reader = csv.reader(stream, delimiter=separator, strict=True)
        self.name = name
        self.problems = Problems(DataError)

    def header(self) -> list[str]:
        """The column names, stripped.

        Raises:
            DataError: the line is damaged, or a name stands twice.
        """
        header = next(self._records(), (0, []))[1]
        self.problems.raise_if_any()
        return checked_header(header, self.name)

    def rows(self, width: int) -> Iterator[list[str]]:
        """All records of the right width; blank lines at the end are no records."""
        blank: int | None = None
        for line, record in self._records():
            if not record or (width > 1 and record == [""]):
                blank = line if blank is None else blank
                continue
            if blank is not None:
                self._note(blank, got="a blank line between rows")
                blank = None
            if len(record) == width:
                yield record
            else:
                self._note(line, got=f"{len(record)}", expected=f"{width} cells as in the header")

    def _note(self, line: int, *, got: str, expected: str = "a row") -> None:
        remedy = "Correct the line; quote cells that hold the separator"
        self.problems.add(f"line {line} of {self.name}", expected=expected, got=got, remedy=remedy)

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        while True:
            line = self.reader.line_num + 1
            try:
                record = next(self.reader)
            except StopIteration:
                return
            except csv.Error as error:
                long = "field larger" in str(error)
                got = (
                    "a cell without an end" if long else "a quote that is not closed or stands free"
                )
                self._note(line, expected="cells quoted in pairs", got=got)
                return
            yield line, record
