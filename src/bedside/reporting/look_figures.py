"""Figures of explanations: their test, a marked series, bars of a table.

Enters: the record of one input in ``explanations/explanation.json``, or values with their marks.
Leaves: figures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.reporting import style

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bedside.schema import Array

PANELS = {
    "deletion": "Hidden, most marked first",
    "insertion": "Shown, most marked first",
}
FOR, AGAINST = "#ff7a00", "#3c8cff"
QUIET = 0.12
MOST_BARS = 12
LOT: dict[str, Any] = {"color": "#8b959e", "linestyle": (0, (1.2, 1.6)), "linewidth": 1.6}


@dataclass(frozen=True)
class Ahead:
    """The step of a forecast that is explained.

    Args:
        minutes: from the last reading.
        forecast: its value.
        came: what was measured then; None where it is not known.
    """

    minutes: int
    forecast: float
    came: float | None = None


def draw_test(own: Mapping[str, Any], *, shares: Sequence[float], answer: str) -> Figure:
    """Mean answer against the share hidden (left) and shown (right), each method and the lot.

    Args:
        own: what the record says of the input.
        shares: of elements hidden or shown.
        answer: name of the vertical axis.
    """
    figure = style.blank(width=8.4, height=3.3)
    panels: Sequence[Axes] = figure.subplots(1, 2, sharey=True)
    percents = [100 * share for share in shares]
    for axes, (key, title) in zip(panels, PANELS.items(), strict=True):
        for place, one in enumerate(own["tested"]):
            chosen = one["method"] == own["method"]
            line = {**style.line_number(place), "linewidth": 2.6 if chosen else 1.3}
            axes.plot(percents, one["curves"][key], label=one["method"], **line)
            if chosen:
                axes.plot(percents, one["curves"][f"{key}_lot"], label="by lot", **LOT)
        axes.set(xlabel=f"{title}, % of the input", xlim=(-1, 101))
        axes.grid(visible=True)
    panels[0].set_ylabel(answer)
    panels[1].legend(loc="best")
    return figure


def draw_series(
    values: Array,
    marks: Array,
    *,
    every_minutes: float | None = None,
    unit: str = "",
    ahead: Ahead | None = None,
) -> Figure:
    """A series with its marks behind it: orange speaks for the answer, blue against it.

    Args:
        values: (T,) first channel of a signal.
        marks: (T,) of its map.
        every_minutes: time between readings; None where that is not known.
        unit: of the values; blank where that is not known.
        ahead: what is explained, where it is a step of a forecast.
    """
    figure, axes = style.small(width=4.2, height=2.3)
    step = 1.0 if every_minutes is None else every_minutes
    times = (np.arange(len(values)) - len(values) + 1) * step
    top = float(np.abs(marks).max()) or 1.0
    half = step / 2
    for time, mark in zip(times, marks / top, strict=True):
        if abs(mark) >= QUIET:
            colour = FOR if mark > 0 else AGAINST
            axes.axvspan(time - half, time + half, color=colour, alpha=0.6 * abs(mark), linewidth=0)
    axes.plot(times, values, color=style.INK, linewidth=1.4)
    axes.set(
        xlim=(times[0] - half, times[-1] + half),
        xlabel=_time_word(known=every_minutes is not None),
        ylabel=unit,
    )
    if ahead is not None:
        _draw_ahead(axes, ahead, last=float(values[-1]))
    return figure


def _draw_ahead(axes: Axes, ahead: Ahead, *, last: float) -> None:
    """The forecast beside the series, joined to its last reading, and what came."""
    axes.plot([0, ahead.minutes], [last, ahead.forecast], color=style.DEEP, linewidth=1.2)
    axes.plot(ahead.minutes, ahead.forecast, "o", color=style.DEEP, markersize=5, label="forecast")
    if ahead.came is not None:
        axes.plot(
            ahead.minutes, ahead.came, "o", color=style.INK, markerfacecolor="white", markersize=5,
            label="what came",
        )  # fmt: skip
    begin = axes.get_xlim()[0]
    room = 0.03 * (ahead.minutes - begin)
    axes.set(
        xlim=(begin, ahead.minutes + room),
        xticks=range(60 * math.ceil(begin / 60), ahead.minutes + 1, 60),
    )
    axes.legend(loc="best", fontsize=8)


def draw_bars(names: Sequence[str], marks: Array) -> Figure:
    """One bar a column, the strongest first; right of the line speaks for the answer."""
    order = np.argsort(-np.abs(marks), kind="stable")[:MOST_BARS][::-1]
    figure = style.blank(width=4.2, height=0.8 + 0.26 * len(order))
    axes = figure.subplots()
    colours = [FOR if marks[place] > 0 else AGAINST for place in order]
    axes.barh([names[place] for place in order], marks[order], color=colours)
    axes.axvline(0, color=style.MUTED, linewidth=0.8)
    return figure


def _time_word(*, known: bool) -> str:
    return "Minutes from the last reading" if known else "Steps from the last one"
