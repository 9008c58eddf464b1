"""Sentences that every report has, whatever is predicted.

Enters: a `Record`. Leaves: plain sentences with their uncertainty. A deep model that
was not shown to be better is called so in the first sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedside.reporting.formatting import (
    NO_INTERVAL,
    NOT_AVAILABLE,
    Form,
    bounds,
    count,
    counted,
    has_interval,
    listed,
    number,
    percent,
    share_words,
)
from bedside.reporting.glossary import difference_form, form_of, higher_is_better, mid_sentence
from bedside.reporting.telling import Answer

if TYPE_CHECKING:
    from bedside.reporting.record import Record

BETTER, UNSHOWN, WORSE = "deep better", "deep not shown better", "deep worse"
USE_SIMPLE = "Unless something else speaks for the deep model, use the simple one."
PLURALS = {"image": "images", "table": "table values", "text": "texts", "signal": "signals"}


@dataclass(frozen=True)
class Verdict:
    """What a kind of target says of the comparison.

    Args:
        measured: what the deep model does, with its interval, without a full stop.
        simple: the best simple model and its value.
        better: "better than the best simple model" in the kind's words, with "%s" for it.
        advice: where the deep model was not shown to be better.
    """

    measured: str
    simple: str
    advice: str = USE_SIMPLE
    better: str = "better than the best simple model (%s)"


def verdict_answer(record: Record, words: Verdict) -> Answer:
    """The answer in plain sentences, the verdict first where it is not "better"."""
    verdict = record.metrics.get("verdict")
    better = words.better % words.simple
    if record.best_baseline is None or verdict is None:
        lead = "No simple model was trained beside the deep one, so nothing says it is needed."
        return Answer(lead, (f"{words.measured}.",), "Not compared", "caution")
    compared = difference_sentence(record)
    if verdict == BETTER:
        return Answer(f"{words.measured}, {better}.", (compared,), "Deep model better", "good")
    if verdict == WORSE:
        lead = f"The deep model was {better.replace('better', 'worse', 1)}."
        details = (f"{words.measured}.", f"{compared} Use the simple model.")
        return Answer(lead, details, "Deep model worse", "bad")
    lead = f"The deep model was not shown to be {better}."
    details = (f"{words.measured}.", f"{compared} {words.advice}")
    return Answer(lead, details, "Deep model not shown better", "caution")


def plain_answer(record: Record, words: Callable[[str], str]) -> Answer:
    """The answer of a kind whose score needs no words of its own.

    Args:
        record: of the run.
        words: a model's name -> what it is for readers.
    """
    form, name = form_of(record.primary, record.unit), mid_sentence(record.primary)
    estimate = record.estimate(record.deep, record.primary) or {}
    article = "an" if name[0].lower() in "aeiou" else "a"
    measured = (
        f"The deep model had {article} {name} of {form.text(estimate.get('value'))} "
        f"({confidence_words(record)} {bounds(estimate, form) or NOT_AVAILABLE}) on "
        f"{scored_words(record.metrics)}"
    )
    best = record.best_baseline
    peer = (record.estimate(best, record.primary) or {}).get("value")
    simple = "none" if best is None else f"{words(best)}, {name} {form.text(peer)}"
    return verdict_answer(record, Verdict(measured=measured, simple=simple))


def difference_sentence(record: Record) -> str:
    """How far apart deep and simple model lie, and which way, with the interval."""
    difference = record.metrics.get("difference")
    name = mid_sentence(record.primary)
    if not isinstance(difference, Mapping) or number(difference.get("value")) == NOT_AVAILABLE:
        return f"The difference in {name} is not known."
    form = difference_form(record.primary, record.unit)
    words = ("lower", "higher") if higher_is_better(record.primary) else ("higher", "lower")
    value, between = sided(difference, form, words=words)
    known = f"{confidence_words(record)}: {between}" if between else NO_INTERVAL
    return f"Its {name} is {value} than the simple model's ({known})."


def sided(estimate: Mapping[str, Any], form: Form, *, words: tuple[str, str]) -> tuple[str, str]:
    """A signed number as an amount and a side, and its interval so.

    Args:
        estimate: value and ends of what lies below or above 0.
        form: how it is written.
        words: of what lies below and above.

    Returns:
        ``0.7 mg/dL lower`` and ``2.1 mg/dL lower to 2.0 mg/dL higher``; the second blank where
        the interval is unknown.
    """

    def told(value: float) -> str:
        return f"{form.text(abs(value))} {words[value >= 0]}"

    if not has_interval(estimate):
        return told(estimate["value"]), ""
    low, high = estimate["low"], estimate["high"]
    if low * high > 0:  # both ends lie on one side: the word stands once
        near, far = sorted((low, high), key=abs)
        return told(estimate["value"]), f"{form.text(abs(near), bare=True)} to {told(far)}"
    return told(estimate["value"]), f"{told(low)} to {told(high)}"


def input_words(record: Record) -> str:
    """``images``, ``images and tables``: what the model looks at."""
    kinds = dict.fromkeys(part.modality for part in record.study.inputs.values())
    return listed(PLURALS.get(kind, f"{kind}s") for kind in kinds)


def confidence_words(record: Record) -> str:
    """``95 % interval``."""
    return f"{percent(record.metrics.get('confidence', 0.95))} interval"


def outside_sentence(record: Record, noun: str) -> str:
    """How many of what is scored is unlike training; blank where the model does not tell."""
    found = (record.metrics.get("promises") or {}).get("outside")
    if not found or found["share"]["value"] is None:
        return ""
    after = (
        " That is far more than one in a hundred: the test part is unlike what the model learnt "
        "from."
        if (found["share"]["low"] or 0) > 2 * found["expected"]
        else ""
    )
    return (
        f"The package marks a {noun} as outside what the model was trained on where it lies "
        f"farther from those of training than 99 of 100 of validation. On the test part these are "
        f"{share_words(found['share'])}.{after}"
    )


def scored_words(found: Mapping[str, Any], noun: str = "case") -> str:
    """``624 cases of 624 patients``; of a part as ``metrics.json`` holds it."""
    cases, patients = found.get("cases"), found.get("patients")
    if patients is None:
        return f"{count(cases)} {noun}s, patients unknown"
    return f"{count(cases)} {noun}s of {counted(int(patients), 'patient')}"
