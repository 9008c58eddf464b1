"""Figures that stand for tables: the confusion matrix and the learning curves.

Enters: a `Record`. Leaves: a matplotlib figure, or None where its data is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.evaluation.curves import confusion
from bedside.reporting import style
from bedside.reporting.formatting import count, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bedside.reporting.record import Record
    from bedside.reporting.scores import Scores
    from bedside.schema import Array

MOST_CLASSES = 12
NEAR_ZERO = 0.7
"""Share of the largest loss below which the curves are drawn from zero on."""
SHADES = ("#f4f8fb", "#cfe2ee", "#8fbcd8", "#3f8cb8", "#0b5c8a", "#07405f")


def counts_of(record: Record, scores: Scores) -> tuple[Array, list[str], list[str]]:
    """Counts (R, C) with row and column names, rows being the truth."""
    truth, known = np.nan_to_num(scores.truth), ~np.isnan(scores.truth)
    if record.kind == "binary":
        table = confusion(truth, scores.decision, kind="binary", names=("", ""), known=known)
        return table.counts, record.classes, record.classes
    if record.kind == "classes":
        table = confusion(truth, scores.decision, kind="classes", names=scores.names, known=known)
        return table.counts, list(scores.names), list(scores.names)
    table = confusion(truth, scores.decision, kind="labels", names=scores.names, known=known)
    squares = np.asarray(table.counts)
    flat = np.stack([squares[:, 1, 1], squares[:, 1, 0], squares[:, 0, 1], squares[:, 0, 0]], 1)
    return flat, list(scores.names), ["found", "missed", "false alarm", "left alone"]


def row_shares(record: Record, counts: Array) -> Array:
    """Counts as shares of the true class; labels: of those with, and of those without."""
    if record.kind == "labels":
        pairs = counts.reshape(len(counts), 2, 2)
        whole = np.maximum(pairs.sum(axis=2, keepdims=True), 1)
        return np.asarray((pairs / whole).reshape(len(counts), 4))
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))


def draw_confusion(record: Record) -> Figure | None:
    """Counts of truth against decision at the chosen threshold, shaded by row share."""
    scores = record.scores()
    if scores is None or not len(scores):
        return None
    counts, rows, columns = counts_of(record, scores)
    if record.kind == "classes" and len(rows) > MOST_CLASSES:
        return None
    counts, rows = counts[: 2 * MOST_CLASSES], rows[: 2 * MOST_CLASSES]
    longest = max(len(name) for name in rows)
    cell = 1.35 if len(columns) <= 4 else 0.92
    height = (0.62 if record.kind == "labels" else 0.8 if cell < 1 else 1.05) * len(rows)
    figure = style.blank(width=1.1 + 0.075 * longest + cell * len(columns), height=height + 1.15)
    axes = figure.add_subplot()
    _shaded(axes, counts, row_shares(record, counts))
    axes.set_xticks(range(len(columns)), labels=columns, rotation=30 if cell < 1 else 0)
    axes.set_yticks(range(len(rows)), labels=rows)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if record.kind != "labels":
        axes.set(xlabel="The model says", ylabel="Truth")
        axes.xaxis.label.set_fontweight("bold")
        axes.yaxis.label.set_fontweight("bold")
    axes.xaxis.set_label_position("top")
    axes.xaxis.tick_top()
    return figure


def _shaded(axes: Axes, counts: Array, shares: Array) -> None:
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle

    colours = LinearSegmentedColormap.from_list("bedside", SHADES)
    small = 8.0 if counts.shape[1] > 6 else 9.0
    for row, column in np.ndindex(counts.shape):
        share = float(shares[row, column])
        corner = (column - 0.48, row - 0.47)
        axes.add_patch(Rectangle(corner, 0.96, 0.94, facecolor=colours(share), linewidth=0))
        ink = "white" if share > 0.55 else style.INK
        where: dict[str, Any] = {"ha": "center", "color": ink}
        axes.text(column, row - 0.03, count(int(counts[row, column])), va="bottom",
                  fontsize=small + 3, weight="bold", **where)  # fmt: skip
        axes.text(column, row + 0.07, percent(share), va="top", fontsize=small, **where)
    axes.set(xlim=(-0.52, counts.shape[1] - 0.48), ylim=(len(counts) - 0.48, -0.52))


def draw_learning_curves(record: Record) -> Figure | None:
    """Training and validation loss by epoch, the kept epoch marked."""
    epochs = record.epochs()
    if not epochs:
        return None
    from matplotlib.ticker import MaxNLocator

    figure = style.blank(width=6.6, height=3.5)
    axes = figure.add_subplot()
    looks = (("train_loss", style.MUTED, "--"), ("validation_loss", style.DEEP, "-"))
    for key, colour, dash in looks:
        seen = [(e.number, getattr(e, key)) for e in epochs if getattr(e, key) is not None]
        if not seen:
            continue
        numbers, losses = zip(*seen, strict=True)
        axes.plot(numbers, losses, color=colour, linestyle=dash, linewidth=2,
                  label="training" if key == "train_loss" else "validation")  # fmt: skip
    _mark_chosen(axes, record)
    axes.set(xlabel="Epoch", ylabel="Loss")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(visible=True, axis="y")
    axes.margins(x=0.02)
    seen_losses = [v for e in epochs for v in (e.train_loss, e.validation_loss) if v is not None]
    if seen_losses and min(seen_losses) < NEAR_ZERO * max(seen_losses):
        axes.set_ylim(bottom=0)
    axes.legend(loc="upper right", ncols=2)
    return figure


def _mark_chosen(axes: Axes, record: Record) -> None:
    chosen = record.chosen_epoch()
    losses = {e.number: e.validation_loss for e in record.epochs()}
    loss = losses.get(chosen) if chosen is not None else None
    if chosen is None or loss is None:
        return
    axes.plot([chosen], [loss], "o", ms=8, mfc="white", mec=style.DEEP, mew=2, zorder=9)
    axes.annotate(
        f"kept: epoch {chosen}",
        (chosen, loss),
        xytext=(0, -16),
        textcoords="offset points",
        ha="right" if chosen > 0.8 * max(losses) else "center",
        va="top",
        color=style.DEEP,
        fontsize=10,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.85},
        zorder=8,
    )
