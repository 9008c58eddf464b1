"""Figures of a forecast: its error by minutes ahead, and whether its ranges hold.

Enters: a `Record`. Leaves: a matplotlib figure, or None where its data is missing.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from bedside.evaluation.bootstrap import interval, patient_weights
from bedside.evaluation.forecasting import held_80, rmse_pooled
from bedside.evaluation.glucose import UNITS
from bedside.reporting import style
from bedside.reporting.forecast_wording import part_words
from bedside.reporting.formatting import number, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bedside.evaluation.windows import Windows
    from bedside.reporting.forecasts import Forecasts
    from bedside.reporting.record import Record
    from bedside.schema import Array

REPLICATES = 400
FEWEST, FEWEST_PATIENTS = 20, 3
"""Windows and patients of a point of the coverage figure; what has fewer is left out."""
RANGES = {
    "mg/dL": (70, 100, 140, 180, 250),
    "mmol/L": (3.9, 5.6, 7.8, 10.0, 13.9),
}
NOMINAL = 0.8


def _weights(windows: Windows, *, seed: int) -> Array:
    """(1 + R, P): each patient once, then as often as drawn."""
    groups = np.arange(windows.patients)
    rng = np.random.default_rng(seed)
    drawn = list(patient_weights(groups, replicates=REPLICATES, rng=rng))
    return np.concatenate([np.ones((1, windows.patients)), *drawn])


def draw_error_by_minutes(record: Record) -> Figure | None:
    """RMSE of every model at each step ahead, a panel for each test part."""
    parts = [part for part in record.tests if record.forecasts(part=part) is not None]
    if not parts:
        return None
    figure = style.blank(width=4.3 * len(parts) + 0.6, height=3.9)
    panels = figure.subplots(1, len(parts), sharey=True, squeeze=False)[0]
    for axes, part in zip(panels, parts, strict=True):
        for name in reversed(record.models):
            _error_line(axes, record, name, part)
        axes.set(xlabel="Minutes ahead")
        axes.set_title(part_words(part), fontsize=10.5, loc="left")
        axes.grid(visible=True, axis="y")
    panels[0].set_ylim(bottom=0)
    panels[0].set_ylabel(f"RMSE, {record.unit}")
    handles, labels = panels[0].get_legend_handles_labels()
    panels[0].legend(handles[::-1], labels[::-1], loc="lower right", fontsize=9.5)
    return figure


def _error_line(axes: Axes, record: Record, name: str, part: str) -> None:
    forecasts = record.forecasts(name, part=part)
    if forecasts is None:
        return
    windows, look = forecasts.windows(), style.line_of(record, name)
    weights = _weights(windows, seed=int(record.metrics.get("seed") or 0))
    rows = weights if name == record.deep else weights[:1]
    steps = [windows.at(minutes) for minutes in forecasts.minutes]
    values = np.stack([rmse_pooled(step, rows) for step in steps if step is not None])
    minutes = np.asarray(forecasts.minutes)
    if name == record.deep and windows.patients > 1:
        low, high = np.nanquantile(values[:, 1:], [0.025, 0.975], axis=1)
        axes.fill_between(minutes, low, high, color=look["color"], alpha=0.13, linewidth=0)
    axes.plot(minutes, values[:, 0], label=name, **look)


def draw_patients(record: Record) -> Figure | None:
    """The error of every patient, deep model against the best simple one."""
    found = {part: errors for part in record.tests
             if (errors := patient_errors(record, part)) is not None}  # fmt: skip
    if not found:
        return None
    figure = style.blank(width=5.2, height=5.0)
    axes = figure.add_subplot()
    largest = max(float(np.nanmax(both)) for both in found.values()) * 1.06
    axes.plot([0, largest], [0, largest], color=style.HAIRLINE, linewidth=1.2, zorder=1)
    for place, (part, (deep, simple)) in enumerate(found.items()):
        inside = style.DEEP if place == 0 else "white"
        axes.plot(simple, deep, "o", markersize=5.5, mfc=inside, mec=style.DEEP, alpha=0.8,
                  label=part_words(part))  # fmt: skip
    axes.set(
        xlim=(0, largest), ylim=(0, largest), aspect="equal",
        xlabel=f"RMSE of {record.best_baseline}, {record.unit}",
        ylabel=f"RMSE of {record.deep}, {record.unit}",
    )  # fmt: skip
    axes.grid(visible=True)
    axes.legend(loc="upper left")
    return figure


def patient_errors(record: Record, part: str) -> tuple[Array, Array] | None:
    """(P,) RMSE of each patient: of the deep model, and of the best simple one."""
    pair = [record.forecasts(name, part=part) for name in (record.deep, record.best_baseline)]
    if pair[0] is None or pair[1] is None or record.best_baseline is None:
        return None
    each = [rmse_pooled(w, np.eye(w.patients)) for w in (pair[0].windows(), pair[1].windows())]
    return each[0], each[1]


def patient_words(record: Record) -> str:
    """For how many patients the deep model was the better one."""
    sentences = []
    for part in record.tests:
        found = patient_errors(record, part)
        if found is not None:
            better, all_of = int((found[0] < found[1]).sum()), len(found[0])
            sentences.append(f"{part_words(part)}: better for {better} of {all_of}.")
    return " ".join(sentences)


def draw_coverage(record: Record) -> Figure | None:
    """How often the 80 % range held: by hour, by last value, by the value that came."""
    forecasts = record.forecasts()
    if forecasts is None or forecasts.quantile(0.1) is None or forecasts.quantile(0.9) is None:
        return None
    glucose = record.unit in UNITS
    figure = style.blank(width=8.6, height=6.0 if glucose else 3.1)
    grid = figure.add_gridspec(2 if glucose else 1, 2)
    upper = figure.add_subplot(grid[0, :])
    lower: list[Axes] = []
    hours = forecasts.minute // 60 % 24
    _held(upper, record, forecasts, (hours, [f"{h:02d}" for h in range(24)]), each_step=False)
    upper.set_xlabel("Hour of the day at which the forecast was made")
    if glucose:
        edges = np.asarray(RANGES[record.unit])
        names = _range_names(edges)
        left, right = lower = [figure.add_subplot(grid[1, k]) for k in (0, 1)]
        last = np.searchsorted(edges, forecasts.last, side="right")
        _held(left, record, forecasts, (last, names), each_step=False)
        left.set_xlabel(f"Last value before the forecast, {record.unit}")
        came = np.searchsorted(edges, forecasts.truth, side="right")
        _held(right, record, forecasts, (came, names), each_step=True)
        right.set_xlabel(f"Value that came, {record.unit}")
    least = min(0.5, *(axes.get_ylim()[0] for axes in (upper, *lower)))
    for axes in (upper, *lower):
        axes.set_ylim(least, 1.01)
    return figure


def _range_names(edges: Array) -> list[str]:
    between = [f"{a:g}–{b:g}" for a, b in pairwise(edges)]
    return [f"<{edges[0]:g}", *between, f"≥{edges[-1]:g}"]


def _held(
    axes: Axes,
    record: Record,
    forecasts: Forecasts,
    groups: tuple[Array, Sequence[str]],
    *,
    each_step: bool,
) -> None:
    """A point with its interval for each group; groups are of windows, or of each step."""
    codes, names = groups
    found = [_coverage(forecasts, codes == code, record=record, each_step=each_step)
             for code in range(len(names))]  # fmt: skip
    axes.axhline(NOMINAL, color=style.MUTED, linewidth=1, linestyle=(0, (1.2, 1.6)))
    for place, one in enumerate(found):
        if one is None:
            continue
        value, ends = one
        if ends is not None:
            axes.plot([place, place], ends, color=style.DEEP, linewidth=1.6, zorder=3)
        axes.plot([place], [value], "o", color=style.DEEP, markersize=5.5, zorder=4)
    axes.set_xticks(range(len(names)), labels=names, fontsize=9)
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.yaxis.set_major_formatter(lambda value, _: percent(value))
    axes.set_ylabel("In the 80 % range")
    axes.grid(visible=True, axis="y")


def _coverage(
    forecasts: Forecasts, inside: Array, *, record: Record, each_step: bool
) -> tuple[float, tuple[float, float] | None] | None:
    """Coverage of the 80 % range within a group, with its interval over patients."""
    known = forecasts.known & (inside if each_step else inside[:, None])
    rows = known.any(axis=1)
    if int(rows.sum()) < FEWEST or np.unique(forecasts.patient[rows]).size < FEWEST_PATIENTS:
        return None
    windows = forecasts.within(known).windows()
    drawn = windows.mean(held_80, _weights(windows, seed=int(record.metrics.get("seed") or 0)))
    return float(drawn[0]), interval(drawn[1:], 0.95, estimate=float(drawn[0]))


def coverage_words(record: Record) -> str:
    """The coverage figure in one sentence, for those who cannot see it."""
    found = record.estimate(record.deep, "coverage_80") or {}
    return f"Over all forecasts the 80 % range held {percent(found.get('value'), decimals=1)}."


def error_words(record: Record) -> str:
    """The error figure in one sentence, for those who cannot see it."""
    parts = []
    for name in record.models:
        whole = (record.estimate(name, record.primary) or {}).get("value")
        parts.append(f"{name} {number(whole, decimals=1)}")
    return f"RMSE over the whole horizon, {record.unit}: {'; '.join(parts)}."
