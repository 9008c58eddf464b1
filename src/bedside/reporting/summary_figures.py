"""Figures of summaries: the score by kind of case, and findings kept and lost one by one.

Enters: a `Record`. Leaves: a matplotlib figure, or None where its data is missing.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bedside.reporting import style
from bedside.reporting.formatting import broken, count, has_interval, number
from bedside.reporting.glossary import label
from bedside.reporting.summary_wording import KIND_WORDS, KINDS, cases_of, has_lexicon, value_of
from bedside.reporting.wording import confidence_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bedside.reporting.record import Record

MOST_FINDINGS = 20
MARKERS = "Dso^vP*X"
SPREAD = 0.64
"""Of the room of a row that the models share."""


@dataclass(frozen=True)
class Kept:
    """One finding: in how many references it stands, in how many summaries of those, and others.

    Args:
        name: of the finding.
        wanted: references that state it.
        kept: of those, summaries that state it.
        added: summaries that state it where the reference does not.
    """

    name: str
    wanted: int
    kept: int
    added: int


def draw_by_kind(record: Record) -> Figure | None:
    """The primary metric of every model, on all cases and on those that are not alike."""
    kinds = [kind for kind in KINDS if cases_of(record, kind)]
    models = [m for m in record.models if value_of(record, m, record.primary) is not None]
    if len(kinds) < 2 or not models:
        return None
    height = 1.35 + 0.13 * len(models) * len(kinds) + 0.12 * len(kinds)
    figure = style.blank(width=6.8, height=height)
    axes = figure.add_subplot()
    steps = np.linspace(-SPREAD / 2, SPREAD / 2, len(models)) if len(models) > 1 else np.zeros(1)
    for place, (model, step) in enumerate(zip(models, steps, strict=True)):
        _model_points(axes, record, kinds, model=model, step=step, marker=MARKERS[place % 8])
    names = [f"{KIND_WORDS[kind]}\n(n = {count(cases_of(record, kind))})" for kind in kinds]
    axes.set_yticks(range(len(kinds)), labels=names)
    axes.set_ylim(len(kinds) - 0.5, -0.5)
    for edge in np.arange(0.5, len(kinds) - 1):
        axes.axhline(edge, color=style.HAIRLINE, linewidth=0.8)
    axes.set_xlim(left=0)
    axes.set_xlabel(f"{label(record.primary)} ({confidence_words(record)})")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=True, axis="x")
    axes.legend(loc="lower center", bbox_to_anchor=(0.36, 1.0), ncols=3)
    return figure


def _model_points(
    axes: Axes, record: Record, kinds: list[str], *, model: str, step: float, marker: str
) -> None:
    colour = style.line_of(record, model)["color"]
    drawn = False
    for place, kind in enumerate(kinds):
        metric = f"{record.primary}_{kind}" if kind else record.primary
        found = record.estimate(model, metric)
        if found is None or found.get("value") is None:
            continue
        if has_interval(found):
            ends = [found["low"], found["high"]]
            axes.plot(ends, [place + step] * 2, color=colour, linewidth=1.6, zorder=3)
        axes.plot(
            [found["value"]], [place + step], marker, color=colour, markersize=5.6, zorder=4,
            linestyle="none", label=None if drawn else broken(model),
        )  # fmt: skip
        drawn = True


def draw_findings(record: Record) -> Figure | None:
    """Each finding: how many references state it, and how many of those summaries keep it."""
    found = kept_findings(record)
    if not found:
        return None
    figure = style.blank(width=6.6, height=1.25 + 0.27 * len(found))
    axes = figure.add_subplot()
    places = np.arange(len(found))
    wanted, kept, added = (
        np.array([getattr(one, key) for one in found]) for key in ("wanted", "kept", "added")
    )
    axes.barh(places, kept, color=style.DEEP, height=0.66, label="kept")
    axes.barh(places, wanted - kept, left=kept, color="white", edgecolor=style.ALARM,
              linewidth=1, height=0.62, label="lost")  # fmt: skip
    axes.plot(added, places, "x", color=style.OTHERS[0], markersize=6, mew=1.8, zorder=5,
              label="stated, not in the reference")  # fmt: skip
    axes.set_yticks(places, labels=[one.name for one in found])
    axes.set_ylim(len(found) - 0.45, -0.55)
    axes.set_xlim(left=min(0.0, -0.01 * max(1, wanted.max())))
    axes.set_xlabel("Test cases")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=True, axis="x")
    axes.legend(loc="lower right")
    return figure


def kept_findings(record: Record) -> list[Kept]:
    """The findings of the deep model's test part, the commonest first."""
    if not has_lexicon(record) or not record.folder.predictions.exists():
        return []
    wanted, kept, added = Counter[str](), Counter[str](), Counter[str]()
    with record.folder.predictions.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            theirs, ours = (
                {name for name in (row.get(column) or "").split("; ") if name}
                for column in ("reference_findings", "summary_findings")
            )
            wanted.update(theirs)
            kept.update(theirs & ours)
            added.update(ours - theirs)
    names = sorted(wanted | added, key=lambda name: (-wanted[name], -added[name], name))
    return [Kept(n, wanted[n], kept[n], added[n]) for n in names[:MOST_FINDINGS]]


def kind_words_of(record: Record) -> str:
    """The first figure in one sentence, for those who cannot see it."""
    parts = []
    for kind in KINDS:
        metric = f"{record.primary}_{kind}" if kind else record.primary
        values = [
            f"{model} {number(value)}"
            for model in record.models
            if (value := value_of(record, model, metric)) is not None
        ]
        if values:
            parts.append(f"{KIND_WORDS[kind]}: {', '.join(values)}")
    return f"{'; '.join(parts)}."


def finding_words_of(record: Record) -> str:
    """The second figure in one sentence."""
    found = kept_findings(record)
    return "; ".join(
        f"{one.name}: {one.kept} of {one.wanted} kept, {one.added} added" for one in found
    )
