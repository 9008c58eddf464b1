"""The tables of language models.

Enters: a `Record`. Leaves: `Table`s for the template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedside.reporting.glossary import label
from bedside.reporting.language_terms import LANGUAGE_TERMS
from bedside.reporting.language_wording import MODEL_WORDS
from bedside.reporting.summary_tables import shown
from bedside.reporting.tables import Cell, GroupColumns, Table

if TYPE_CHECKING:
    from bedside.reporting.record import Record


def models_table(record: Record) -> Table:
    """All metrics of all models."""
    header = [Cell("Metric"), *(Cell(name, record.role(name)) for name in record.models)]
    rows = []
    for metric in LANGUAGE_TERMS:
        tone = "primary" if metric == record.primary else ""
        cells = [shown(metric, record.estimate(m, metric), tone=tone) for m in record.models]
        rows.append([Cell(label(metric), "decides the verdict" if tone else "", tone), *cells])
    words = [f"{name}: {MODEL_WORDS[name]}" for name in record.models if name in MODEL_WORDS]
    note = f"{'; '.join(words)}." if words else ""
    return Table("All test texts together, each value above its interval", header, rows, note)


def group_columns(record: Record) -> GroupColumns:
    """The columns of the table of subgroups."""
    return GroupColumns([record.primary, "unknown_tokens"], {"Tokens": "tokens"}, label, shown)
