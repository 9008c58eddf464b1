"""The sentences of a classification: the question, the answer, and what it means for people.

Enters: a `Record`. Leaves: plain sentences with their uncertainty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedside.reporting.formatting import (
    bounds,
    complement,
    count,
    counted,
    listed,
    number,
    of_hundred,
    percent,
)
from bedside.reporting.glossary import mid_sentence
from bedside.reporting.telling import Answer
from bedside.reporting.wording import (
    USE_SIMPLE,
    Verdict,
    confidence_words,
    input_words,
    verdict_answer,
)

if TYPE_CHECKING:
    from bedside.reporting.record import Record

MODEL_WORDS = {
    "logistic": "logistic regression",
    "boosted-trees": "gradient-boosted trees",
    "majority": "always the most common class",
    "tfidf-logistic": "logistic regression on words and pairs of words (TF-IDF)",
}
FEATURES = {"image": "image features", "table": "the same columns"}
"""Modality of all inputs -> what simple models see of them; hand-made features of others."""
CHANCE = 0.5
THRESHOLD_WORDS = {"youden": "the point where sensitivity plus specificity is largest (Youden)"}


@dataclass(frozen=True)
class Frequency:
    """What the model does with 100 cases that have a finding and 100 that do not."""

    name: str
    finds: Mapping[str, Any] | None
    false_alarms: Mapping[str, Any] | None

    @property
    def sentence(self) -> str:
        """The same in words."""
        return (
            f"Of 100 with {self.name} it finds {of_hundred(self.finds)}; of 100 without, it "
            f"raises a false alarm in {of_hundred(self.false_alarms)}."
        )


def question(record: Record) -> str:
    """The study's own question, or one made from its target."""
    if record.study.about.question:
        return record.study.about.question
    return f"From {input_words(record)}, can a model {_what_it_does(record, tense='present')}?"


def model_words(record: Record, name: str) -> str:
    """A model's name for readers: ``logistic regression on image features``."""
    if name not in MODEL_WORDS:
        return name
    if name in ("majority", "tfidf-logistic"):
        return MODEL_WORDS[name]
    kinds = {part.modality for part in record.study.inputs.values()}
    features = FEATURES.get(next(iter(kinds)), "") if len(kinds) == 1 else ""
    return f"{MODEL_WORDS[name]} on {features or 'hand-made features'}"


def _what_it_does(record: Record, *, tense: str) -> str:
    told, find = ("tell", "find") if tense == "present" else ("told", "found")
    if record.kind == "labels":
        return f"{find} {listed(record.classes)}"
    if record.kind == "classes":
        return f"{told} {listed(record.classes)} apart"
    negative = record.classes[0] if record.classes else "the rest"
    return f"{told} {record.positive} from {negative}"


def answer(record: Record) -> Answer:
    """The answer in plain sentences, the verdict first where it is not "better"."""
    advice = USE_SIMPLE
    if reaches_chance(record, record.best_baseline):
        advice = "The simple model was not shown to be better than chance either."
        if not reaches_chance(record, record.deep):
            advice = "Of the two, the deep model alone was shown to be better than chance."
    words = Verdict(
        measured=_measured(record),
        simple=_simple(record),
        advice=advice,
    )
    return verdict_answer(record, words)


def reaches_chance(record: Record, name: str | None) -> bool:
    """Whether a model's interval of the AUROC holds a coin toss, or worse, or is not known."""
    if record.primary != "auroc":
        return False  # of other metrics it is not known what chance would give
    low = (record.estimate(name, record.primary) or {}).get("low")
    return not isinstance(low, int | float) or low <= CHANCE


def _measured(record: Record) -> str:
    scored = record.metrics.get("cases")
    cases = f"{counted(scored, 'test case')}" if isinstance(scored, int) else "the test cases"
    estimate = record.estimate(record.deep, record.primary)
    value = number(estimate.get("value") if estimate else None)
    return (
        f"On {cases} the deep model {_what_it_does(record, tense='past')} with "
        f"{_article(record)} {metric_words(record)} of {value} ({_interval(record, estimate)})"
    )


def metric_words(record: Record) -> str:
    """The primary metric in a sentence; an average over classes says so."""
    average = "macro-averaged " if record.kind != "binary" else ""
    return f"{average}{mid_sentence(record.primary)}"


def _article(record: Record) -> str:
    return "an" if metric_words(record)[0].lower() in "aeiou" else "a"


def _simple(record: Record) -> str:
    name = record.best_baseline
    if name is None:
        return "none"
    estimate = record.estimate(name, record.primary)
    value = number(estimate.get("value") if estimate else None)
    return f"{model_words(record, name)}, {metric_words(record)} {value}"


