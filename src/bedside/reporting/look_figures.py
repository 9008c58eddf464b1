"""The figure of the test of explanations: what hiding and showing did to the answer.

Enters: the record of one input in ``explanations/explanation.json``. Leaves: two panels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedside.reporting import style

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = {
    "deletion": "Hidden, most marked first",
    "insertion": "Shown, most marked first",
}
LOT: dict[str, Any] = {"color": "#8b959e", "linestyle": (0, (1.2, 1.6)), "linewidth": 1.6}


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
