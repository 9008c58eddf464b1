"""The networks that a study compared: what validation said of them, and which it chose.

Enters: a `Record`. Leaves: a `Table`, none where there was one network only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bedside.reporting.formatting import NOT_AVAILABLE, count, duration
from bedside.reporting.glossary import ALL_TERMS, form_of, label
from bedside.reporting.tables import Cell, Table, measured_cell

if TYPE_CHECKING:
    from bedside.reporting.record import Record


def candidates_table(record: Record) -> Table | None:
    """One row a network, the best on validation first."""
    names = record.candidates
    if len(names) < 2:
        return None
    term = ALL_TERMS.get(record.primary)
    best = "lowest" if term is not None and not term.higher_is_better else "highest"
    metric = label(record.primary)
    header = [
        Cell("Network"),
        Cell(metric, "validation: chooses"),
        Cell(metric, "test: chooses nothing"),
        Cell("Parameters"),
        Cell("Epochs", "kept of done"),
        Cell("Training"),
    ]
    names = [record.deep, *(name for name in names if name != record.deep)]
    held = " of those that may be chosen" if record.metrics.get("aids") else ""
    note = (
        f"'{record.deep}' has the {best} {metric} on the validation part{held} and was chosen by "
        "it, "
        "before the test part was looked at. The test scores of the others are shown to be "
        f"complete. Choosing by them would make the test part a second validation part; the best "
        f"of {len(names)} on validation looks a little better there than it is."
    )
    rows = [_row(record, name) for name in names]
    return Table("Networks compared on the validation part", header, rows, note)


def _row(record: Record, name: str) -> list[Cell]:
    form = form_of(record.primary, record.unit)
    validation = (record.metrics.get("validation") or {}).get(name)
    test = record.estimate(name, record.primary)
    trained = (record.environment.get("training") or {}).get(name) or {}
    return [
        Cell(name, "chosen" if name == record.deep else "", "primary" * (name == record.deep)),
        Cell(NOT_AVAILABLE if validation is None else form.text(validation)),
        measured_cell(record.primary, test, unit=record.unit),
        Cell(count(trained.get("parameters"))),
        Cell(_epochs(trained)),
        Cell(duration(trained.get("train_seconds"))),
    ]


def _epochs(trained: Mapping[str, Any]) -> str:
    kept, done = trained.get("best_epoch"), trained.get("epochs_done")
    return NOT_AVAILABLE if kept is None or done is None else f"{kept} of {done}"
