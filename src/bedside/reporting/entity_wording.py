"""What a run that finds entities says in sentences.

Enters: a `Record`. Leaves: plain sentences with their uncertainty, notices and limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bedside.reporting.formatting import (
    counted,
    number,
    of_hundred,
)
from bedside.reporting.glossary import form_of
from bedside.reporting.telling import NO_SUBGROUP, Answer, Notice
from bedside.reporting.wording import plain_answer

if TYPE_CHECKING:
    from bedside.reporting.record import Record

MODEL_WORDS = {
    "dictionary": "what was marked in training, looked up word for word",
    "linear-chain": "a linear chain on hand-made features of words",
}
FEW_ENTITIES = 30
POOR = 0.5


def labels_of(record: Record) -> dict[str, int]:
    """Label -> how many entities of the test part bear it."""
    found = record.metrics.get("labels")
    return dict(found) if isinstance(found, Mapping) else {}


def question(record: Record) -> str:
    """The study's own question, or one made from its labels."""
    if record.study.about.question:
        return record.study.about.question
    names = ", ".join(labels_of(record)) or "entities"
    return f"Can a model find {names} in the {record.metrics.get('source') or 'text'}?"


def model_words(name: str) -> str:
    """A model's name for readers."""
    return MODEL_WORDS.get(name, name)


def answer(record: Record) -> Answer:
    """The answer; where the deep model was not shown to be better, that first."""
    return plain_answer(record, model_words)


def reader_sentences(record: Record) -> list[str]:
    """What the numbers mean for whoever works with the entities."""
    recall, relaxed = (record.estimate(record.deep, n) for n in ("entity_recall", "relaxed_recall"))
    precision = record.estimate(record.deep, "entity_precision")
    found = []
    if recall and recall.get("value") is not None:
        found.append(
            f"Of 100 entities in the texts, the model finds {of_hundred(recall)} exactly"
            + (f" and {of_hundred(relaxed)} at least in part." if relaxed else ".")
        )
    if precision and precision.get("value") is not None:
        found.append(f"Of 100 entities that it gives, {of_hundred(precision)} are exactly right.")
    if ece := record.estimate(record.deep, "entity_ece"):
        found.append(
            "Its probabilities are off by "
            f"{form_of('entity_ece').text(ece.get('value'))} on average."
        )
    return found


def doubts(record: Record) -> list[Notice]:
    """Whether the model finds anything at all."""
    recall = (record.estimate(record.deep, "relaxed_recall") or {}).get("value")
    if recall is None or recall >= POOR:
        return []
    text = (
        f"Of the entities of the test part the model touches {number(recall)} of 1. What it "
        "leaves out is more than what it finds."
    )
    return [Notice("red", "Most entities are missed", text)]


def scarce(record: Record) -> list[Notice]:
    """Labels with too few test entities to trust a value."""
    few = {name: n for name, n in labels_of(record).items() if n < FEW_ENTITIES}
    if not few:
        return []
    shown = "; ".join(f"{name}: {counted(n, 'entity', plural='entities')}"
                      for name, n in few.items())  # fmt: skip
    text = f"In the test part: {shown}. What is said of them hangs on that few."
    return [Notice("amber", "Few entities of some labels", text)]


def limits(record: Record) -> list[str]:
    """What the numbers do not say."""
    found = [
        "Texts of another kind, hospital or language hold other names than those it has seen.",
        "The reference is what people marked, with their own mistakes; a model may be right "
        "against it.",
        "What stands behind the longest text that the model reads is not looked at; the audit "
        "says how many texts are cut off.",
    ]
    if not record.metrics.get("subgroups"):
        found.append(NO_SUBGROUP)
    return found
