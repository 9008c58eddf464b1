"""The cohort: a table of cases that holds references, never pixels.

Enters: a source's table and the study's words on who, where and when.
Leaves: a `Cohort` whose rows are cases and whose `reference` hands a modality
the raw value of one input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bedside.data.written_paths import written_path
from bedside.errors import DataError, sentence
from bedside.schema import Array, Arrays, Reference

if TYPE_CHECKING:
    import pandas as pd

    from bedside.data.readings import ReadingFacts
    from bedside.data.series import Series


@dataclass(frozen=True)
class Cohort:
    """N cases.

    Args:
        cases: one row a case, index 0..N-1; the source's own columns, and always
            ``case_id`` (str, unique).
        source: the source's name for messages (``"cases.csv"``).
        first_row: the number a user sees for row 0 (2 for a CSV with a header).
        patient, site, time: names of the columns that say so, None where unknown.
        part: name of the column with given parts, None where there is none.
        root: folder that file references must stay inside.
        arrays: for array sources: name of a column -> array whose row i is case i's value.
        notes: plain sentences on what the source left out, for the audit.
        series: of a long table: the segments, of which case i is the i-th.
        readings: what was found on the way from its rows to segments.
        noun: what messages call a case: a row, or a segment.
        texts: columns whose cells are the values themselves, not the paths of files.
        structures: name -> number in the masks, where the source says so.
    """

    cases: pd.DataFrame
    source: str
    first_row: int = 0
    patient: str | None = None
    site: str | None = None
    time: str | None = None
    part: str | None = None
    root: Path | None = None
    arrays: Arrays = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    series: Series | None = None
    readings: ReadingFacts | None = None
    noun: str = "row"
    texts: frozenset[str] = frozenset()
    structures: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.cases)

    def where(self, row: int) -> str:
        """Name a case in a message by its row: ``row 12 of cases.csv``."""
        return f"{self.noun} {row + self.first_row} of {self.source}"

    def ids(self) -> Array:
        """(N,) case ids, str."""
        return np.asarray(self.cases["case_id"], dtype=str)

    def patients(self) -> Array | None:
        """(N,) patient ids, str, or None where unknown."""
        return None if self.patient is None else np.asarray(self.cases[self.patient], dtype=str)

    def groups(self) -> Array:
        """(N,) integers, equal for cases of one patient; one per case where unknown."""
        names = self.patients()
        _, groups = np.unique(self.ids() if names is None else names, return_inverse=True)
        return np.asarray(groups)

    def reference(self, row: int, column: str | tuple[str, ...]) -> Reference:
        """Hand out the raw value of one input of one case.

        Args:
            row: of the case.
            column: that holds its reference; several, whose cells are the value themselves.

        Raises:
            DataError: the path is blank or leaves the cohort's folder.
        """
        where = self.where(row)
        if self.series is not None:
            own = {
                "values": self.series.values[self.series.rows(row)],
                "first_minute": int(self.series.minutes[row]),
            }
            return Reference(where, own)
        if isinstance(column, tuple):
            cells = ((name, self.cases.at[row, name]) for name in column)
            return Reference(where, {n: c if isinstance(c, str) else "" for n, c in cells})
        if column in self.arrays:
            return Reference(where, self.arrays[column][row])
        cell = self.cases.at[row, column]
        if column in self.texts:
            return Reference(where, cell if isinstance(cell, str) else "")  # a blank is a text, too
        if self.root is None:
            return Reference(where, str(cell))
        return Reference(where, inside(self.root, cell, where=where, column=column))


def inside(root: Path, cell: object, *, where: str, column: str) -> Path:
    """Resolve a path of the table and refuse one that leaves the data's folder.

    Backslashes, blanks around and a missing suffix are minded, see `written_path`.

    Raises:
        DataError: the cell is blank, absolute outside `root`, or climbs out by ``..``.
    """
    if not isinstance(cell, str) or not cell.strip():
        raise DataError(
            sentence(
                f"{where}, column '{column}'",
                expected="a file path",
                got="a blank cell",
                remedy="Fill it in or leave the row out",
            )
        )
    path = written_path(root, cell).resolve()
    if not path.is_relative_to(_resolved(root)):
        raise DataError(
            sentence(
                f"{where}, column '{column}'",
                expected="a file inside the data's folder",
                got="a path that leads out of it",
                remedy="Move the file into the folder, or name a wider one as data.root",
            )
        )
    return path


@lru_cache(maxsize=16)
def _resolved(root: Path) -> Path:
    """Asked for once a cohort, not once a case."""
    return root.resolve()
