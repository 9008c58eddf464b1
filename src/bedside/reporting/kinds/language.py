"""How language models are told: how well texts are predicted, and which are unlike the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bedside.reporting import language_tables, language_wording
from bedside.reporting.alike import key_cards, texts_page
from bedside.reporting.figures import common_words
from bedside.reporting.forest_figures import draw_comparison, draw_subgroups
from bedside.reporting.glossary import INTERVAL_TERMS, PART_TERMS
from bedside.reporting.language_examples import write_language_examples
from bedside.reporting.language_figures import draw_texts, text_words
from bedside.reporting.language_terms import LANGUAGE_TERMS, LANGUAGE_WORDS
from bedside.reporting.summary_tables import parts_table
from bedside.reporting.table_figures import draw_learning_curves
from bedside.reporting.tables import FEWEST_IN_COPY, subgroups_table
from bedside.reporting.telling import Answer, Card, Draw, Notice, Shown, Words
from bedside.reporting.wording import scored_words

if TYPE_CHECKING:
    from bedside.evaluation.kinds import Answers
    from bedside.reporting.record import Record
    from bedside.run_folder import RunFolder

DRAWERS: dict[str, Draw] = {
    "comparison": draw_comparison,
    "texts": draw_texts,
    "subgroups": draw_subgroups,
    "learning_curves": draw_learning_curves,
}


@dataclass(frozen=True)
class ToldLanguage:
    """The kind of `language`."""

    noun: str = "text"
    row: str = "text"
    page_template: str = "report_language.html.j2"
    card_template: str = "model_card_language.md.j2"
    drawers: Mapping[str, Draw] = field(default_factory=lambda: DRAWERS)
    terms: Sequence[tuple[str, str]] = (*LANGUAGE_WORDS, *INTERVAL_TERMS, *PART_TERMS)

    def question(self, record: Record) -> str:
        """The study's own question, or one made from its input."""
        return language_wording.question(record)

    def answer(self, record: Record) -> Answer:
        """The answer; where the deep model was not shown to be better, that first."""
        return language_wording.answer(record)

    def scored(self, record: Record) -> str:
        """``576 cases of 576 patients``."""
        return scored_words(record.metrics)

    def cards(self, record: Record) -> list[Card]:
        """Primary metric, difference, and what the vocabulary leaves out."""
        return key_cards(record, (record.primary, "bits_per_token", "unknown_tokens"))

    def doubts(self, record: Record) -> list[Notice]:
        """Whether the vocabulary fits the texts."""
        return language_wording.doubts(record)

    def scarce(self, record: Record) -> list[Notice]:
        """Whether there are too few tokens to trust a value."""
        return language_wording.scarce(record)

    def limits(self, record: Record) -> list[str]:
        """What the numbers do not say."""
        return language_wording.limits(record)

    def page(self, record: Record, *, cases: bool) -> dict[str, Any]:
        """What this means for readers, then the tables."""
        columns = language_tables.group_columns(record)
        return {
            "reader_words": language_wording.reader_sentences(record),
            "models_table": language_tables.all_models(record),
            **texts_page(record, columns, cases=cases),
        }

    def card(self, record: Record) -> dict[str, Any]:
        """Tables of the model card."""
        columns = language_tables.group_columns(record)
        return {
            "parts": parts_table(record),
            "models": language_tables.all_models(record),
            "subgroups": subgroups_table(record, columns, fewest=FEWEST_IN_COPY),
        }

    def metrics_used(self, record: Record) -> Sequence[str]:
        """Every metric that the deep model has a value of."""
        return [name for name in LANGUAGE_TERMS if record.estimate(record.deep, name)]

    def figure_words(self, record: Record) -> dict[str, Words]:
        """Title, caption and alternative text of every figure that may exist."""
        return {
            **common_words(record),
            "texts": Words(
                "Perplexities of the test texts",
                "How many test texts have which perplexity. Those far to the right are unlike the "
                "rest, or hold many unknown words: look at them.",
                text_words(record),
            ),
        }

    def write_examples(self, folder: RunFolder, answers: Answers, shown: Shown) -> None:
        """The least and the most expected texts, and some by lot."""
        write_language_examples(folder, answers, shown)


LANGUAGE = ToldLanguage()
