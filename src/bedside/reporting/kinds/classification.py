"""How a classification is told: one label, one of several classes, or several labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bedside.reporting import (
    class_notices,
    class_promises,
    class_tables,
    class_wording,
    formatting,
    glossary,
)
from bedside.reporting.alike import key_cards
from bedside.reporting.class_figures import DRAWERS, class_figure_words
from bedside.reporting.embedding import png_uri
from bedside.reporting.examples import write_examples
from bedside.reporting.tables import FEWEST_IN_COPY, subgroups_table
from bedside.reporting.telling import Answer, Card, Draw, Notice, Shown, Words
from bedside.reporting.wording import scored_words
from bedside.run_folder import read_json

if TYPE_CHECKING:
    from bedside.evaluation.kinds import Answers
    from bedside.reporting.record import Record
    from bedside.run_folder import RunFolder


@dataclass(frozen=True)
class ToldClassification:
    """The three kinds of `classify`."""

    noun: str = "case"
    row: str = "case"
    page_template: str = "report_classification.html.j2"
    card_template: str = "model_card_classification.md.j2"
    drawers: Mapping[str, Draw] = field(default_factory=lambda: DRAWERS)
    terms: Sequence[tuple[str, str]] = glossary.CLASS_TERMS

    def question(self, record: Record) -> str:
        """The study's own question, or one made from its target."""
        return class_wording.question(record)

    def answer(self, record: Record) -> Answer:
        """The answer; where the deep model was not shown to be better, that first."""
        return class_wording.answer(record)

    def scored(self, record: Record) -> str:
        """``624 cases of 624 patients``."""
        return scored_words(record.metrics)

    def cards(self, record: Record) -> list[Card]:
        """Primary metric, difference, and what a clinician asks for first."""
        asked = ("sensitivity", "specificity", "ece")
        if record.kind == "classes":
            asked = ("balanced_accuracy", "accuracy", "ece")
        return key_cards(record, (record.primary, *asked))

    def doubts(self, record: Record) -> list[Notice]:
        """Whether the model tells anything at all."""
        return class_notices.chance_notices(record)

    def scarce(self, record: Record) -> list[Notice]:
        """Classes with too few test cases to trust a value."""
        return class_notices.few_notices(record)

    def limits(self, record: Record) -> list[str]:
        """What the numbers do not say."""
        return class_notices.class_limits(record)

    def page(self, record: Record, *, cases: bool) -> dict[str, Any]:
        """What this many people mean, then the tables."""
        found = class_wording.frequencies(record)
        binary = record.kind == "binary" and bool(found)
        columns = class_tables.group_columns(record)
        return {
            "frequency": found[0] if binary else None,
            "frequency_words": (
                class_wording.frequency_sentence(record, found[0]) if binary else None
            ),
            "frequency_dots": _dots(found[0]) if binary else [],
            "frequencies_table": class_tables.frequencies_table(record),
            "alarm_words": class_wording.alarm_sentence(record),
            "threshold_words": class_wording.threshold_sentence(record),
            "people": class_wording.people_words(record),
            "parts_table": class_tables.parts_table(record),
            "models_table": class_tables.all_models(record),
            "classes_table": class_tables.classes_table(record),
            "subgroups_table": subgroups_table(
                record, columns, fewest=0 if cases else FEWEST_IN_COPY
            ),
            "other_parts": record.metrics.get("other_parts") or {},
            "temperature_words": class_wording.temperature_sentence(record),
            "calibration_words": class_wording.calibration_sentence(record),
            "line_words": class_promises.line_sentence(record),
            "cross_check_words": class_promises.cross_check_sentence(record),
            "use_words": class_promises.decision_curve_sentence(record),
            "sets_words": class_promises.sets_sentence(record),
            "sets_table": class_promises.sets_table(record),
            "doubt_words": class_promises.doubt_sentence(record),
            "gaps_words": class_promises.gaps_sentence(record),
            "decisions": class_wording.decision_sentences(record),
            "examples_title": "Example cases",
            "examples": _examples(record) if cases else [],
        }

    def card(self, record: Record) -> dict[str, Any]:
        """Tables and sentences of the model card."""
        return {
            "threshold_words": class_wording.threshold_sentence(record),
            "temperature_words": class_wording.temperature_sentence(record),
            "parts": class_tables.parts_table(record),
            "models": class_tables.all_models(record),
            "classes": class_tables.classes_table(record),
            "subgroups": subgroups_table(
                record, class_tables.group_columns(record), fewest=FEWEST_IN_COPY
            ),
        }

    def metrics_used(self, record: Record) -> Sequence[str]:
        """Plain metrics of any model."""
        return record.metric_names()

    def figure_words(self, record: Record) -> dict[str, Words]:
        """Title, caption and alternative text of every figure that may exist."""
        return class_figure_words(record)

    def write_examples(self, folder: RunFolder, answers: Answers, shown: Shown) -> None:
        """The most certain cases, right and wrong, and the least certain ones."""
        write_examples(
            folder,
            prediction=answers.prediction,
            targets=answers.targets,
            kind=answers.targets.kind,
            row_names=shown.names,
            pictures=shown.pictures,
            texts=shown.texts,
            seed=shown.seed,
        )


CLASSIFICATION = ToldClassification()


def _dots(entry: class_wording.Frequency) -> list[dict[str, Any]]:
    """Two squares of 100 dots: how many of them the model calls positive."""
    found = []
    for key, estimate in (("with", entry.finds), ("without", entry.false_alarms)):
        if estimate is not None and isinstance(estimate.get("value"), int | float):
            found.append({"key": key, "called": round(100 * estimate["value"])})
    return found


def _examples(record: Record) -> list[dict[str, Any]]:
    """Groups of example cases with their pictures; empty where the run has none."""
    place = record.folder.root / "explanations"
    if not (place / "cases.json").exists():
        return []
    groups = read_json(place / "cases.json").get("groups", [])
    for group in groups:
        for case in group["cases"]:
            case["uri"] = png_uri(place, case.get("picture"))
            case.setdefault("text", None)
            case["probability"] = formatting.number(case.get("probability"))
            case["right"] = case.get("truth") == case.get("said")
    return [group for group in groups if group["cases"]]
