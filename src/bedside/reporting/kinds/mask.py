"""How outlined structures are told: overlap, distance, volumes, and the worst cases first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bedside.evaluation.outlines import OF_SPACE
from bedside.reporting import mask_tables, mask_wording
from bedside.reporting.alike import key_cards, written_examples
from bedside.reporting.embedding import png_uri
from bedside.reporting.figures import common_words
from bedside.reporting.forest_figures import draw_comparison, draw_subgroups
from bedside.reporting.formatting import number, signed
from bedside.reporting.glossary import INTERVAL_TERMS, PART_TERMS, form_of
from bedside.reporting.mask_examples import write_mask_examples
from bedside.reporting.mask_figures import draw_by_structure, draw_quality, structure_words
from bedside.reporting.mask_terms import MASK_TERMS, MASK_WORDS
from bedside.reporting.table_figures import draw_learning_curves
from bedside.reporting.tables import FEWEST_IN_COPY, subgroups_table
from bedside.reporting.telling import Answer, Card, Draw, Notice, Shown, Words
from bedside.reporting.wording import scored_words

if TYPE_CHECKING:
    from bedside.evaluation.kinds import Answers
    from bedside.reporting.record import Record
    from bedside.run_folder import RunFolder

DRAWERS: dict[str, Draw] = {
    "by_structure": draw_by_structure,
    "quality": draw_quality,
    "comparison": draw_comparison,
    "subgroups": draw_subgroups,
    "learning_curves": draw_learning_curves,
}


@dataclass(frozen=True)
class ToldMask:
    """The kind of `segment`."""

    noun: str = "case"
    row: str = "case"
    page_template: str = "report_mask.html.j2"
    card_template: str = "model_card_mask.md.j2"
    drawers: Mapping[str, Draw] = field(default_factory=lambda: DRAWERS)
    terms: Sequence[tuple[str, str]] = (*MASK_WORDS, *INTERVAL_TERMS, *PART_TERMS)

    def question(self, record: Record) -> str:
        """The study's own question, or one made from its target."""
        return mask_wording.question(record)

    def answer(self, record: Record) -> Answer:
        """The answer; where the deep model was not shown to be better, that first."""
        return mask_wording.answer(record)

    def scored(self, record: Record) -> str:
        """``44 cases of 30 patients``."""
        return scored_words(record.metrics)

    def cards(self, record: Record) -> list[Card]:
        """Overlap, what it is ahead of the best simple model by, and distances."""
        return key_cards(record, (record.primary, *mask_wording.distances_of(record)))

    def doubts(self, record: Record) -> list[Notice]:
        """Whether the outlines are of use at all."""
        return mask_wording.doubt_notices(record)

    def scarce(self, record: Record) -> list[Notice]:
        """Too few cases to trust a mean."""
        return mask_wording.scarce_notices(record)

    def limits(self, record: Record) -> list[str]:
        """What the numbers do not say."""
        return mask_wording.mask_limits(record)

    def page(self, record: Record, *, cases: bool) -> dict[str, Any]:
        """What this means for readers, the tables, and the cases, the worst first."""
        return {
            "reader_words": mask_wording.reader_sentences(record),
            "structures_table": mask_tables.structures_table(record),
            "models_table": mask_tables.all_models(record),
            "plan_table": mask_tables.plan_table(record),
            "parts_table": mask_tables.parts_table(record),
            "subgroups_table": subgroups_table(
                record, mask_tables.group_columns(record), fewest=0 if cases else FEWEST_IN_COPY
            ),
            "volumes": record.metrics.get("space", "volume") == "volume",
            "examples_title": "Worst, typical and best cases",
            "examples": _examples(record) if cases else [],
        }

    def card(self, record: Record) -> dict[str, Any]:
        """Tables and words of the model card."""
        return {
            "structures": mask_wording.structures_of(record),
            "parts": mask_tables.parts_table(record),
            "by_structure": mask_tables.structures_table(record),
            "models": mask_tables.all_models(record),
            "subgroups": subgroups_table(
                record, mask_tables.group_columns(record), fewest=FEWEST_IN_COPY
            ),
        }

    def metrics_used(self, record: Record) -> Sequence[str]:
        """Every metric that the deep model has a value of."""
        return [name for name in MASK_TERMS if record.estimate(record.deep, name)]

    def figure_words(self, record: Record) -> dict[str, Words]:
        """Title, caption and alternative text of every figure that may exist."""
        common = common_words(record)
        return {
            "by_structure": Words(
                "Overlap in every test case",
                "One dot a case. What lies far to the left of the others is a failure; the worst "
                "cases are shown below.",
                f"Dice of the test cases by structure. {structure_words(record)}.",
            ),
            "quality": Words(
                "Does the model know where it fails?",
                "One dot an outline: the Dice that was expected from the model's own doubt, fitted "
                "on validation, against the real one. On the dotted line they agree.",
                "Expected against real Dice of the test cases; the table holds how far they agree.",
            ),
            **{name: common[name] for name in ("comparison", "subgroups", "learning_curves")},
        }

    def write_examples(self, folder: RunFolder, answers: Answers, shown: Shown) -> None:
        """The worst cases, typical ones, the best."""
        write_mask_examples(folder, answers, shown)


MASK = ToldMask()


def _examples(record: Record) -> list[dict[str, Any]]:
    """Groups of example cases with pictures; empty where the run has none."""
    place = record.folder.root / "explanations"
    groups = written_examples(record)
    far, _, _, apart = OF_SPACE[record.metrics.get("space", "volume")]
    form = form_of(apart)
    for group in groups:
        for case in group["cases"]:
            case["uri"] = png_uri(place, case.get("picture"))
            case["dice"] = number(case.get("dice"))
            case["lines"] = [
                {
                    "name": name,
                    "dice": number(own["dice"]),
                    "hd95": form_of(far).text(own[far]),
                    "size": apart.partition("_")[0],
                    "volume": signed(form.text(own[apart])),
                }
                for name, own in case["structures"].items()
            ]
    return [group for group in groups if group["cases"]]
