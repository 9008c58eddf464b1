"""The figures of a classification, and the words that go with each.

Enters: a `Record`. Leaves: drawers by name, and title, caption and a text that stands
in for the picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedside.reporting.class_promises import decision_curve_sentence, doubt_sentence
from bedside.reporting.curve_figures import (
    draw_precision_recall,
    draw_reliability,
    draw_roc,
    reliability_words,
)
from bedside.reporting.figures import common_words
from bedside.reporting.forest_figures import draw_comparison, draw_subgroups
from bedside.reporting.formatting import with_interval
from bedside.reporting.glossary import label
from bedside.reporting.table_figures import counts_of, draw_confusion, draw_learning_curves
from bedside.reporting.telling import Draw, Words
from bedside.reporting.utility_figures import (
    draw_decision_curve,
    draw_more_data,
    draw_risk_coverage,
)

if TYPE_CHECKING:
    from bedside.reporting.record import Record

DRAWERS: dict[str, Draw] = {
    "comparison": draw_comparison,
    "roc": draw_roc,
    "precision_recall": draw_precision_recall,
    "reliability": draw_reliability,
    "confusion": draw_confusion,
    "decision_curve": draw_decision_curve,
    "risk_coverage": draw_risk_coverage,
    "subgroups": draw_subgroups,
    "learning_curves": draw_learning_curves,
    "more_data": draw_more_data,
}


def class_figure_words(record: Record) -> dict[str, Words]:
    """Title, caption and alternative text of every figure that may exist."""
    common = common_words(record)
    several = record.kind != "binary"
    whose = "each class of the deep model" if several else "every model"
    return {
        "comparison": common["comparison"],
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
        "decision_curve": Words(
            "Is it worth acting on the model?",
            "Net benefit: cases rightly treated, less those treated in vain at the price that who "
            "acts from this probability on puts on them. A model is of use where its curve is the "
            "highest; the band is its interval.",
            f"Decision curve. {decision_curve_sentence(record)}",
        ),
        "risk_coverage": Words(
            "What if a human decides the doubtful?",
            "Share of wrong decisions (up) when the model decides the surest cases alone, from few "
            "(left) to all (right). The dashed line is where the package asks a human.",
            f"Risk by coverage. {doubt_sentence(record)}",
        ),
        "subgroups": common["subgroups"],
        "learning_curves": common["learning_curves"],
        "more_data": Words(
            "What would more data bring?",
            "A simple model that learns from more and more patients and is judged by others; bars "
            "are 95 % intervals. The dashed line follows the points on.",
            f"AUROC by patients learnt from. {_gain_words(record)}",
        ),
    }


def _gain_words(record: Record) -> str:
    curve = (record.audit.get("facts") or {}).get("learning_curve")
    if not curve:
        return ""
    gain = {key: f"{value:.3f}" for key, value in curve["gain"].items()}
    return f"Twice the data: {gain['value']} more ({gain['low']} to {gain['high']})."


def _curve_words(record: Record, metric: str) -> str:
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
