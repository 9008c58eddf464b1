"""Sentences that every report has, whatever is predicted.

Enters: a `Record`. Leaves: plain sentences with their uncertainty. A deep model that
was not shown to be better is called so in the first sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedside.reporting.formatting import count, counted, listed, percent
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
        difference: deep minus simple with its interval.
        advice: where the deep model was not shown to be better.
        said: what "deep minus simple" is called, with "%s" for the difference.
    """

    measured: str
    simple: str
    difference: str
    advice: str = USE_SIMPLE
    better: str = "better than the best simple model (%s)"
    said: str = "Deep minus simple is %s."


def verdict_answer(record: Record, words: Verdict) -> Answer:
    """The answer in plain sentences, the verdict first where it is not "better"."""
    verdict = record.metrics.get("verdict")
    better = words.better % words.simple
    if record.best_baseline is None or verdict is None:
        lead = "No simple model was trained beside the deep one, so nothing says it is needed."
        return Answer(lead, (f"{words.measured}.",), "Not compared", "caution")
    if verdict == BETTER:
        lead = f"{words.measured}, {better} by {words.difference}."
        return Answer(lead, (), "Deep model better", "good")
    compared = f"{words.said % words.difference} "
    if verdict == WORSE:
        lead = f"The deep model was {better.replace('better', 'worse', 1)}."
        details = (f"{words.measured}.", f"{compared}Use the simple model.")
        return Answer(lead, details, "Deep model worse", "bad")
    lead = f"The deep model was not shown to be {better}."
    details = (f"{words.measured}.", f"{compared}{words.advice}")
    return Answer(lead, details, "Deep model not shown better", "caution")


def input_words(record: Record) -> str:
    """``images``, ``images and tables``: what the model looks at."""
    kinds = dict.fromkeys(part.modality for part in record.study.inputs.values())
    return listed(PLURALS.get(kind, f"{kind}s") for kind in kinds)


def confidence_words(record: Record) -> str:
    """``95 % interval``."""
    return f"{percent(record.metrics.get('confidence', 0.95))} interval"


def scored_words(found: Mapping[str, Any], noun: str = "case") -> str:
    """``624 cases of 624 patients``; of a part as ``metrics.json`` holds it."""
    cases, patients = found.get("cases"), found.get("patients")
    if patients is None:
        return f"{count(cases)} {noun}s, patients unknown"
    return f"{count(cases)} {noun}s of {counted(int(patients), 'patient')}"
