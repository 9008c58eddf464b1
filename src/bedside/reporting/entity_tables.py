"""The tables of entities.

Enters: a `Record`. Leaves: `Table`s for the template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedside.reporting.entity_terms import ENTITY_TERMS
from bedside.reporting.entity_wording import MODEL_WORDS, labels_of
from bedside.reporting.formatting import count
from bedside.reporting.glossary import label
from bedside.reporting.summary_tables import shown
from bedside.reporting.tables import Cell, GroupColumns, Table

if TYPE_CHECKING:
    from bedside.reporting.record import Record

OF_LABELS = ("entity_f1", "entity_precision", "entity_recall", "relaxed_f1")


def models_table(record: Record) -> Table:
    """All metrics of all models."""
    header = [Cell("Metric"), *(Cell(name, record.role(name)) for name in record.models)]
    rows = []
    for metric in ENTITY_TERMS:
        tone = "primary" if metric == record.primary else ""
        cells = [shown(metric, record.estimate(m, metric), tone=tone) for m in record.models]
        rows.append([Cell(label(metric), "decides the verdict" if tone else "", tone), *cells])
    words = [f"{name}: {MODEL_WORDS[name]}" for name in record.models if name in MODEL_WORDS]
    note = f"{'; '.join(words)}." if words else ""
    return Table("All entities together, each value above its interval", header, rows, note)


def labels_table(record: Record) -> Table | None:
    """The deep model's metrics of each label; None where there is only one."""
    found = labels_of(record)
    if len(found) < 2:
        return None
    header = [Cell("Label"), Cell("Test entities"), *(Cell(label(name)) for name in OF_LABELS)]
    rows = []
    for name, entities in found.items():
        names = [f"{metric}_{name}" for metric in OF_LABELS]
        cells = [shown(own, record.estimate(record.deep, own)) for own in names]
        rows.append([Cell(name), Cell(count(entities)), *cells])
    return Table("The deep model, label by label", header, rows)


def group_columns(record: Record) -> GroupColumns:
    """The columns of the table of subgroups."""
    others = (name for name in ("entity_precision", "entity_recall") if name != record.primary)
    return GroupColumns([record.primary, *others], {"Entities": "entities"}, label, shown)
