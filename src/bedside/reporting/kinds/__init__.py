"""The kinds of target, each with its own words, tables and figures.

Report, figures, notices and model card ask a `ToldKind` for all that hangs on what is
predicted, and are blind to which it is. A further kind is one file here, two templates
and one line of the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from bedside.registry import Registry

if TYPE_CHECKING:
    from bedside.evaluation.kinds import Answers
    from bedside.reporting.record import Record
    from bedside.reporting.telling import Answer, Card, Draw, Notice, Shown, Words
    from bedside.run_folder import RunFolder


class ToldKind(Protocol):
    """All that hangs on the kind of target when a run is told.

    Args:
        noun: what is scored, in the singular.
        row: what a row of the cohort is, in the singular.
        page_template: extends ``report.html.j2``.
        card_template: extends ``model_card.md.j2``.
        drawers: figure's name -> its drawer, in the report's order.
        terms: words of the glossary that are no metrics.
    """

    @property
    def noun(self) -> str: ...

    @property
    def row(self) -> str: ...

    @property
    def page_template(self) -> str: ...

    @property
    def card_template(self) -> str: ...

    @property
    def drawers(self) -> Mapping[str, Draw]: ...

    @property
    def terms(self) -> Sequence[tuple[str, str]]: ...

    def question(self, record: Record) -> str:
        """The study's own question, or one made from its target."""
        ...

    def answer(self, record: Record) -> Answer:
        """The answer; where the deep model was not shown to be better, that first."""
        ...

    def scored(self, record: Record) -> str:
        """How much was scored, of how many patients."""
        ...

    def cards(self, record: Record) -> list[Card]:
        """The key numbers of the first page."""
        ...

    def doubts(self, record: Record) -> list[Notice]:
        """Whether the model was shown to work at all."""
        ...

    def scarce(self, record: Record) -> list[Notice]:
        """What there was too little of to trust a value."""
        ...

    def limits(self, record: Record) -> list[str]:
        """What the numbers do not say."""
        ...

    def page(self, record: Record, *, cases: bool) -> dict[str, Any]:
        """What `page_template` shows beside what every report shows."""
        ...

    def card(self, record: Record) -> dict[str, Any]:
        """What `card_template` shows beside what every card shows."""
        ...

    def metrics_used(self, record: Record) -> Sequence[str]:
        """Metrics whose words the glossary must explain."""
        ...

    def figure_words(self, record: Record) -> dict[str, Words]:
        """Title, caption and alternative text of every figure that may exist."""
        ...

    def write_examples(self, folder: RunFolder, answers: Answers, shown: Shown) -> None:
        """Choose and write example cases of the test part into ``explanations/``."""
        ...


REGISTRY: Registry[ToldKind] = Registry(
    "told_kind",
    {
        "binary": "bedside.reporting.kinds.classification:CLASSIFICATION",
        "classes": "bedside.reporting.kinds.classification:CLASSIFICATION",
        "labels": "bedside.reporting.kinds.classification:CLASSIFICATION",
        "forecast": "bedside.reporting.kinds.forecast:FORECAST",
        "summary": "bedside.reporting.kinds.summary:SUMMARY",
        "mask": "bedside.reporting.kinds.mask:MASK",
        "entities": "bedside.reporting.kinds.entities:ENTITIES",
        "language": "bedside.reporting.kinds.language:LANGUAGE",
    },
)


def told(record: Record) -> ToldKind:
    """How a run of this kind of target is told."""
    return REGISTRY.load(record.kind)