def _interval(record: Record, estimate: Mapping[str, Any] | None) -> str:
    return f"{confidence_words(record)} {bounds(estimate) or 'n/a'}"


def people_words(record: Record) -> str:
    """``people`` where every test case is another patient, else ``cases``."""
    cases, patients = record.metrics.get("cases"), record.metrics.get("patients")
    return "people" if patients is not None and cases == patients else "cases"


def frequencies(record: Record) -> list[Frequency]:
    """Natural frequencies of the deep model at its threshold, one entry a class or label."""
    if record.kind == "binary":
        names = {record.positive: ""}
    else:
        names = {name: f"_{name}" for name in record.classes}
    found = [
        Frequency(
            name,
            record.estimate(record.deep, f"sensitivity{suffix}"),
            complement(record.estimate(record.deep, f"specificity{suffix}")),
        )
        for name, suffix in names.items()
    ]
    return [entry for entry in found if entry.finds or entry.false_alarms]


def frequency_sentence(record: Record, entry: Frequency) -> str:
    """``Of 100 people with pneumonia it finds 93 (90 to 96); of 100 without, ...``."""
    return entry.sentence.replace("Of 100 with", f"Of 100 {people_words(record)} with", 1)


def alarm_sentence(record: Record) -> str | None:
    """Binary: how far an alarm can be believed, and that it hangs on how common the finding is."""
    ppv = record.estimate(record.deep, "ppv") if record.kind == "binary" else None
    scores = record.scores() if ppv else None
    if ppv is None or scores is None or not len(scores):
        return None
    share = scores.positives(0) / max(1, len(scores.known(0)[0]))
    return (
        f"Of 100 alarms {of_hundred(ppv)} are right, where {percent(share)} have "
        f"{record.positive}, as in this test part. Where it is rarer, fewer alarms are right."
    )


def threshold_sentence(record: Record) -> str:
    """Where the line between yes and no lies, and how it was chosen."""
    chosen = _threshold_rule(record)
    values = record.metrics.get("thresholds") or []
    if record.kind == "classes":
        return "The model names the most probable class."
    if record.kind == "binary" and values:
        line = number(values[0])
        return f"The model says {record.positive} from a probability of {line} on, {chosen}."
    pairs = zip(record.classes, values, strict=False)
    shown = ", ".join(f"{name} {number(value)}" for name, value in pairs)
    return f"Thresholds: {shown or 'n/a'}, {chosen}."


def _threshold_rule(record: Record) -> str:
    rule = record.metrics.get("threshold_rule")
    if rule is None:
        return "by a rule that was not recorded"
    if isinstance(rule, int | float):
        return "as the study file fixes it"
    if isinstance(rule, Mapping):
        aim = " and ".join(f"{name} is at least {share}" for name, share in rule.items())
        return f"chosen on the validation part so that {aim} there"
    return f"chosen on the validation part as {THRESHOLD_WORDS.get(str(rule), str(rule))}"


def decision_sentences(record: Record) -> list[str]:
    """Binary: the four counts of the confusion matrix, in words; empty otherwise."""
    scores = record.scores() if record.kind == "binary" else None
    if scores is None or not len(scores):
        return []
    truth, _, decision = scores.known(0)
    yes, no = int(truth.sum()), int((~truth).sum())
    found, alarms = int((truth & decision).sum()), int((~truth & decision).sum())
    return [
        f"{count(found)} of {count(yes)} cases with {record.positive} were found, "
        f"{count(yes - found)} were missed.",
        f"{count(alarms)} of {count(no)} cases without it raised a false alarm, "
        f"{count(no - alarms)} were left alone.",
    ]


def calibration_sentence(record: Record) -> str:
    """How far the probabilities are off, on the test part."""
    estimate = record.estimate(record.deep, "ece")
    if estimate is None:
        return "The calibration error was not computed."
    return (
        f"On the test part the stated probabilities lay {number(estimate.get('value'))} "
        f"({_interval(record, estimate)}) from what happened, on average (ECE)."
    )


def temperature_sentence(record: Record) -> str:
    """What temperature scaling found about the raw network."""
    found = (record.metrics.get("calibration") or {}).get("temperature") or []
    values = found if isinstance(found, list) else [found]
    if not values:
        return "The probabilities were not rescaled; read them as scores."
    shown = ", ".join(number(value) for value in values)
    tail = ""
    if len(values) == 1:
        sure = "too sure of itself" if values[0] > 1 else "not sure enough of itself"
        tail = f": before scaling the network was {sure}" if abs(values[0] - 1) >= 0.02 else ""
    word = "a temperature of" if len(values) == 1 else "temperatures of"
    return f"Probabilities were scaled by {word} {shown}, fitted on the validation part{tail}."
