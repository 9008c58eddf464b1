"""The sentences of outlined structures: the question, the answer, doubts and limits.

Enters: a `Record`. Leaves: plain sentences with their uncertainty, and notices.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bedside.evaluation.outlines import OF_SPACE
from bedside.reporting.formatting import (
    NO_INTERVAL,
    Form,
    bounds,
    counted,
    listed,
    number,
    with_interval,
)
from bedside.reporting.glossary import form_of, label
from bedside.reporting.telling import NO_SUBGROUP, Answer, Notice
from bedside.reporting.wording import (
    Verdict,
    confidence_words,
    scored_words,
    sided,
    verdict_answer,
)

if TYPE_CHECKING:
    from bedside.reporting.record import Record

MODEL_WORDS = {
    "mean-atlas": "the mean of the training masks, laid over each volume",
    "voxel-threshold": "a range of intensities for each structure",
    "voxel-forest": "a random forest on each voxel's surroundings and place",
}
USELESS, POOR = 0.5, 0.7
FEW_CASES = 10
FAR_MM = 10.0


def model_words(name: str) -> str:
    """A model's name for readers."""
    return MODEL_WORDS.get(name, name)


def structures_of(record: Record) -> list[str]:
    """Names of the structures."""
    return [str(name) for name in record.metrics.get("structures") or ()]


def distances_of(record: Record) -> tuple[str, str]:
    """Names of the two distances between outlines, which say their unit."""
    return OF_SPACE[record.metrics.get("space", "volume")][:2]


def question(record: Record) -> str:
    """The study's own question, or one made from its target."""
    if record.study.about.question:
        return record.study.about.question
    return f"Can a model outline {listed(structures_of(record))}?"


def value_of(record: Record, model: str | None, metric: str) -> float | None:
    """A value, None where there is none."""
    found = (record.estimate(model, metric) or {}).get("value")
    return found if isinstance(found, float | int) else None


def answer(record: Record) -> Answer:
    """The answer; where the deep model was not shown to be better, that first."""
    estimate = record.estimate(record.deep, record.primary)
    measured = (
        f"The deep model's outlines had a mean {label(record.primary)} of "
        f"{number((estimate or {}).get('value'))} ({confidence_words(record)} "
        f"{bounds(estimate) or 'n/a'}) on {scored_words(record.metrics)}"
    )
    simple = "none"
    if record.best_baseline is not None:
        value = number(value_of(record, record.best_baseline, record.primary))
        simple = f"{model_words(record.best_baseline)}, mean {label(record.primary)} {value}"
    found = verdict_answer(record, Verdict(measured=measured, simple=simple))
    return Answer(found.headline, (*found.details, *_by_structure(record)), found.badge, found.tone)


def _by_structure(record: Record) -> list[str]:
    parts = []
    for name in structures_of(record):
        dice = record.estimate(record.deep, f"dice_{name}")
        metric = distances_of(record)[0]
        far = record.estimate(record.deep, f"{metric}_{name}")
        if dice is not None and far is not None:
            text = with_interval(far, form_of(metric))
            parts.append(f"{name}: Dice {with_interval(dice)}, 95 % surface distance {text}")
    return [f"By structure, {'; '.join(parts)}."] if parts else []


def reader_sentences(record: Record) -> list[str]:
    """What the numbers mean for whoever uses such outlines."""
    space = "volume" if record.metrics.get("space", "volume") == "volume" else "picture"
    found = [
        "Each case counts once. A structure that only one of the two outlines holds has a Dice of "
        f"0 and the {space}'s diagonal as its distance, so that no failure is averaged away."
    ]
    _, _, off, apart = OF_SPACE[record.metrics.get("space", "volume")]
    for name in structures_of(record):
        bias = record.estimate(record.deep, f"{apart}_{name}")
        error = record.estimate(record.deep, f"{off}_{name}")
        if bias is None or error is None:
            continue
        form, noun = form_of(off), off.partition("_")[0].capitalize()
        found.append(
            f"{noun}s of {name} are wrong by {with_interval(error, form)}, whichever way; on "
            f"average the model's are {_bias(bias, form)}."
        )
    return found


def _bias(bias: Mapping[str, Any], form: Form) -> str:
    """``0.27 ml too large (0.21 to 0.31 ml too large)``."""
    value, between = sided(bias, form, words=("too small", "too large"))
    return f"{value} ({between or NO_INTERVAL})"


def doubt_notices(record: Record) -> list[Notice]:
    """Whether the outlines are of use at all."""
    notices = []
    for name in structures_of(record):
        dice = value_of(record, record.deep, f"dice_{name}")
        if dice is not None and dice < POOR:
            tone = "red" if dice < USELESS else "amber"
            text = (
                f"The mean Dice of {name} is {number(dice)}. Look at the worst cases below before "
                "anything is measured from these outlines."
            )
            notices.append(Notice(tone, f"{name} is outlined poorly", text))
    far = value_of(record, record.deep, "hd95_mm")
    if far is not None and far > FAR_MM:
        text = (
            f"The 95 % surface distance is {form_of('hd95_mm').text(far)} on average: some "
            "outlines hold pieces far from the structure, or miss it."
        )
        notices.append(Notice("amber", "Pieces far away", text))
    return notices


def scarce_notices(record: Record) -> list[Notice]:
    """Too few test cases to trust a mean."""
    cases = record.metrics.get("cases")
    if not isinstance(cases, int) or cases >= FEW_CASES:
        return []
    text = f"The test part holds {counted(cases, 'case')}. One more failure would change its means."
    return [Notice("amber", "Few test cases", text)]


def mask_limits(record: Record) -> list[str]:
    """What the numbers do not say."""
    found = [
        "The truth is what somebody drew. Two people who draw the same structure do not agree "
        "fully; a model cannot be expected to agree with one of them better than the other does.",
        "Images of another scanner, sequence or part of the body may fail without a sign of it.",
        "An outline must be looked at by someone who can draw it before anything is planned by it.",
    ]
    if not record.metrics.get("subgroups"):
        found.append(NO_SUBGROUP)
    return found
