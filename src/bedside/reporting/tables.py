"""Tables that every report has, as plain rows ready for the template.

Enters: a `Record`. Leaves: `Table`s of `Cell`s; the first cell of a row is its heading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bedside.reporting.formatting import NO_INTERVAL, NOT_AVAILABLE, bounds, count
from bedside.reporting.glossary import form_of, label

if TYPE_CHECKING:
    from bedside.reporting.record import Record

FEWEST_IN_COPY = 5


@dataclass(frozen=True)
class Cell:
    """One cell: its text, a second smaller line, a tone (``quiet``...), and where it leads."""

    text: str
    small: str = ""
    tone: str = ""
    href: str = ""


@dataclass(frozen=True)
class Table:
    """A table with a caption; `header` has one entry per column."""

    caption: str
    header: list[Cell]
    rows: list[list[Cell]]
    note: str = ""


def without_empty_intervals(table: Table, *, why: str) -> Table:
    """A table of which no value has an interval says so once, below, not in every cell."""
    cells = [cell for row in table.rows for cell in row[1:]]
    if NO_INTERVAL not in {cell.small for cell in cells}:
        return table
    if any(cell.small not in ("", NO_INTERVAL) for cell in cells):
        return table
    rows = [[row[0], *(replace(cell, small="") for cell in row[1:])] for row in table.rows]
    return replace(table, rows=rows, note=" ".join(filter(None, (why, table.note))))


def measured_cell(
    metric: str,
    estimate: Mapping[str, Any] | None,
    *,
    unit: str = "",
    bare: bool = False,
    tone: str = "",
) -> Cell:
    """Value above its interval; "n/a" where it was not computed.

    Args:
        metric: its key, which says how it is written.
        estimate: what was measured.
        unit: of the target.
        bare: whether the unit stands in the heading alone.
        tone: of the cell.
    """
    if estimate is None or estimate.get("value") is None:
        return Cell(NOT_AVAILABLE, tone="quiet")
    form = form_of(metric, unit)
    value = form.text(estimate["value"], bare=bare)
    return Cell(value, bounds(estimate, form) or NO_INTERVAL, tone)


def models_table(
    record: Record, metrics: Iterable[str], *, words: Callable[[str], str], caption: str
) -> Table:
    """Metrics (rows) of all models (columns); below it what the models are.

    Args:
        record: of the run.
        metrics: in the order to show.
        words: a model's name -> what it is for readers, the same name where it says enough.
        caption: of the table.
    """
    header = [Cell("Metric"), *(Cell(name, record.role(name)) for name in record.models)]
    rows = []
    for metric in metrics:
        tone = "primary" if metric == record.primary else ""
        found = [record.estimate(name, metric) for name in record.models]
        cells = [measured_cell(metric, each, tone=tone) for each in found]
        rows.append([Cell(label(metric), "decides the verdict" if tone else "", tone), *cells])
    told = [f"{name}: {words(name)}" for name in record.models if words(name) != name]
    return Table(caption, header, rows, f"{'; '.join(told)}." if told else "")


@dataclass(frozen=True)
class GroupColumns:
    """The columns of a table of subgroups, beside cases and patients.

    Args:
        metrics: names, the one that must be there first.
        counts: heading -> key of the group's count.
        heading: metric -> its name.
        show: metric, estimate -> cell.
    """

    metrics: Sequence[str]
    counts: Mapping[str, str]
    heading: Callable[[str], str]
    show: Callable[[str, Mapping[str, Any] | None], Cell]


def subgroups_table(
    record: Record,
    columns: GroupColumns,
    *,
    fewest: int = 0,
    noun: str = "case",
    subgroups: Mapping[str, Any] | None = None,
) -> Table | None:
    """One row a group; groups with fewer than `fewest` cases are left out.

    Args:
        record: of the run.
        columns: what to show of each group.
        fewest: cases of the smallest group shown.
        noun: what a case is called.
        subgroups: of a part; those of the test part where not given.
    """
    rows, hidden = [], 0
    found = record.metrics.get("subgroups") if subgroups is None else subgroups
    for attribute, groups in (found or {}).items():
        for name, group in groups.items():
            if fewest and int(group.get("cases") or 0) < fewest:
                hidden += 1
                continue
            rows.append(_group_row(f"{attribute}: {name}", group, columns, few=f"too few {noun}s"))
    if not rows:
        return None
    header = [
        Cell("Group"),
        Cell(f"{noun}s".capitalize()),
        Cell("Patients"),
        *map(Cell, columns.counts),
    ]
    note = f"Groups with fewer than {fewest} {noun}s are left out." if hidden else ""
    return Table(
        "The deep model in subgroups of the test part",
        [*header, *(Cell(columns.heading(metric)) for metric in columns.metrics)],
        rows,
        note,
    )


def _group_row(
    name: str, group: Mapping[str, Any], columns: GroupColumns, *, few: str
) -> list[Cell]:
    found = group.get("metrics")
    cells = [Cell(name), Cell(count(group.get("cases"))), Cell(count(group.get("patients")))]
    cells += [Cell(count(group.get(key))) for key in columns.counts.values()]
    first, *rest = columns.metrics
    if not isinstance(found, Mapping) or not _measured(found, first):
        return [*cells, Cell(few, tone="quiet"), *(Cell(NOT_AVAILABLE, tone="quiet") for _ in rest)]
    return [*cells, *(columns.show(metric, found.get(metric)) for metric in columns.metrics)]


def _measured(found: Mapping[str, Any], metric: str) -> bool:
    """Whether a group was large enough to be measured at all."""
    estimate = found.get(metric)
    return isinstance(estimate, Mapping) and estimate.get("value") is not None
