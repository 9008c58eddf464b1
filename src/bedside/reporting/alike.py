"""What several kinds of target tell alike: key numbers, and examples as they were written.

Enters: a `Record`. Leaves: cards, and groups of examples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bedside.reporting.formatting import NO_INTERVAL, bounds, signed
from bedside.reporting.glossary import difference_form, form_of, hint, mid_sentence, named
from bedside.reporting.summary_tables import parts_table
from bedside.reporting.tables import (
    FEWEST_IN_COPY,
    GroupColumns,
    subgroups_table,
)
from bedside.reporting.telling import Card
from bedside.run_folder import read_json

if TYPE_CHECKING:
    from bedside.reporting.record import Record


def key_cards(record: Record, metrics: Sequence[str]) -> list[Card]:
    """A card of each metric that the deep model has, and of the difference behind the first."""
    cards = [
        _card(record, name, estimate)
        for name in dict.fromkeys(metrics)
        if (estimate := record.estimate(record.deep, name)) is not None
    ]
    difference = record.metrics.get("difference")
    if isinstance(difference, Mapping):
        form = difference_form(record.primary, record.unit)
        value = signed(form.text(difference.get("value"), bare=True))
        what = f"{mid_sentence(record.primary)}, {form.unit}".rstrip(", ")
        cards.insert(
            1,
            Card(
                "Gain over the simple model",
                value,
                bounds(difference, form) or NO_INTERVAL,
                f"in {what}; above 0 is better",
            ),
        )
    return cards


def _card(record: Record, metric: str, estimate: Mapping[str, Any]) -> Card:
    form = form_of(metric, record.unit)
    value = form.text(estimate.get("value"), bare=True)
    low_high = bounds(estimate, form) or NO_INTERVAL
    return Card(named(metric, record.unit), value, low_high, hint(metric))


def written_examples(record: Record) -> list[dict[str, Any]]:
    """Groups of example cases; empty where the run has none."""
    place = record.folder.root / "explanations" / "cases.json"
    if not place.exists():
        return []
    groups: list[dict[str, Any]] = read_json(place).get("groups", [])
    return groups


def texts_page(record: Record, columns: GroupColumns, *, cases: bool) -> dict[str, Any]:
    """What the page of a kind about texts shows beside its own tables.

    Args:
        record: of the run.
        columns: of the table of subgroups.
        cases: False leaves out examples and small groups.
    """
    return {
        "parts_table": parts_table(record),
        "subgroups_table": subgroups_table(record, columns, fewest=0 if cases else FEWEST_IN_COPY),
        "other_parts": record.metrics.get("other_parts") or {},
        "examples_title": "Example texts",
        "examples": written_examples(record) if cases else [],
    }
