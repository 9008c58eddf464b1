"""How summaries are told: their words, their findings, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bedside.reporting import summary_notices, summary_tables, summary_wording
from bedside.reporting.alike import key_cards, written_examples
from bedside.reporting.figures import common_words
from bedside.reporting.forest_figures import draw_comparison, draw_subgroups
from bedside.reporting.formatting import number
from bedside.reporting.glossary import INTERVAL_TERMS, PART_TERMS, label
from bedside.reporting.summary_examples import write_summary_examples
from bedside.reporting.summary_figures import (
    draw_by_kind,
    draw_findings,
    finding_words_of,
    kind_words_of,
)
from bedside.reporting.summary_terms import FINDING_WORDS, SUMMARY_WORDS
from bedside.reporting.table_figures import draw_learning_curves
from bedside.reporting.tables import FEWEST_IN_COPY, subgroups_table
from bedside.reporting.telling import Answer, Card, Draw, Notice, Shown, Words
from bedside.reporting.wording import scored_words

if TYPE_CHECKING:
    from bedside.evaluation.kinds import Answers
    from bedside.reporting.record import Record
    from bedside.run_folder import RunFolder

DRAWERS: dict[str, Draw] = {
    "by_kind": draw_by_kind,
    "comparison": draw_comparison,
    "findings": draw_findings,
    "subgroups": draw_subgroups,
    "learning_curves": draw_learning_curves,
}


@dataclass(frozen=True)
class ToldSummary:
    """The kind of `summarise`."""

    noun: str = "case"
    row: str = "case"
    page_template: str = "report_summary.html.j2"
    card_template: str = "model_card_summary.md.j2"
    drawers: Mapping[str, Draw] = field(default_factory=lambda: DRAWERS)
    terms: Sequence[tuple[str, str]] = (
        *SUMMARY_WORDS,
        *FINDING_WORDS,
        *INTERVAL_TERMS,
        *PART_TERMS,
    )

    def question(self, record: Record) -> str:
        """The study's own question, or one made from its target."""
        return summary_wording.question(record)

    def answer(self, record: Record) -> Answer:
        """The answer; where the deep model was not shown to be better, that first."""
        return summary_wording.answer(record)

    def scored(self, record: Record) -> str:
        """``576 cases of 570 patients``."""
        return scored_words(record.metrics)

    def cards(self, record: Record) -> list[Card]:
        """The score, what it is worth where references differ, and the findings."""
        kind = "positive" if summary_wording.has_lexicon(record) else "uncommon"
        own = f"{record.primary}_{kind}"
        return key_cards(record, (record.primary, own, "findings_f1", "dropped_all"))

    def doubts(self, record: Record) -> list[Notice]:
        """Whether the model says more than one sentence for all, and whether it is true."""
        return summary_notices.doubt_notices(record)

    def scarce(self, record: Record) -> list[Notice]:
        """Kinds of cases with too few to trust a value."""
        return summary_notices.scarce_notices(record)

    def limits(self, record: Record) -> list[str]:
        """What the numbers do not say."""
        return summary_notices.summary_limits(record)

    def page(self, record: Record, *, cases: bool) -> dict[str, Any]:
        """What this means for readers, then the tables."""
        columns = summary_tables.group_columns(record)
        return {
            "reader_words": summary_wording.reader_sentences(record),
            "cases_table": summary_tables.cases_table(record),
            "parts_table": summary_tables.parts_table(record),
            "words_table": summary_tables.words_table(record),
            "findings_table": summary_tables.findings_table(record),
            "subgroups_table": subgroups_table(
                record, columns, fewest=0 if cases else FEWEST_IN_COPY
            ),
            "other_parts": record.metrics.get("other_parts") or {},
            "examples_title": "Example summaries",
            "examples": _examples(record) if cases else [],
        }

    def card(self, record: Record) -> dict[str, Any]:
        """Tables and words of the model card."""
        columns = summary_tables.group_columns(record)
        return {
            "target": summary_wording.target_words(record),
            "summarised": summary_wording.source_words(record),
            "parts": summary_tables.parts_table(record),
            "cases": summary_tables.cases_table(record),
            "words": summary_tables.words_table(record),
            "findings": summary_tables.findings_table(record),
            "subgroups": subgroups_table(record, columns, fewest=FEWEST_IN_COPY),
        }

    def metrics_used(self, record: Record) -> Sequence[str]:
        """Every metric that the deep model has a value of."""
        return summary_tables.used_terms(record)

    def figure_words(self, record: Record) -> dict[str, Words]:
        """Title, caption and alternative text of every figure that may exist."""
        common = common_words(record)
        return {
            "by_kind": Words(
                "Where references are alike, and where they are not",
                f"{label(record.primary)} of every model by kind of case. Grey: the same summary "
                "under every text. Where most references are alike it scores high; a model is "
                "worth something where it stays high further down.",
                kind_words_of(record),
            ),
            "comparison": common["comparison"],
            "findings": Words(
                "Findings kept and lost",
                "Of the references that state a finding, how many summaries of the deep model "
                "state it too (filled) and how many do not (open). Crosses: summaries that state "
                "it where the reference does not.",
                f"Findings of the deep model's summaries. {finding_words_of(record)}.",
            ),
            "subgroups": common["subgroups"],
            "learning_curves": common["learning_curves"],
        }

    def write_examples(self, folder: RunFolder, answers: Answers, shown: Shown) -> None:
        """Findings made up, findings lost, findings kept, and typical cases."""
        write_summary_examples(folder, answers, shown)


SUMMARY = ToldSummary()


def _examples(record: Record) -> list[dict[str, Any]]:
    """Groups of example summaries; empty where the run has none."""
    groups = written_examples(record)
    for group in groups:
        for case in group["cases"]:
            case["score"] = number(case.get("score"))
    return [group for group in groups if group["cases"]]
