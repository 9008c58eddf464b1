"""The tables of entities.

Enters: a `Record`. Leaves: `Table`s for the template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedside.reporting.entity_terms import ENTITY_TERMS
from bedside.reporting.entity_wording import labels_of, model_words
from bedside.reporting.formatting import count
from bedside.reporting.glossary import label
from bedside.reporting.tables import Cell, GroupColumns, Table, measured_cell, models_table

if TYPE_CHECKING:
    from bedside.reporting.record import Record

OF_LABELS = ("entity_f1", "entity_precision", "entity_recall", "relaxed_f1")


def all_models(record: Record) -> Table:
    """All metrics of all models."""
    caption = "All entities together, each value above its interval"
    return models_table(record, ENTITY_TERMS, words=model_words, caption=caption)


def labels_table(record: Record) -> Table | None:
    """The deep model's metrics of each label; None where there is only one."""
    found = labels_of(record)
    if len(found) < 2:
        return None
    header = [Cell("Label"), Cell("Test entities"), *(Cell(label(name)) for name in OF_LABELS)]
    rows = []
    for name, entities in found.items():
        names = [f"{metric}_{name}" for metric in OF_LABELS]
        cells = [measured_cell(own, record.estimate(record.deep, own)) for own in names]
        rows.append([Cell(name), Cell(count(entities)), *cells])
    return Table("The deep model, label by label", header, rows)


def group_columns(record: Record) -> GroupColumns:
    """The columns of the table of subgroups."""
    others = (name for name in ("entity_precision", "entity_recall") if name != record.primary)
    return GroupColumns([record.primary, *others], {"Entities": "entities"}, label, measured_cell)
