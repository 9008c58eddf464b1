"""Figures of how well the model tells cases apart, and whether its probabilities hold.

Enters: a `Record`. Leaves: a matplotlib figure, or None where its data is missing.
Binary studies show all models; with several classes or labels, the deep model's
curves one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.evaluation.curves import precision_recall_curve, reliability_curve, roc_curve
from bedside.reporting import style
from bedside.reporting.formatting import number, percent, with_interval
from bedside.reporting.wording import confidence_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bedside.reporting.formatting import Estimate
    from bedside.reporting.record import Record
    from bedside.reporting.scores import Scores
    from bedside.schema import Array

MOST_CURVES = 8
FEWEST_PER_BIN = 25
GAP = "\N{EN SPACE}"
"""Plain spaces in a row collapse in SVG."""


def _curves(record: Record, metric: str) -> list[tuple[str, Array, Array, dict[str, Any]]]:
    """What to draw: legend text, truth and probability (M,), and the line's look."""
    if record.kind == "binary":
        found = [(name, record.scores(name)) for name in record.models]
        return [
            (
                _entry(name, record.estimate(name, metric)),
                *scores.known(0)[:2],
                style.line_of(record, name),
            )
            for name, scores in found
            if scores is not None and _both(scores, 0)
        ]
    deep = record.scores()
    if deep is None:
        return []
    columns = [k for k in range(len(deep.names)) if _both(deep, k)]
    columns = sorted(columns, key=lambda k: -deep.positives(k))[:MOST_CURVES]
    return [
        (
            _entry(deep.names[k], record.estimate(record.deep, f"{metric}_{deep.names[k]}")),
            *deep.known(k)[:2],
            style.line_number(place),
        )
        for place, k in enumerate(sorted(columns))
    ]


def _entry(name: str, estimate: Estimate | None) -> str:
    return f"{name}{GAP}{with_interval(estimate)}"


def _both(scores: Scores, column: int) -> bool:
    truth = scores.known(column)[0]
    return bool(truth.any() and not truth.all())


def _operating_point(record: Record) -> tuple[float, float, float] | None:
    """Sensitivity, specificity and precision of the deep model's decisions (binary)."""
    scores = record.scores() if record.kind == "binary" else None
    if scores is None or not _both(scores, 0):
        return None
    truth, _, decision = scores.known(0)
    right = int(np.sum(truth & decision))
    sensitivity = right / int(truth.sum())
    specificity = float(np.mean(~decision[~truth]))
    return sensitivity, specificity, right / max(1, int(decision.sum()))


def _mark(axes: Axes, x: float, y: float) -> None:
    axes.plot([x], [y], "o", ms=8, mfc="white", mec=style.DEEP, mew=2, zorder=9,
              label="the deep model's threshold")  # fmt: skip


def draw_roc(record: Record) -> Figure | None:
    """Sensitivity against false alarms for every threshold."""
    curves = _curves(record, "auroc")
    if not curves:
        return None
    figure = style.blank(width=5.2, height=5.0)
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=style.HAIRLINE, linewidth=1.2, zorder=1)
    for text, truth, probability, look in curves:
        points = roc_curve(truth, probability)
        axes.plot(points.x, points.y, label=text, **look)
    if (point := _operating_point(record)) is not None:
        _mark(axes, 1 - point[1], point[0])
    style.unit_axes(axes, x="False alarms (1 − specificity)", y="Sensitivity")
    title = f"AUROC ({confidence_words(record)})"
    axes.legend(loc="lower right", title=title, alignment="left", title_fontsize=10)
    return figure


