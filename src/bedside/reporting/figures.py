"""All figures of a run, and the words that go with each.

Enters: a run folder. Leaves: ``figures/*.svg`` and, for the report, title, caption
and a text that stands in for the picture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedside.reporting import style
from bedside.reporting.curve_figures import (
    draw_precision_recall,
    draw_reliability,
    draw_roc,
    reliability_words,
)
from bedside.reporting.forest_figures import draw_comparison, draw_subgroups, forest_words
from bedside.reporting.glossary import label
from bedside.reporting.record import read_record
from bedside.reporting.table_figures import counts_of, draw_confusion, draw_learning_curves

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bedside.reporting.record import Record
    from bedside.run_folder import RunFolder

DRAWERS: dict[str, Callable[[Record], Figure | None]] = {
    "comparison": draw_comparison,
    "roc": draw_roc,
    "precision_recall": draw_precision_recall,
    "reliability": draw_reliability,
    "confusion": draw_confusion,
    "subgroups": draw_subgroups,
    "learning_curves": draw_learning_curves,
}


@dataclass(frozen=True)
class Words:
    """What stands around a figure: `alt` says what it shows to those who cannot see it."""

    title: str
    caption: str
    alt: str


def write_figures(folder: RunFolder) -> list[str]:
    """Draw every figure the run has data for into ``figures/``.

    Returns:
        The names drawn, in the report's order; one that no longer has data is removed.

    Raises:
        RunError: the study or the metrics are missing or damaged.
    """
    record = read_record(folder)
    written = []
    with style.drawing():
        for name, draw in DRAWERS.items():
            path = folder.figures / f"{name}.svg"
            figure = draw(record)
            if figure is None:
                path.unlink(missing_ok=True)
                continue
            style.write_svg(figure, path)
            written.append(name)
    return written


def figure_words(record: Record) -> dict[str, Words]:
    """Title, caption and alternative text of every figure that may exist."""
    several = record.kind != "binary"
    whose = "each class of the deep model" if several else "every model"
    return {
        "comparison": Words(
            "Deep model beside the simple ones",
            "Each model on the same test cases. The lower panel is the paired difference: if its "
            "interval crosses zero, the deep model was not shown to be better.",
            forest_words(record),
        ),
        "roc": Words(
            "Receiver operating characteristic",
            f"For {whose}: what share is found (up) at the price of what share of false alarms "
            "(right), for every possible threshold. The grey diagonal is chance.",
            f"ROC curves. {_curve_words(record, 'auroc')}",
        ),
        "precision_recall": Words(
            "Precision and recall",
            f"For {whose}: how often an alarm is right (up) against what share is found (right)."
            + ("" if several else " The dotted line is what a useless model reaches."),
            f"Precision-recall curves. {_curve_words(record, 'auprc')}",
        ),
        "reliability": Words(
            "Can the probabilities be believed?",
            "Stated probabilities against what came true, in groups of equal size, with 95 % "
            "Wilson intervals. On the dotted line they agree; above it, it happens more often than "
            "stated. Below: how often each was stated.",
            f"Reliability diagram of the deep model. {reliability_words(record)}",
        ),
        "confusion": Words(
            "Right and wrong decisions",
            "Test cases by truth and decision of the deep model. "
            + (
                "Shares are of the cases with and of those without the finding."
                if record.kind == "labels"
                else "Shares are of the row."
            ),
            _confusion_words(record),
        ),
        "subgroups": Words(
            "The same model in subgroups",
            "The band is the interval over all test cases. Subgroups are small: their intervals "
            "are wide, and looking at many makes one stand out by chance.",
            f"Forest plot of {label(record.primary)} by subgroup; the numbers stand in the table.",
        ),
        "learning_curves": Words(
            "Learning curves",
            "Loss by epoch. The weights kept are those of the marked epoch, where the validation "
            "loss was lowest.",
            f"Learning curves over {len(record.epochs())} epochs; kept epoch "
            f"{record.chosen_epoch() or 'unknown'}.",
        ),
    }


def _curve_words(record: Record, metric: str) -> str:
    from bedside.reporting.formatting import with_interval

    shown = [
        f"{name} {with_interval(record.estimate(name, metric))}"
        for name in record.models
        if record.estimate(name, metric)
    ]
    return f"{label(metric)}: {'; '.join(shown)}." if shown else ""


def _confusion_words(record: Record) -> str:
    scores = record.scores()
    if scores is None or not len(scores):
        return "Confusion matrix."
    counts, rows, columns = counts_of(record, scores)
    if counts.size > 36:
        return f"Confusion matrix of {len(rows)} classes."
    lines = [
        f"{name}: " + ", ".join(f"{column} {n}" for column, n in zip(columns, row, strict=True))
        for name, row in zip(rows, counts.tolist(), strict=True)
    ]
    return f"Confusion matrix, truth: decisions. {'; '.join(lines)}."
