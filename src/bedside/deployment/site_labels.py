"""A table of labelled cases from another site, read as a package's own study would read it.

Enters: a package that classifies, and a table of new cases with their labels. Leaves: the
cases that have a label, their truth, and whose they are. Cells are never quoted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bedside.deployment.intake import table_rows
from bedside.errors import DataError, Problems, StudyError, sentence
from bedside.schema import Targets
from bedside.tasks.labels import YES_NO, meant_value, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from bedside.schema import Array, State
    from bedside.tasks.classify import Classify


@dataclass(frozen=True)
class SiteLabels:
    """Labelled cases of a table.

    Args:
        places: (n,) which rows of the table, from 0.
        targets: of these n cases.
        groups: (n,) integers, equal for cases of one patient.
    """

    places: Array
    targets: Targets
    groups: Array


def read_site_labels(
    table: Path, task: Classify, state: State, *, label: str | None, patient: str | None
) -> SiteLabels:
    """Read the labels of a table; rows without any are left out.

    Args:
        table: CSV.
        task: of the package, with the study's words for its label.
        state: of the task.
        label: column of the label; the study's own if not given. Several labels have the
            columns that they had in the study.
        patient: column that says whose a case is; each its own if not given.

    Raises:
        DataError: the table cannot be read, lacks a column, or holds other values, by row.
        StudyError: one column is named where there are several labels.
    """
    several = state["kind"] == "labels"
    if several and label is not None:
        raise StudyError(
            sentence(
                "--label",
                expected=f"none, since the package has {len(state['names'])} labels",
                got="one column",
                remedy="Leave it out, and give the table the study's own columns",
            )
        )
    columns = task.columns_used() if several or label is None else [label]
    rows = list(table_rows(table, needs=[*columns, *([patient] if patient else [])]))
    problems = Problems(DataError)
    read = [
        _column(
            [(f"{where}, column '{name}'", plain(cells.get(name))) for where, cells in rows],
            _reader(task, state, [plain(cells.get(name)) for _, cells in rows]),
            problems=problems,
            unknown={"", *(plain(value) for value in task.unknown)},
        )
        for name in columns
    ]
    problems.raise_if_any()
    codes = np.stack(read, axis=1)
    places = np.flatnonzero((codes >= 0).any(axis=1))
    # a row without an id counts as a patient of its own
    own = [plain(rows[place][1].get(patient)) if patient else "" for place in places]
    pairs = zip(own, places, strict=True)
    names = [f"id {name}" if name else f"row {place}" for name, place in pairs]
    groups = np.unique(names, return_inverse=True)[1]
    return SiteLabels(places, _targets(codes[places], state), groups)


def _targets(codes: Array, state: State) -> Targets:
    """(n, columns) numbers of classes, -1 unknown -> targets of the package's kind."""
    names, kind = tuple(state["names"]), state["kind"]
    known = codes >= 0
    if kind == "classes":
        truth = codes == np.arange(len(names))
        known = np.repeat(known, len(names), axis=1)
    else:
        truth = codes == 1
    return Targets({"truth": truth.astype(np.float32), "known": known}, names, kind)


def _column(
    cells: Sequence[tuple[str, str]],
    read: Callable[[str], int | None],
    *,
    problems: Problems,
    unknown: set[str],
) -> Array:
    """(N,) number of the class of each cell, -1 where it is unknown."""
    codes = np.full(len(cells), -1, dtype=np.int64)
    for place, (where, cell) in enumerate(cells):
        value = None if cell in unknown else read(cell)
        if value is not None:
            codes[place] = value
        elif cell not in unknown:
            problems.add(
                where,
                expected="a class of the package",
                got="another value",
                remedy="Correct it, or leave the cell blank",
            )
    return codes


def _reader(task: Classify, state: State, cells: Sequence[str]) -> Callable[[str], int | None]:
    """Cell -> number of its class, by the words of the study or by the names of the package."""
    names, kind = list(state["names"]), state["kind"]
    if kind == "labels":
        return lambda cell: None if cell.lower() not in YES_NO else int(YES_NO[cell.lower()])
    called = {plain(value): name for value, name in task.names.items()}
    numbers: Mapping[str, int] = {name: number for number, name in enumerate(names)}

    def by_name(cell: str) -> int | None:
        return numbers.get(cell, numbers.get(called.get(cell, "")))

    if kind == "classes":
        return by_name
    found = sorted(set(cells))
    said = {
        sign: meant_value(value, found)
        for sign, value in ((True, task.positive), (False, task.negative))
        if value is not None
    }

    def of_two(cell: str) -> int | None:
        number = by_name(cell)
        if number is not None:
            return number
        if cell in said.values():
            return int(cell == said.get(True))
        if len(said) == 1:
            return int(next(iter(said)) is False)  # all others are what was not named
        return int(YES_NO[cell.lower()]) if cell.lower() in YES_NO else None

    return of_two
