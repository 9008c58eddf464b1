"""Figures of warnings: what it costs to be warned of more.

Enters: a `Record`. Leaves: a matplotlib figure, or None where its data is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bedside.evaluation.glucose import LOW, UNITS
from bedside.evaluation.glucose_events import Counts, count_low
from bedside.reporting import style
from bedside.reporting.formatting import percent
from bedside.tasks.alarms import probability_below

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bedside.reporting.forecasts import Forecasts
    from bedside.reporting.record import Record
    from bedside.schema import Array

LEVELS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Probabilities of low glucose at which an alarm could go off."""
NAMED = (0.05, 0.1, 0.2, 0.3)
FEWEST_EVENTS = 5


def draw_warnings(record: Record) -> Figure | None:
    """Share of low episodes announced against false alarms a day, for every alarm level."""
    deep = record.forecasts() if record.unit in UNITS else None
    if deep is None or count_low(deep.windows()).events.sum() < FEWEST_EVENTS:
        return None
    figure = style.blank(width=5.6, height=4.4)
    axes = figure.add_subplot()
    shown = [name for name in record.models if name not in style.FLOORS]
    for name in reversed(shown):
        forecasts = record.forecasts(name)
        if forecasts is not None:
            _curve(axes, record, name, forecasts)
    axes.set(xlabel="False alarms a day", ylabel="Episodes of low glucose announced")
    axes.set_ylim(-0.02, 1.03)
    axes.set_xlim(0, 1.15 * max(0.2, *_false_a_day(deep)))
    axes.yaxis.set_major_formatter(lambda value, _: percent(value))
    axes.grid(visible=True)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], loc="lower right", fontsize=9.5)
    return figure


def _curve(axes: Axes, record: Record, name: str, forecasts: Forecasts) -> None:
    """One model's levels; those of the deep model are named."""
    windows, look = forecasts.windows(), style.line_of(record, name)
    chance = low_probability(forecasts)
    points = [_rates(count_low(windows, chance >= level)) for level in LEVELS]
    x, y = (np.array([point[k] for point in points]) for k in (0, 1))
    axes.plot(x, y, label=name, **look)
    own = _rates(count_low(windows))
    axes.plot(*([value] for value in own), "o", mfc="white", mec=look["color"], ms=7, mew=1.8,
              zorder=8)  # fmt: skip
    if name != record.deep:
        return
    for level, left, up in zip(LEVELS, x, y, strict=True):
        axes.plot([left], [up], ".", color=look["color"], zorder=7)
        if level in NAMED:
            axes.annotate(percent(level), (left, up), xytext=(4, -10), textcoords="offset points",
                          fontsize=9, color=look["color"])  # fmt: skip


def _false_a_day(forecasts: Forecasts) -> list[float]:
    """False alarms a day at every level that is named."""
    windows, chance = forecasts.windows(), low_probability(forecasts)
    return [_rates(count_low(windows, chance >= level))[0] for level in NAMED]


def low_probability(forecasts: Forecasts) -> Array:
    """(N,) largest probability of a value below the line at any step."""
    below = probability_below(forecasts.quantiles, LOW[forecasts.unit], levels=forecasts.levels)
    return np.asarray(below.max(axis=1))


def _rates(counts: Counts) -> tuple[float, float]:
    """False alarms a day, and the share of episodes announced."""
    days, events = counts.days.sum(), counts.events.sum()
    false = (counts.warnings - counts.right).sum()
    return float(false / max(days, 1e-9)), float(counts.found.sum() / max(events, 1.0))


def warning_words(record: Record) -> str:
    """The figure in one sentence, for those who cannot see it."""
    forecasts = record.forecasts() if record.unit in UNITS else None
    if forecasts is None:
        return "Warnings of low glucose."
    windows, chance = forecasts.windows(), low_probability(forecasts)
    said = []
    for level in NAMED:
        false, found = _rates(count_low(windows, chance >= level))
        said.append(
            f"from {percent(level)} on: {percent(found)} announced, {false:.2f} false a day"
        )
    return f"An alarm of the deep model {'; '.join(said)}."
