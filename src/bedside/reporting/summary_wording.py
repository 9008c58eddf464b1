"""The sentences of summaries: the question, the answer, and what it means for readers.

Enters: a `Record`. Leaves: plain sentences with their uncertainty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bedside.reporting.formatting import (
    bounds,
    counted,
    number,
    of_hundred,
    with_interval,
)
from bedside.reporting.glossary import form_of, label
from bedside.reporting.telling import Answer
from bedside.reporting.wording import (
    Verdict,
    confidence_words,
    scored_words,
    verdict_answer,
)

if TYPE_CHECKING:
    from bedside.reporting.record import Record

CONSTANT = "commonest-summary"
MODEL_WORDS = {
    CONSTANT: "the commonest summary, whatever the text",
    "lead": "the first sentences of the text",
    "centroid": "the most central sentences of the text",
    "nearest-report": "what was written of the most similar training text",
    "neighbour-consensus": "of twenty similar training cases the summary most like the others",
}
KINDS = ("", "novel", "unlike", "uncommon", "positive")
KIND_WORDS = {
    "": "All test cases",
    "novel": "Texts new to training",
    "unlike": "Texts unlike any of training",
    "uncommon": "Uncommon references",
    "positive": "Reference states a finding",
}
"""Suffix of a metric -> the cases of a row."""


def model_words(name: str) -> str:
    """A model's name for readers."""
    return MODEL_WORDS.get(name, name)


def target_words(record: Record) -> str:
    """The column of the reference summaries."""
    return str(record.study.target.model_dump().get("column") or "summary")


def source_words(record: Record) -> str:
    """The input that is summarised."""
    return str(record.metrics.get("source") or next(iter(record.study.inputs)))


def has_lexicon(record: Record) -> bool:
    """Whether findings were measured."""
    return isinstance(record.metrics.get("lexicon"), Mapping)


def question(record: Record) -> str:
    """The study's own question, or one made from its target."""
    if record.study.about.question:
        return record.study.about.question
    return f"Can a model write the {target_words(record)} from the {source_words(record)}?"


def value_of(record: Record, model: str | None, metric: str) -> float | None:
    """A value, None where there is none."""
    found = (record.estimate(model, metric) or {}).get("value")
    return found if isinstance(found, float | int) else None


def cases_of(record: Record, kind: str) -> int | None:
    """How many test cases are of a kind; None where it was not measured."""
    found = record.metrics.get(f"{kind}_cases" if kind else "cases")
    return found if isinstance(found, int) else None


def answer(record: Record) -> Answer:
    """The answer; where the deep model was not shown to be better, that first."""
    words = Verdict(measured=_measured(record), simple=_simple(record))
    found = verdict_answer(record, words)
    return Answer(
        found.headline,
        (*found.details, *constant_sentences(record), *_lost(record)),
        found.badge,
        found.tone,
    )


def _measured(record: Record) -> str:
    estimate = record.estimate(record.deep, record.primary)
    return (
        f"The deep model's summaries had a {label(record.primary)} of "
        f"{number((estimate or {}).get('value'))} ({confidence_words(record)} "
        f"{bounds(estimate) or 'n/a'}) on {scored_words(record.metrics)}"
    )


def _simple(record: Record) -> str:
    name = record.best_baseline
    if name is None:
        return "none"
    value = number(value_of(record, name, record.primary))
    return f"{model_words(name)}, {label(record.primary)} {value}"


def constant_sentences(record: Record) -> tuple[str, ...]:
    """What a summary that is always the same scores, where that was measured."""
    whole = value_of(record, CONSTANT, record.primary)
    if whole is None:
        return ()
    kind = "positive" if has_lexicon(record) else "uncommon"
    other = value_of(record, CONSTANT, f"{record.primary}_{kind}")
    where = {
        "positive": "cases whose reference states a finding",
        "uncommon": "cases with an uncommon reference",
    }[kind]
    if other is None:
        return (f"One summary, the same for every case, scores {number(whole)}.",)
    ours = value_of(record, record.deep, f"{record.primary}_{kind}")
    return (
        f"One summary, the same for every case, scores {number(whole)} on all of them, and "
        f"{number(other)} on the {where}; there the deep model scores {number(ours)}.",
    )


def _lost(record: Record) -> tuple[str, ...]:
    lost = record.estimate(record.deep, "dropped_all")
    if lost is None or lost.get("value") is None:
        return ()
    return (f"Of 100 cases with a finding, {of_hundred(lost)} lose every one in its summary.",)


def reader_sentences(record: Record) -> list[str]:
    """What the numbers mean for whoever reads such summaries."""
    found = [_alike_sentence(record), *_finding_sentences(record), _length_sentence(record)]
    return [sentence for sentence in found if sentence]


def _alike_sentence(record: Record) -> str:
    constant = value_of(record, CONSTANT, record.primary)
    ours = value_of(record, record.deep, record.primary)
    name = label(record.primary)
    text = (
        f"{name} says how many words a summary shares with the reference, in order. It does not "
        "say whether the two mean the same."
    )
    if constant is None or ours is None:
        return text
    common = cases_of(record, "uncommon")
    total = cases_of(record, "")
    alike = ""
    if common is not None and total:
        alike = f": {total - common} of {counted(total, 'reference')} are among the 20 commonest"
    return (
        f"{text} Many references are alike{alike}. That is why a sentence that never changes, and "
        f"tells nobody anything, scores {number(constant)}; judge a model by how far it lies above "
        "that, and by the cases that are not alike."
    )


def _finding_sentences(record: Record) -> list[str]:
    if not has_lexicon(record):
        return [
            "Whether the summaries are true was not measured: the study names no lexicon of "
            "findings (evaluation.lexicon). A summary may deny what the text says and score well."
        ]
    positives = cases_of(record, "positive") or 0
    lost = record.estimate(record.deep, "dropped_all")
    wrong = record.estimate(record.deep, "unsupported_findings")
    agreed = record.estimate(record.deep, "findings_f1")
    found = [f"{counted(positives, 'reference states', plural='references state')} a finding."]
    if lost and lost.get("value") is not None:
        found[0] += f" Of 100 such cases, {of_hundred(lost)} lose every finding in the summary."
    if wrong and wrong.get("value") is not None:
        found.append(
            f"Of 100 summaries, {of_hundred(wrong)} state a finding that the text does not."
        )
    if agreed and agreed.get("value") is not None:
        form = form_of("findings_f1")
        found.append(
            f"All stated findings together agree with an F1 of {with_interval(agreed, form)}."
        )
    return found


def _length_sentence(record: Record) -> str | None:
    words = value_of(record, record.deep, "words")
    wanted = record.metrics.get("reference_words")
    copied = value_of(record, record.deep, "copied_words")
    if words is None or not isinstance(wanted, float | int):
        return None
    text = f"Summaries have {words:.1f} words on average, references {wanted:.1f}"
    if copied is not None:
        text += f"; of 100 of their words, {100 * copied:.0f} stand in the text"
    return f"{text}."
