"""How every figure looks: one palette that colour-blind readers can tell apart, one font size.

Enters: a drawing function. Leaves: an SVG that is the same, byte for byte, each time.
No setting of matplotlib changes outside `drawing`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bedside.reporting.record import Record

INK = "#1b2733"
MUTED = "#5b6873"
HAIRLINE = "#d5dde4"
DEEP = "#0b5c8a"
ALARM = "#b3261e"
OTHERS = ("#d55e00", "#009e73", "#aa4499", "#e69f00", "#56b4e9", "#6b5b95", "#999933")
"""After Okabe and Ito, https://jfly.uni-koeln.de/color/, with two of Tol's for long lists."""
FLOORS = frozenset({"majority", "persistence", "commonest-summary", "unigram"})
"""Models that know nothing of a case: a quiet grey."""
DASHES: tuple[Any, ...] = ("--", "-.", (0, (4, 1.5, 1, 1.5, 1, 1.5)), (0, (1.2, 1.2)))
DRAWN_WITH = "'DejaVu Sans'"
SHOWN_WITH = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans'"

SETTINGS: dict[str, Any] = {
    "svg.hashsalt": "bedside",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10.5,
    "text.color": INK,
    "text.parse_math": False,  # a dollar sign in a class name is a dollar sign
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.labelsize": 10.5,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "grid.color": HAIRLINE,
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 10,
    "legend.handlelength": 2.4,
    "lines.solid_capstyle": "round",
    "figure.dpi": 96,
    "figure.facecolor": "white",
}


@contextmanager
def drawing() -> Iterator[None]:
    """Within it, figures are drawn in the project's style; matplotlib is left as it was."""
    import matplotlib as mpl
    from matplotlib.figure import Figure  # noqa: F401  (imported before the settings change)

    with mpl.rc_context(cast("Any", SETTINGS)):
        yield


def blank(*, width: float = 5.2, height: float = 4.3) -> Figure:
    """A figure of so many inches that fits its labels in."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def small(*, width: float, height: float) -> tuple[Figure, Axes]:
    """A small figure of one panel whose margins are fixed, which draws in half the time."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    left, bottom = 0.62 / width, 0.46 / height
    axes = figure.add_axes((left, bottom, 1 - left - 0.12 / width, 1 - bottom - 0.1 / height))
    return figure, axes


def to_svg(figure: Figure) -> str:
    """The figure as SVG text, without a date and in the reader's own sans-serif font."""
    stream = io.StringIO()
    nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
    figure.savefig(stream, format="svg", metadata=nothing)
    return stream.getvalue().replace(DRAWN_WITH, SHOWN_WITH)


def write_svg(figure: Figure, path: Path) -> None:
    """Write the figure atomically."""
    from bedside.run_folder import write_text

    write_text(path, to_svg(figure))


def unit_axes(axes: Axes, *, x: str, y: str) -> None:
    """Both axes from 0 to 1 with a quiet grid."""
    axes.set(xlim=(-0.015, 1.015), ylim=(-0.015, 1.015), xlabel=x, ylabel=y)
    ticks = [0, 0.2, 0.4, 0.6, 0.8, 1]
    axes.set_xticks(ticks)
    axes.set_yticks(ticks)
    axes.grid(visible=True)


def line_of(record: Record, model: str) -> dict[str, Any]:
    """Colour, dash and width of a model's line, the same in every figure."""
    if model == record.deep:
        return {"color": DEEP, "linestyle": "-", "linewidth": 2.6, "zorder": 5}
    if model in FLOORS:
        return {"color": "#8b959e", "linestyle": (0, (1.2, 1.6)), "linewidth": 1.3, "zorder": 2}
    others = [name for name in record.models if name != record.deep and name not in FLOORS]
    place = others.index(model)
    return {
        "color": OTHERS[place % len(OTHERS)],
        "linestyle": DASHES[place % len(DASHES)],
        "linewidth": 1.6,
        "zorder": 3,
    }


def line_number(place: int) -> dict[str, Any]:
    """Colour and dash of the n-th class or label."""
    colours = (DEEP, *OTHERS)
    dashes = ("-", *DASHES)
    return {
        "color": colours[place % len(colours)],
        "linestyle": dashes[place // len(colours) % len(dashes)],
        "linewidth": 1.8,
    }
