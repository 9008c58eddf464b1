"""Figures of entities: how well each label is found, by every model.

Enters: a `Record`. Leaves: a matplotlib figure, or None where its data is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedside.reporting import style
from bedside.reporting.entity_wording import labels_of
from bedside.reporting.formatting import has_interval
from bedside.reporting.glossary import label
from bedside.reporting.wording import confidence_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bedside.reporting.record import Record

MARKERS = "Dso^v"
SPREAD = 0.5
"""Of the room of a row that the models share."""


def draw_labels(record: Record) -> Figure | None:
    """Entity F1 of each label and model with intervals; None where there is only one label."""
    labels = labels_of(record)
    if len(labels) < 2:
        return None
    figure = style.blank(width=6.8, height=1.1 + 0.16 * len(labels) * len(record.models))
    axes = figure.add_subplot()
    for place, model in enumerate(record.models):
        shift = SPREAD * (place / max(len(record.models) - 1, 1) - 0.5)
        colour = style.line_of(record, model)["color"]
        named = model
        for row, name in enumerate(labels):
            estimate = record.estimate(model, f"entity_f1_{name}")
            if estimate is None or estimate.get("value") is None:
                continue
            height = len(labels) - 1 - row - shift
            if has_interval(estimate):
                ends = [estimate["low"], estimate["high"]]
                axes.plot(ends, [height, height], color=colour, linewidth=1.2)
            axes.plot(
                estimate["value"], height, MARKERS[place % len(MARKERS)], color=colour,
                markersize=5, label=named,
            )  # fmt: skip
            named = "_"
    axes.set_yticks(range(len(labels)), [f"{n} ({c})" for n, c in reversed(labels.items())])
    axes.set_xlim(0, 1)
    axes.set_xlabel(f"{label('entity_f1')} with its {confidence_words(record)}")
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=True, axis="x")
    axes.legend(loc="lower center", bbox_to_anchor=(0.36, 1.0), ncols=3)
    return figure


def label_words(record: Record) -> str:
    """What `draw_labels` shows, for those who cannot see it."""
    found = []
    for name in labels_of(record):
        value = (record.estimate(record.deep, f"entity_f1_{name}") or {}).get("value")
        if value is not None:
            found.append(f"{name} {value:.2f}")
    return f"Entity F1 of the deep model by label: {', '.join(found)}."
