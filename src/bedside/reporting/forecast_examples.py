"""Example forecasts, good and bad, chosen by rule and never by hand.

Enters: what was kept of the deep model's test part. Leaves: ``explanations/cases.json``
and ``explanations/forecast-NN.svg``; both hold patient data and stay out of the copy to
share.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.evaluation.glucose import HIGH, LOW, UNITS
from bedside.reporting import style
from bedside.run_folder import write_json

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bedside.reporting.forecasts import Forecasts
    from bedside.reporting.telling import Shown
    from bedside.run_folder import RunFolder
    from bedside.schema import Array

PER_GROUP = 3
HISTORY_MINUTES = 180
TYPICAL, BAD = 0.5, 0.95
"""Which are shown of all forecasts by rising error: in the middle, and near the end."""


@dataclass(frozen=True)
class Group:
    """Examples of one kind: `order` (n,) windows, the best example first."""

    title: str
    meaning: str
    order: Array


def write_forecast_examples(folder: RunFolder, forecasts: Forecasts, shown: Shown) -> Path:
    """Choose, draw and write example forecasts of the test part.

    Those of middling error, those of which one in twenty is worse, and, of glucose, those
    before a low: foreseen, missed, and warned of in vain. Each patient comes once in a
    group as long as there are others; ties are broken by lot.

    Args:
        folder: the run.
        forecasts: of the deep model on the test part.
        shown: names of the windows' segments; seed of the lots.

    Returns:
        Path of ``cases.json``.
    """
    place = folder.root / "explanations"
    place.mkdir(parents=True, exist_ok=True)
    for old in place.glob("forecast-*.svg"):
        old.unlink()
    rng = np.random.default_rng(shown.seed)
    groups: list[dict[str, Any]] = []
    number = 0
    with style.drawing():
        for group in _groups(forecasts, rng):
            cases = []
            for window in _spread(group.order, forecasts.patient):
                number += 1
                name = f"forecast-{number:02d}.svg"
                style.write_svg(draw_forecast(forecasts, window), place / name)
                cases.append(_case(forecasts, window, name=shown.names[window], picture=name))
            if cases:
                groups.append({"title": group.title, "meaning": group.meaning, "cases": cases})
    write_json(place / "cases.json", {"kind": "forecast", "groups": groups})
    return place / "cases.json"


def _case(forecasts: Forecasts, window: int, *, name: str, picture: str) -> dict[str, Any]:
    clock = int(forecasts.minute[window]) % (24 * 60)
    known = forecasts.known[window]
    error = np.abs(forecasts.point[window] - forecasts.truth[window])[known].mean()
    return {
        "row": name,
        "time": f"{clock // 60:02d}:{clock % 60:02d}",
        "error": round(float(error), 3),
        "picture": picture,
    }


def _groups(forecasts: Forecasts, rng: np.random.Generator) -> Iterator[Group]:
    whole = _well_known(forecasts)
    if not whole.size:
        return
    error = np.sqrt(((forecasts.point - forecasts.truth)[whole] ** 2).mean(axis=1))
    lots = rng.permutation(len(whole))
    rank = np.argsort(np.lexsort((lots, error)))
    for title, share, meaning in (
        ("Typical", TYPICAL, "half of the forecasts are better, half worse"),
        ("Among the worst", BAD, "one in twenty is worse than these"),
    ):
        near = np.abs(rank - share * (len(whole) - 1))
        yield Group(title, meaning, whole[np.argsort(near, kind="stable")])
    if forecasts.unit not in UNITS:
        return
    line = LOW[forecasts.unit]
    ahead = forecasts.truth[whole].min(axis=1) < line
    warned = forecasts.point[whole].min(axis=1) < line
    free = forecasts.last[whole] >= line
    for title, meaning, chosen in (
        ("Low glucose foreseen", "it fell below the line, and the forecast said so",
         free & ahead & warned),
        ("Low glucose missed", "it fell below the line, and the forecast did not",
         free & ahead & ~warned),
        ("Warned in vain", "the forecast fell below the line, glucose did not",
         free & ~ahead & warned),
    ):  # fmt: skip
        yield Group(title, meaning, whole[lots[chosen[lots]]])


def _well_known(forecasts: Forecasts) -> Array:
    """Windows of which all that came is known, and if any are, with some hours before them."""
    whole = np.flatnonzero(forecasts.known.all(axis=1))
    first = np.full(int(forecasts.row.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, forecasts.row, forecasts.minute)
    late = whole[(forecasts.minute - first[forecasts.row])[whole] >= HISTORY_MINUTES]
    return late if late.size else whole


def _spread(order: Array, patient: Array) -> list[int]:
    """The first few windows, one of each patient as long as there are others."""
    first = dict.fromkeys(int(p) for p in patient[order[:2000]])
    once = {p: int(order[np.argmax(patient[order] == p)]) for p in first}
    chosen = list(once.values())[:PER_GROUP]
    for window in map(int, order[:2000]):
        if len(chosen) >= PER_GROUP:
            break
        if window not in chosen:
            chosen.append(window)
    return chosen


def draw_forecast(forecasts: Forecasts, window: int) -> Figure:
    """What was measured before, the forecast with its ranges, and what came."""
    steps = HISTORY_MINUTES // forecasts.every
    before = forecasts.before(window, steps=steps)
    past = (np.arange(steps + 1) - steps) * forecasts.every
    ahead = np.asarray(forecasts.minutes)
    figure, axes = style.small(width=3.7, height=2.5)
    last = float(forecasts.last[window])
    for low, high, shade in ((0.025, 0.975, 0.14), (0.1, 0.9, 0.26)):
        _band(axes, forecasts, window, levels=(low, high), alpha=shade)
    axes.plot(past, before, color=style.INK, linewidth=1.4)
    came = np.where(forecasts.known[window], forecasts.truth[window], np.nan)
    axes.plot([0, *ahead], [last, *came], color=style.INK, linewidth=1.4, linestyle=(0, (1, 1.2)),
              marker="o", markersize=2.6, label="what came")  # fmt: skip
    axes.plot([0, *ahead], [last, *forecasts.point[window]], color=style.DEEP, linewidth=2,
              label="forecast")  # fmt: skip
    axes.axvline(0, color=style.MUTED, linewidth=0.8)
    _limits(axes, forecasts)
    axes.set_xlim(-HISTORY_MINUTES, int(ahead[-1]))
    axes.set_xticks([-180, -120, -60, 0, int(ahead[-1])])
    axes.set_xlabel("Minutes from the forecast", fontsize=9)
    axes.set_ylabel(forecasts.unit, fontsize=9)
    axes.tick_params(labelsize=9)
    return figure


def _band(
    axes: Axes, forecasts: Forecasts, window: int, *, levels: tuple[float, float], alpha: float
) -> None:
    """The range between two quantiles, opening from the last value."""
    ends = [forecasts.quantile(level) for level in levels]
    if ends[0] is None or ends[1] is None:
        return
    last = float(forecasts.last[window])
    low, high = ([last, *end[window]] for end in ends if end is not None)
    axes.fill_between(
        [0, *forecasts.minutes], low, high, color=style.DEEP, alpha=alpha, linewidth=0
    )


def _limits(axes: Axes, forecasts: Forecasts) -> None:
    """The target range of glucose, and room around all that is drawn."""
    if forecasts.unit not in UNITS:
        return
    low, high = LOW[forecasts.unit], HIGH[forecasts.unit]
    bottom, top = axes.get_ylim()
    for line in (low, high):
        axes.axhline(line, color=style.ALARM, linewidth=0.8, linestyle="--", zorder=1)
    axes.set_ylim(min(bottom, 0.5 * low), max(top, 1.4 * high))  # much the same for all
