"""What a run that finds entities says in sentences.

Enters: a `Record`. Leaves: plain sentences with their uncertainty, notices and limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bedside.reporting.formatting import (
    bounds,
    counted,
    number,
    of_hundred,
    signed,
    with_interval,
)
from bedside.reporting.glossary import form_of, label
from bedside.reporting.telling import NO_SUBGROUP, Answer, Notice
from bedside.reporting.wording import Verdict, confidence_words, scored_words, verdict_answer

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


def answer(record: Record) -> Answer:
    """The answer; where the deep model was not shown to be better, that first."""
    difference = record.metrics.get("difference")
    estimate = record.estimate(record.deep, record.primary)
    form = form_of(record.primary)
    measured = (
        f"The deep model had an {label(record.primary)} of "
        f"{form.text((estimate or {}).get('value'))} ({confidence_words(record)} "
        f"{bounds(estimate, form) or 'n/a'}) on {scored_words(record.metrics)}"
    )
    words = Verdict(
        measured=measured, simple=_simple(record), difference=_difference(record, difference)
    )
    found = verdict_answer(record, words)
    return Answer(
        found.headline, (*found.details, *reader_sentences(record)[:1]), found.badge, found.tone
    )


def _simple(record: Record) -> str:
    name = record.best_baseline
    if name is None:
        return "none"
    value = (record.estimate(name, record.primary) or {}).get("value")
    return f"{MODEL_WORDS.get(name, name)}, {form_of(record.primary).text(value)}"


def _difference(record: Record, difference: Any) -> str:
    if not isinstance(difference, Mapping):
        return "n/a"
    return signed(with_interval(difference, form_of(record.primary)))


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
