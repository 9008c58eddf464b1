"""What several kinds of target tell alike: key numbers, and examples as they were written.

Enters: a `Record`. Leaves: cards, and groups of examples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bedside.evaluation import lower_is_better
from bedside.reporting.formatting import bounds, signed
from bedside.reporting.glossary import form_of, label
from bedside.reporting.telling import Card
from bedside.run_folder import read_json

if TYPE_CHECKING:
    from bedside.reporting.record import Record


def key_cards(record: Record, metrics: Sequence[str]) -> list[Card]:
    """A card of each metric that the deep model has, and of the difference behind the first."""
    cards = []
    for name in metrics:
        estimate = record.estimate(record.deep, name)
        if estimate is not None:
            form = form_of(name)
            small = bounds(estimate, form) or "interval n/a"
            cards.append(Card(label(name), form.text(estimate.get("value")), small))
    difference = record.metrics.get("difference")
    if isinstance(difference, Mapping):
        form = form_of(record.primary)
        turned = lower_is_better(record.primary)
        who = "simple minus deep" if turned else "deep minus simple"
        value = form.text(difference.get("value"))
        small = bounds(difference, form) or "interval n/a"
        title = f"{label(record.primary)}, {who}"
        cards.insert(1, Card(title, value if turned else signed(value), small))
    return cards


def written_examples(record: Record) -> list[dict[str, Any]]:
    """Groups of example cases; empty where the run has none."""
    place = record.folder.root / "explanations" / "cases.json"
    if not place.exists():
        return []
    groups: list[dict[str, Any]] = read_json(place).get("groups", [])
    return groups
