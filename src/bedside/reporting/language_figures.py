"""Figures of language models: how unlike the texts of the test part are to each other.

Enters: a `Record`, and ``predictions/<model>-test.csv``. Leaves: a matplotlib figure, or None
where its data is missing.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np

from bedside.reporting import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bedside.reporting.record import Record
    from bedside.schema import Array

BINS = 40


def draw_texts(record: Record) -> Figure | None:
    """How many texts have which perplexity, by the deep and the best simple model."""
    from matplotlib.ticker import LogLocator, NullLocator

    found = {name: of_texts(record, name) for name in (record.deep, record.best_baseline) if name}
    found = {name: values for name, values in found.items() if len(values)}
    if record.deep not in found:
        return None
    every = np.concatenate(list(found.values()))
    edges = np.geomspace(every.min(), max(every.max(), every.min() * 1.01), BINS + 1)
    figure = style.blank(width=6.4, height=3.0)
    axes = figure.add_subplot()
    for name, values in found.items():
        heights, _ = np.histogram(values, bins=edges)
        axes.stairs(heights, edges, label=name, **style.line_of(record, name))
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("Perplexity of a text")
    axes.set_ylabel("Test texts")
    axes.grid(visible=True, axis="y")
    axes.legend(loc="upper right")
    return figure


def text_words(record: Record) -> str:
    """What `draw_texts` shows, for those who cannot see it."""
    values = of_texts(record, record.deep)
    if not len(values):
        return ""
    low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
    return (
        f"Of the test texts, a tenth has a perplexity below {low:.1f} by the deep model, half "
        f"below {middle:.1f}, and nine in ten below {high:.1f}."
    )


def of_texts(record: Record, model: str) -> Array:
    """Perplexities of the test texts by a model; empty where they were not kept."""
    path = record.folder.root / "predictions" / f"{model}-{record.tests[0]}.csv"
    if not path.exists():
        return np.zeros(0)
    with path.open(encoding="utf-8", newline="") as stream:
        cells = [row["perplexity"] for row in csv.DictReader(stream)]
    values = np.array([float(cell) for cell in cells])
    return np.asarray(values[np.isfinite(values)])
