"""The tables of language models.

Enters: a `Record`. Leaves: `Table`s for the template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedside.reporting.glossary import label
from bedside.reporting.language_terms import LANGUAGE_TERMS
from bedside.reporting.language_wording import model_words
from bedside.reporting.tables import GroupColumns, Table, measured_cell, models_table

if TYPE_CHECKING:
    from bedside.reporting.record import Record


def all_models(record: Record) -> Table:
    """All metrics of all models."""
    caption = "All test texts together, each value above its interval"
    return models_table(record, LANGUAGE_TERMS, words=model_words, caption=caption)


def group_columns(record: Record) -> GroupColumns:
    """The columns of the table of subgroups."""
    return GroupColumns(
        [record.primary, "unknown_tokens"], {"Tokens": "tokens"}, label, measured_cell
    )
