"""What a run of language models says in sentences.

Enters: a `Record`. Leaves: plain sentences with their uncertainty, notices and limits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedside.reporting.formatting import count, percent
from bedside.reporting.telling import NO_SUBGROUP, Answer, Notice
from bedside.reporting.wording import plain_answer

if TYPE_CHECKING:
    from bedside.reporting.record import Record

MODEL_WORDS = {
    "unigram": "how often each word occurs, whatever stands before it",
    "kneser-ney": "counts of runs of words, smoothed after Kneser and Ney",
}
MANY_UNKNOWN = 0.1
FEW_TOKENS = 1000


def question(record: Record) -> str:
    """The study's own question, or one made from its input."""
    if record.study.about.question:
        return record.study.about.question
    return f"How well can the next word of the {record.metrics.get('source') or 'text'} be told?"


def model_words(name: str) -> str:
    """A model's name for readers."""
    return MODEL_WORDS.get(name, name)


def answer(record: Record) -> Answer:
    """The answer; where the deep model was not shown to be better, that first."""
    return plain_answer(record, model_words)


def reader_sentences(record: Record) -> list[str]:
    """What the numbers mean for whoever reads the texts."""
    found = []
    deep = _value(record, record.deep, "perplexity")
    floor = _value(record, "unigram", "perplexity")
    if deep is not None and floor is not None:
        found.append(
            f"At each place the deep model hesitates between {deep:.1f} words as it were, out of "
            f"{count(record.metrics.get('vocabulary'))} that it knows; by frequencies alone it "
            f"would be {floor:.1f}."
        )
    unknown = _value(record, record.deep, "unknown_tokens")
    if unknown is not None:
        found.append(
            f"{percent(unknown, decimals=1)} of the {count(record.metrics.get('tokens'))} tokens "
            "are not in the vocabulary. All of them are one word to every model."
        )
    cut = record.metrics.get("cut")
    if cut:
        found.append(f"{count(cut)} texts were cut off, and only their beginnings were scored.")
    return found


def _value(record: Record, model: str, metric: str) -> float | None:
    value: Any = (record.estimate(model, metric) or {}).get("value")
    return None if value is None else float(value)


def doubts(record: Record) -> list[Notice]:
    """Whether the vocabulary fits the texts."""
    unknown = _value(record, record.deep, "unknown_tokens")
    if unknown is None or unknown < MANY_UNKNOWN:
        return []
    text = (
        f"{percent(unknown, decimals=1)} of the words are not in the vocabulary. Predicting that "
        "some unknown word comes is easy, so the perplexity looks better than it is; read that of "
        "known words."
    )
    return [Notice("red", "Many unknown words", text)]


def scarce(record: Record) -> list[Notice]:
    """Whether there are too few tokens to trust a value."""
    tokens = record.metrics.get("tokens")
    if not isinstance(tokens, int) or tokens >= FEW_TOKENS:
        return []
    text = f"The test part holds {count(tokens)} tokens. What is said of it hangs on that few."
    return [Notice("amber", "Few words", text)]


def limits(record: Record) -> list[str]:
    """What the numbers do not say."""
    found = [
        "A perplexity compares models of one vocabulary on one set of texts, and nothing else.",
        "What is expected is what is written often, not what is true: an unusual text may be "
        "right, and a usual one wrong.",
        "Texts that are much alike make every model look good; the audit counts near copies.",
    ]
    if not record.metrics.get("subgroups"):
        found.append(NO_SUBGROUP)
    return found
