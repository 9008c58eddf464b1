"""Figures of outlined structures.

Enters: a `Record`. Leaves: a matplotlib figure, or None where its data is missing.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np

from bedside.reporting import style
from bedside.reporting.formatting import number
from bedside.reporting.mask_wording import structures_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bedside.reporting.record import Record
    from bedside.schema import Array


def case_numbers(record: Record, metric: str) -> dict[str, Array]:
    """Structure -> (n,) values of the test cases, from the run's table of predictions."""
    place = record.folder.predictions
    if not place.exists():
        return {}
    with place.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    found = {}
    for name in structures_of(record):
        cells = [row.get(f"{metric}_{name}", "") for row in rows]
        values = np.array([float(cell) for cell in cells if cell])
        if values.size:
            found[name] = values
    return found


def draw_by_structure(record: Record) -> Figure | None:
    """Dice of every test case, a row of dots a structure, and the median."""
    values = case_numbers(record, "dice")
    if not values:
        return None
    figure = style.blank(width=6.4, height=1.2 + 0.6 * len(values))
    axes = figure.subplots()
    rng = np.random.default_rng(0)
    for place, own in enumerate(values.values()):
        height = place + rng.uniform(-0.22, 0.22, own.size)
        axes.plot(own, height, "o", color=style.DEEP, alpha=0.55, markersize=4.5, markeredgewidth=0)
        median = float(np.median(own))
        axes.plot([median] * 2, [place - 0.34, place + 0.34], color=style.INK, linewidth=1.6)
    axes.set_yticks(range(len(values)), list(values))
    axes.set_ylim(len(values) - 0.5, -0.5)
    axes.set_xlabel("Dice of each test case; the line is the median")
    axes.grid(axis="x")
    return figure


def structure_words(record: Record) -> str:
    """What `draw_by_structure` shows, for those who cannot see it."""
    parts = [
        f"{name}: median {number(np.median(own))}, lowest {number(own.min())}"
        for name, own in case_numbers(record, "dice").items()
    ]
    return "; ".join(parts)


def draw_quality(record: Record) -> Figure | None:
    """The Dice that was expected of each outline against the real one, a colour a structure."""
    told, real = (case_numbers(record, metric) for metric in ("quality", "dice"))
    pairs = {name: (told[name], real[name]) for name in told if len(told[name]) == len(real[name])}
    if not pairs:
        return None
    figure = style.blank(width=4.6, height=4.3)
    axes = figure.subplots()
    lowest = min(float(min(one.min(), other.min())) for one, other in pairs.values())
    start = max(0.0, np.floor(lowest * 10 - 0.5) / 10)
    axes.plot([start, 1], [start, 1], ":", color=style.MUTED, linewidth=1)
    colours = (style.DEEP, *style.OTHERS)
    for place, (name, (one, other)) in enumerate(pairs.items()):
        colour = colours[place % len(colours)]
        axes.plot(one, other, "o", color=colour, alpha=0.6, markersize=4.5, label=name)
    axes.set_xlabel("expected Dice")
    axes.set_ylabel("real Dice")
    axes.set_xlim(start, 1)
    axes.set_ylim(start, 1)
    axes.legend(loc="lower right")
    return figure
