"""How entities are told: what was found of them, exactly and nearly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bedside.reporting import entity_tables, entity_wording
from bedside.reporting.alike import key_cards, texts_page
from bedside.reporting.entity_examples import write_entity_examples
from bedside.reporting.entity_figures import draw_labels, label_words
from bedside.reporting.entity_terms import ENTITY_TERMS, ENTITY_WORDS
from bedside.reporting.figures import common_words
from bedside.reporting.forest_figures import draw_comparison, draw_subgroups
from bedside.reporting.glossary import INTERVAL_TERMS, PART_TERMS
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
    "labels": draw_labels,
    "comparison": draw_comparison,
    "subgroups": draw_subgroups,
    "learning_curves": draw_learning_curves,
}


@dataclass(frozen=True)
class ToldEntities:
    """The kind of `tag`."""

    noun: str = "text"
    row: str = "text"
    page_template: str = "report_entities.html.j2"
    card_template: str = "model_card_entities.md.j2"
    drawers: Mapping[str, Draw] = field(default_factory=lambda: DRAWERS)
    terms: Sequence[tuple[str, str]] = (*ENTITY_WORDS, *INTERVAL_TERMS, *PART_TERMS)

    def question(self, record: Record) -> str:
        """The study's own question, or one made from its labels."""
        return entity_wording.question(record)

    def answer(self, record: Record) -> Answer:
        """The answer; where the deep model was not shown to be better, that first."""
        return entity_wording.answer(record)

    def scored(self, record: Record) -> str:
        """``940 cases of 940 patients``."""
        return scored_words(record.metrics)

    def cards(self, record: Record) -> list[Card]:
        """Primary metric, difference, and both sides of it."""
        return key_cards(
            record, (record.primary, "entity_precision", "entity_recall", "relaxed_f1")
        )

    def doubts(self, record: Record) -> list[Notice]:
        """Whether the model finds anything at all."""
        return entity_wording.doubts(record)

    def scarce(self, record: Record) -> list[Notice]:
        """Labels with too few test entities to trust a value."""
        return entity_wording.scarce(record)

    def limits(self, record: Record) -> list[str]:
        """What the numbers do not say."""
        return entity_wording.limits(record)

    def page(self, record: Record, *, cases: bool) -> dict[str, Any]:
        """What this means for readers, then the tables."""
        columns = entity_tables.group_columns(record)
        return {
            "reader_words": entity_wording.reader_sentences(record),
            "models_table": entity_tables.all_models(record),
            "labels_table": entity_tables.labels_table(record),
            **texts_page(record, columns, cases=cases),
        }

    def card(self, record: Record) -> dict[str, Any]:
        """Tables and words of the model card."""
        columns = entity_tables.group_columns(record)
        return {
            "labels": ", ".join(entity_wording.labels_of(record)),
            "parts": parts_table(record),
            "models": entity_tables.all_models(record),
            "by_label": entity_tables.labels_table(record),
            "subgroups": subgroups_table(record, columns, fewest=FEWEST_IN_COPY),
        }

    def metrics_used(self, record: Record) -> Sequence[str]:
        """Every metric that the deep model has a value of."""
        return [name for name in ENTITY_TERMS if record.estimate(record.deep, name)]

    def figure_words(self, record: Record) -> dict[str, Words]:
        """Title, caption and alternative text of every figure that may exist."""
        common = common_words(record)
        return {
            "labels": Words(
                "Label by label",
                "Entity F1 of every model for each label; behind a label, how many entities of "
                "the test part bear it.",
                label_words(record),
            ),
            "comparison": common["comparison"],
            "subgroups": common["subgroups"],
            "learning_curves": common["learning_curves"],
        }

    def write_examples(self, folder: RunFolder, answers: Answers, shown: Shown) -> None:
        """Texts with entities missed, given without need, nearly right and right."""
        write_entity_examples(folder, answers, shown)


ENTITIES = ToldEntities()
