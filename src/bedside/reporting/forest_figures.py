"""Forest plots: all models, their difference, and the deep model in subgroups.

Enters: a `Record`. Leaves: a matplotlib figure, or None where there is nothing to compare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedside.reporting import style
from bedside.reporting.formatting import (
    MINUS,
    Form,
    bounds,
    broken,
    count,
    has_interval,
    with_interval,
)
from bedside.reporting.glossary import axis_name, difference_form, form_of, higher_is_better, label
from bedside.reporting.kinds import told
from bedside.reporting.wording import confidence_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bedside.reporting.record import Record

ROW_INCHES = 0.36
MOST_TICKS = 5
SQUEEZED = 3.0
"""Times the others' span from which a model that knows nothing is left out of the axis."""
FEWEST_SHOWN = 5
"""Groups below this are left out of the figure, which is also part of the copy to share."""


@dataclass(frozen=True)
class Row:
    """One line of a forest plot; a heading has no estimate."""

    name: str
    estimate: Mapping[str, Any] | None
    colour: str = style.INK
    marker: str = "s"


def draw_comparison(record: Record) -> Figure | None:
    """The primary metric of all models with intervals, and the paired difference below."""
    return _comparison(record, record.tests[0])


def draw_comparisons(record: Record) -> Figure | None:
    """The same for the first further test part, None where there is none."""
    return _comparison(record, record.tests[1]) if len(record.tests) > 1 else None


def _comparison(record: Record, part: str) -> Figure | None:
    rows = [
        Row(
            name,
            record.estimate(name, record.primary, part=part),
            style.DEEP if name == record.deep else style.INK,
            "D" if name == record.deep else "s",
        )
        for name in record.models
    ]
    rows = [row for row in rows if row.estimate and _known(row.estimate)]
    if not rows:
        return None
    difference = record.part(part).get("difference")
    below = isinstance(difference, Mapping) and _known(difference)
    height = 0.95 + ROW_INCHES * len(rows) + (1.4 if below else 0)
    figure = style.blank(width=6.4, height=height)
    ratios = [0.6 + len(rows), 1.9] if below else [1]
    grid = figure.add_gridspec(len(ratios), 1, height_ratios=ratios)
    upper = figure.add_subplot(grid[0])
    form = form_of(record.primary, record.unit)
    draw_rows(upper, rows, form, few=_few(record))
    upper.set_xlabel(f"{_axis(record)} ({confidence_words(record)})")
    if below and isinstance(difference, Mapping):
        _difference(figure.add_subplot(grid[1]), record, difference)
    return figure


def _axis(record: Record, *, who: str = "") -> str:
    """The primary metric with its unit."""
    return axis_name(record.primary, record.unit, who=who)


def _difference(axes: Axes, record: Record, difference: Mapping[str, Any]) -> None:
    pair = [record.deep, str(record.best_baseline)]
    name = " − ".join(pair if higher_is_better(record.primary) else pair[::-1])
    form = difference_form(record.primary, record.unit)
    draw_rows(axes, [Row(name, difference, style.DEEP, "D")], form, few="")
    axes.axvline(0, color=style.INK, linewidth=1)
    left, right = axes.get_xlim()
    reach = max(abs(left), abs(right), 0.01)
    axes.set_xlim(-reach, reach)
    what = f"{label(record.primary)}, {form.unit}" if form.unit else label(record.primary)
    axes.set_xlabel(f"Difference in {what} ({confidence_words(record)})")
    for x, side, text in ((0.48, "right", "← simple better"), (0.52, "left", "deep better →")):
        axes.text(x, 1.04, text, ha=side, va="bottom", transform=axes.transAxes,
                  color=style.MUTED)  # fmt: skip


def draw_subgroups(record: Record) -> Figure | None:
    """The primary metric of the deep model by subgroup, beside its value over all."""
    rows = list(_subgroup_rows(record))
    if not any(row.estimate for row in rows):
        return None
    overall = record.estimate(record.deep, record.primary)
    rows = [Row(f"All test {told(record).noun}s", overall, style.DEEP, "D"), *rows]
    figure = style.blank(width=6.4, height=0.85 + 0.3 * len(rows))
    axes = figure.add_subplot()
    if overall and _known(overall):
        axes.axvline(overall["value"], color=style.DEEP, linewidth=1, linestyle=(0, (1.2, 1.6)))
        if has_interval(overall):
            axes.axvspan(overall["low"], overall["high"], color="#e4eff6", linewidth=0, zorder=0)
    draw_rows(axes, rows, form_of(record.primary, record.unit), few=_few(record))
    axes.set_xlabel(f"{_axis(record, who=' of the deep model')} ({confidence_words(record)})")
    return figure