def draw_precision_recall(record: Record) -> Figure | None:
    """How many alarms are right against how many findings are found."""
    curves = _curves(record, "auprc")
    if not curves:
        return None
    figure = style.blank(width=5.2, height=5.0)
    axes = figure.add_subplot()
    for text, truth, probability, look in curves:
        if record.kind == "binary" and np.ptp(probability) == 0:
            continue
        points = precision_recall_curve(truth, probability)
        axes.plot(points.x, points.y, label=text, drawstyle="steps-post", **look)
    if record.kind == "binary":
        _prevalence_line(axes, float(np.mean(curves[0][1])))
    if (point := _operating_point(record)) is not None:
        _mark(axes, point[0], point[2])
    style.unit_axes(axes, x="Sensitivity", y="Positive predictive value")
    title = f"AUPRC ({confidence_words(record)})"
    axes.legend(loc="lower left", title=title, alignment="left", title_fontsize=10)
    return figure


def _prevalence_line(axes: Axes, share: float) -> None:
    axes.axhline(share, color=style.MUTED, linewidth=1, linestyle=(0, (1.2, 1.6)), zorder=1)
    axes.text(
        1.0,
        share - 0.012,
        f"share with the finding, {percent(share)}",
        ha="right",
        va="top",
        fontsize=10,
        color=style.MUTED,
    )


def claims(record: Record) -> tuple[Array, Array] | None:
    """Probabilities the deep model stated and whether they came true, (M,) each.

    One question: the finding's probability. Several classes: that of the named
    class, as the calibration error takes it. Several labels: all labels together.
    """
    scores = record.scores()
    if scores is None or not len(scores):
        return None
    if record.kind == "classes":
        rows = ~np.isnan(scores.truth).any(axis=1)
        top = scores.probability[rows].argmax(axis=1)
        happened = scores.truth[rows][np.arange(rows.sum()), top] == 1
        return scores.probability[rows].max(axis=1), happened
    known = ~np.isnan(scores.truth)
    return scores.probability[known], scores.truth[known] == 1


def draw_reliability(record: Record) -> Figure | None:
    """Stated probability against what happened, with a histogram below."""
    found = claims(record)
    if found is None or not found[0].size:
        return None
    stated, happened = found
    figure = style.blank(width=5.2, height=6.1)
    grid = figure.add_gridspec(2, 1, height_ratios=(4.2, 1))
    upper, lower = figure.add_subplot(grid[0]), figure.add_subplot(grid[1])
    bins = int(np.clip(stated.size // FEWEST_PER_BIN, 3, 10))
    points = reliability_curve(happened, stated, bins=bins)
    upper.plot([0, 1], [0, 1], color=style.MUTED, linewidth=1, linestyle=(0, (1.2, 1.6)))
    reach = np.stack([points.observed - points.low, points.high - points.observed])
    upper.errorbar(
        points.predicted,
        points.observed,
        yerr=np.clip(reach, 0, None),
        color=style.DEEP,
        marker="o",
        markersize=5,
        linewidth=1.4,
        elinewidth=1.2,
        capsize=2.5,
    )
    several = record.kind == "classes"
    truth = "Share named rightly" if several else "Share that came true"
    if record.kind == "binary":
        truth = f"Share with {record.positive}"
    style.unit_axes(upper, x="", y=truth)
    ece = record.estimate(record.deep, "ece")
    upper.text(0.03, 0.95, f"ECE{GAP}{with_interval(ece)}", va="top", color=style.DEEP, zorder=9)
    _histogram(lower, stated, happened)
    lower.set_xlabel("Probability of the named class" if several else "Stated probability")
    return figure


def _histogram(axes: Axes, stated: Array, happened: Array) -> None:
    axes.hist(
        [stated[happened], stated[~happened]],
        bins=list(np.linspace(0, 1, 21)),
        stacked=True,
        color=[style.DEEP, "#c3ccd4"],
        label=["true", "not true"],
        rwidth=0.92,
    )
    axes.set(xlim=(-0.015, 1.015), ylabel="Cases")
    axes.legend(loc="upper center", ncols=2, fontsize=9.5, handlelength=1)


def reliability_words(record: Record) -> str:
    """The reliability figure in one sentence, for those who cannot see it."""
    ece = record.estimate(record.deep, "ece")
    return f"Calibration error {number(ece.get('value') if ece else None)}."
