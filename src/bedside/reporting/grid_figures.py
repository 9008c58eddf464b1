"""Error grids with the forecasts in them: Clarke's, and the consensus grid of Parkes.

Enters: a `Record`. Leaves: a matplotlib figure, or None where its data is missing.
Forecasts are counted in small squares, so that no single value of a patient shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bedside.evaluation.error_grids import PARKES, ZONES, clarke_zones, height, parkes_zones
from bedside.evaluation.glucose import MG_PER_MMOL, UNITS
from bedside.reporting import style
from bedside.reporting.formatting import percent
from bedside.reporting.table_figures import SHADES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bedside.reporting.forecasts import Forecasts
    from bedside.reporting.record import Record

LARGEST = 400.0
SQUARE = 8.0
"""mg/dL, the side of a square."""
CLARKE_LINES = (
    ((0, 70), (175 / 3, 70)), ((175 / 3, 70), (LARGEST / 1.2, LARGEST)), ((70, 84), (70, LARGEST)),
    ((0, 180), (70, 180)), ((70, 180), (LARGEST - 110, LARGEST)), ((70, 0), (70, 56)),
    ((70, 56), (LARGEST, 320)), ((180, 0), (180, 70)), ((180, 70), (LARGEST, 70)),
    ((240, 70), (240, 180)), ((240, 180), (LARGEST, 180)), ((130, 0), (180, 70)),
)  # fmt: skip
"""As Clarke et al. 1987 draw them: from, to."""
CLARKE_LETTERS = (
    ("A", 30, 15), ("A", 330, 370), ("A", 370, 330), ("B", 245, 370), ("B", 375, 230),
    ("C", 140, 370), ("C", 160, 15), ("D", 30, 130), ("D", 375, 125), ("E", 30, 370),
    ("E", 375, 25),
)  # fmt: skip
PARKES_LETTERS = (
    ("A", 350, 370), ("A", 385, 330), ("B", 240, 370), ("B", 375, 225), ("C", 155, 370),
    ("C", 375, 135), ("D", 72, 370), ("D", 375, 40), ("E", 18, 370),
)  # fmt: skip


def draw_clarke(record: Record) -> Figure | None:
    """Clarke's grid over the whole horizon."""
    forecasts = _glucose(record)
    if forecasts is None:
        return None
    figure = style.blank(width=5.2, height=5.1)
    axes = figure.add_subplot()
    _squares(axes, forecasts)
    for (x1, y1), (x2, y2) in CLARKE_LINES:
        axes.plot([x1, x2], [y1, y2], color=style.INK, linewidth=0.9, zorder=4)
    _frame(axes, record, CLARKE_LETTERS)
    return figure


def draw_parkes(record: Record) -> Figure | None:
    """The consensus grid for type 1 over the whole horizon."""
    forecasts = _glucose(record)
    if forecasts is None:
        return None
    figure = style.blank(width=5.2, height=5.1)
    axes = figure.add_subplot()
    _squares(axes, forecasts)
    lines = PARKES[1]
    for line in lines.above:
        x = np.linspace(0, LARGEST, 801)
        y = height(line, x)
        axes.plot(x[y <= LARGEST], y[y <= LARGEST], color=style.INK, linewidth=0.9, zorder=4)
    for line in lines.below:
        x = np.linspace(line[0][0], LARGEST, 801)
        axes.plot([x[0], *x], [0, *height(line, x)], color=style.INK, linewidth=0.9, zorder=4)
    _frame(axes, record, PARKES_LETTERS)
    return figure


def _glucose(record: Record) -> Forecasts | None:
    return record.forecasts() if record.unit in UNITS else None


def _squares(axes: Axes, forecasts: Forecasts) -> None:
    """How many points lie in each square, the more the darker."""
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import LinearSegmentedColormap, LogNorm

    scale = MG_PER_MMOL if forecasts.unit == "mmol/L" else 1.0
    known, side = forecasts.known, int(LARGEST / SQUARE)
    columns, rows = (
        np.clip(values[known] * scale / SQUARE, 0, side - 1).astype(np.intp)
        for values in (forecasts.truth, forecasts.point)
    )
    counts = np.bincount(columns * side + rows, minlength=side * side).reshape(side, side)
    colours = LinearSegmentedColormap.from_list("bedside", SHADES[1:])
    norm = LogNorm(1, max(float(counts.max()), 2.0))
    filled = np.argwhere(counts > 0)
    corners = filled[:, None] + np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
    shades = colours(norm(counts[tuple(filled.T)]))
    axes.add_collection(
        PolyCollection(list(SQUARE * corners), facecolors=shades, linewidths=0, zorder=2)
    )


def _frame(axes: Axes, record: Record, letters: tuple[tuple[str, float, float], ...]) -> None:
    """Axes in the run's own unit, the diagonal, and the letters of the zones."""
    axes.plot([0, LARGEST], [0, LARGEST], color=style.MUTED, linewidth=0.7, linestyle=":", zorder=3)
    for letter, x, y in letters:
        axes.text(x, y, letter, ha="center", va="center", weight="bold", fontsize=13, zorder=6,
                  color=style.INK)  # fmt: skip
    scale = MG_PER_MMOL if record.unit == "mmol/L" else 1.0
    ticks = np.arange(0, 23, 5) * MG_PER_MMOL if scale != 1 else np.arange(0, 401, 100)
    names = [f"{tick / scale:.0f}" for tick in ticks]
    axes.set_xticks(ticks, labels=names)
    axes.set_yticks(ticks, labels=names)
    axes.set(
        xlim=(0, LARGEST), ylim=(0, LARGEST), aspect="equal",
        xlabel=f"Value that came, {record.unit}", ylabel=f"Forecast, {record.unit}",
    )  # fmt: skip


def zone_words(record: Record, *, grid: str) -> str:
    """The shares of the zones in one sentence, for those who cannot see the figure."""
    forecasts = _glucose(record)
    if forecasts is None:
        return "Error grid."
    zones = (clarke_zones if grid == "clarke" else parkes_zones)(
        forecasts.truth, forecasts.point, unit=forecasts.unit
    )
    shares = [float(np.mean(zones[forecasts.known] == zone)) for zone in range(len(ZONES))]
    shown = ", ".join(f"{z} {percent(s, decimals=1)}" for z, s in zip(ZONES, shares, strict=True))
    return f"Shares of all points: {shown}."