def _subgroup_rows(record: Record) -> list[Row]:
    rows: list[Row] = []
    for attribute, groups in (record.metrics.get("subgroups") or {}).items():
        inner = []
        for name, group in groups.items():
            if int(group.get("cases") or 0) < FEWEST_SHOWN:
                continue
            estimate = (group.get("metrics") or {}).get(record.primary)
            inner.append(Row(f"{name}  (n = {count(group.get('cases'))})", estimate))
        if inner:
            rows += [Row(str(attribute), None, marker=""), *inner]
    return rows


def _few(record: Record) -> str:
    return f"too few {told(record).noun}s"


def draw_rows(axes: Axes, rows: list[Row], form: Form, *, few: str) -> None:
    """Draw estimates with intervals, a line each; `few` stands where there is none."""
    axes.set_ylim(len(rows) - 0.45, -0.55)
    frame = _frame(rows)
    for place, row in enumerate(rows):
        if row.estimate and _known(row.estimate):
            _whisker(axes, place, row, frame)
        text = with_interval(row.estimate, form) if row.estimate and _known(row.estimate) else ""
        if not text and row.marker:
            text = few
        axes.annotate(
            text,
            (1.02, place),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=10,
            color=row.colour if row.estimate else style.MUTED,
        )
    axes.set_yticks(range(len(rows)), labels=[broken(row.name) for row in rows])
    for tick, row in zip(axes.get_yticklabels(), rows, strict=True):
        tick.set_color(row.colour)
        tick.set_fontweight("bold" if not row.marker or row.colour == style.DEEP else "normal")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=True, axis="x")
    axes.margins(x=0.08)
    if frame is not None:
        axes.set_xlim(frame)
    axes.locator_params(axis="x", nbins=MOST_TICKS)
    if form.scale != 1:
        axes.xaxis.set_major_formatter(
            lambda value, _: f"{value * form.scale:g}".replace("-", MINUS)
        )


def _frame(rows: Sequence[Row]) -> tuple[float, float] | None:
    """Ends of the axis where a model that knows nothing of a case would squeeze all others.

    Such a model is then an arrow at the edge, its numbers beside it. None: all fit.
    """
    everyone = [_span(row) for row in rows if row.estimate and _known(row.estimate)]
    rest = [
        _span(row)
        for row in rows
        if row.estimate and _known(row.estimate) and row.name not in style.FLOORS
    ]
    if not rest or len(rest) == len(everyone):
        return None
    low, high = min(low for low, _ in rest), max(high for _, high in rest)
    whole = max(high for _, high in everyone) - min(low for low, _ in everyone)
    if low == high or whole < SQUEEZED * (high - low):
        return None
    margin = 0.25 * (high - low)
    return low - margin, high + margin


def _span(row: Row) -> tuple[float, float]:
    found = row.estimate or {}
    if has_interval(found):
        return float(found["low"]), float(found["high"])
    return float(found["value"]), float(found["value"])


def _whisker(axes: Axes, place: int, row: Row, frame: tuple[float, float] | None) -> None:
    found = row.estimate or {}
    if frame is not None and not frame[0] <= found["value"] <= frame[1]:
        left = found["value"] < frame[0]
        axes.plot([frame[not left]], [place], "<" if left else ">", color=row.colour, clip_on=False)
        return
    if has_interval(found):
        axes.plot(
            [found["low"], found["high"]], [place, place], color=row.colour, linewidth=1.8, zorder=3
        )
    axes.plot([found["value"]], [place], row.marker, color=row.colour, markersize=6.5, zorder=4)


def _known(estimate: Mapping[str, Any]) -> bool:
    return isinstance(estimate.get("value"), int | float)


def forest_words(record: Record) -> str:
    """The comparison in one sentence, for those who cannot see it."""
    form = form_of(record.primary, record.unit)
    parts = [
        f"{name} {form.text(found.get('value'))} ({bounds(found, form) or 'interval n/a'})"
        for name in record.models
        if (found := record.estimate(name, record.primary))
    ]
    return f"{label(record.primary)}: {'; '.join(parts)}."
