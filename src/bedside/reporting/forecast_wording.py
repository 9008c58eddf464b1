"""The sentences of a forecast: the question, the answer, and what it means at the bedside.

Enters: a `Record`. Leaves: plain sentences with their uncertainty, for whoever treats
people with diabetes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedside.evaluation.glucose import HIGH, LOW, UNITS
from bedside.evaluation.glucose_events import count_high, count_low
from bedside.reporting.formatting import Form, bounds, count, counted, listed, with_interval
from bedside.reporting.glossary import form_of, label
from bedside.reporting.telling import Answer
from bedside.reporting.wording import (
    BETTER,
    WORSE,
    Verdict,
    confidence_words,
    scored_words,
    verdict_answer,
)

if TYPE_CHECKING:
    from bedside.reporting.record import Record

HELD_OUT = "held_out_patients"
PART_WORDS = {"test": "Later days of the same patients", HELD_OUT: "Patients never seen before"}
MODEL_WORDS = {
    "persistence": "the last value carried forward",
    "least-squares": "least squares on the last values",
    "boosted-trees": "gradient-boosted trees on the last values",
    "exponential-smoothing": "exponential smoothing",
}
SHOWN_MINUTES = (15, 30, 60)
SIDES = {"hypo": "low", "hyper": "high"}


def part_words(name: str) -> str:
    """What a test part is, for readers."""
    return PART_WORDS.get(name, name.replace("_", " ").capitalize())


def model_words(name: str) -> str:
    """A model's name for readers: ``the last value carried forward``."""
    return MODEL_WORDS.get(name, name)


def horizon_words(record: Record) -> str:
    """``the next hour``, ``the next 30 minutes``."""
    minutes = int(record.metrics.get("horizon_minutes") or 0)
    return "the next hour" if minutes == 60 else f"the next {minutes} minutes"


def target_words(record: Record) -> str:
    """What is forecast: glucose where the unit says so, else the target's column."""
    if record.unit in UNITS:
        return "glucose"
    named = record.study.target.model_dump().get("column")
    return str(named or next(iter(record.study.inputs)))


def planned_words(record: Record) -> str:
    """``carbohydrate and insulin``: what is known of the time to come; blank where nothing is."""
    named = [
        name
        for section in record.study.inputs.values()
        for name in section.model_dump().get("known_ahead") or []
    ]
    return listed(name.replace("_", " ") for name in dict.fromkeys(named))


def question(record: Record) -> str:
    """The study's own question, or one made from its target."""
    if record.study.about.question:
        return record.study.about.question
    what = target_words(record)
    return f"From a patient's last values, can a model say what {what} does in " + (
        f"{horizon_words(record)}?"
    )


def answer(record: Record) -> Answer:
    """The answer; where the deep model was not shown to be better, that first."""
    simple, form = _simple(record), form_of(record.primary, record.unit)
    words = Verdict(
        measured=_measured(record),
        simple=simple,
        better="better at forecasting than the best simple model (%s)",
    )
    found = verdict_answer(record, words)
    if record.metrics.get("verdict") == BETTER:
        lead = f"{_measured(record)}, less than that of the best simple model ({simple})."
        found = Answer(lead, found.details, found.badge, found.tone)
    return Answer(
        found.headline, (*found.details, *_held_out(record, form)), found.badge, found.tone
    )


def _measured(record: Record) -> str:
    estimate = record.estimate(record.deep, record.primary)
    form = form_of(record.primary, record.unit)
    return (
        f"Over {horizon_words(record)}, the deep model's forecasts of {target_words(record)} had "
        f"an error (RMSE) of {form.text((estimate or {}).get('value'))} "
        f"({confidence_words(record)} {bounds(estimate, form) or 'n/a'}) on "
        f"{scored_words(record.metrics, 'forecast')}"
    )


def _simple(record: Record) -> str:
    name = record.best_baseline
    if name is None:
        return "none"
    estimate = record.estimate(name, record.primary) or {}
    form = form_of(record.primary, record.unit)
    return f"{model_words(name)}, {label(record.primary)} {form.text(estimate.get('value'))}"


def _held_out(record: Record, form: Form) -> tuple[str, ...]:
    """What happened on further test parts, one sentence each."""
    sentences = []
    for name in record.tests[1:]:
        found = record.part(name)
        ours = (record.estimate(record.deep, record.primary, part=name) or {}).get("value")
        theirs = record.estimate(record.best_baseline, record.primary, part=name) or {}
        shown = {BETTER: "better", WORSE: "worse"}.get(
            str(found.get("verdict")), "not shown better"
        )
        who = counted(int(found.get("patients") or 0), "patient")
        lead = f"On {who} never seen before" if name == HELD_OUT else f"On {part_words(name)}"
        sentences.append(
            f"{lead} its error was {form.text(ours)}, that of the simple model "
            f"{form.text(theirs.get('value'))} ({shown})."
        )
    return tuple(sentences)


def bedside_sentences(record: Record) -> list[str]:
    """What the numbers mean for whoever treats: error, ranges, harm, warnings."""
    found = [_error_sentence(record), _range_sentence(record), _grid_sentence(record)]
    found += [_events_sentence(record, side) for side in SIDES]
    return [sentence for sentence in found if sentence]


def _error_sentence(record: Record) -> str | None:
    form = form_of("mae_pooled", record.unit)
    seen = {
        minutes: with_interval(estimate, form)
        for minutes in (30, 60)
        if (estimate := record.estimate(record.deep, f"mae_pooled_{minutes}min"))
    }
    if not seen:
        return None
    words = {30: "half an hour", 60: "an hour"}
    parts = [f"{words[m]} ahead by {text}" for m, text in seen.items()]
    return f"Forecasts were off on average {' and '.join(parts)}."


def _range_sentence(record: Record) -> str | None:
    held = record.estimate(record.deep, "coverage_80")
    width = record.estimate(record.deep, "width_80")
    if held is None or width is None or held.get("value") is None:
        return None
    return (
        f"The range that is to hold 80 of 100 values held {with_interval(held, Form(0, 100))}; it "
        f"was {form_of('width_80', record.unit).text(width.get('value'))} wide on average."
    )


def _grid_sentence(record: Record) -> str | None:
    for minutes in (60, 30, 15):
        harmless = record.estimate(record.deep, f"clarke_ab_{minutes}min")
        if harmless:
            return (
                f"Of 100 forecasts {minutes} minutes ahead, "
                f"{with_interval(harmless, Form(1, 100))} lie in zones A and B of Clarke's grid, "
                "where the treatment that follows does no harm."
            )
    return None


def _events_sentence(record: Record, side: str) -> str | None:
    """Episodes announced, how early, and false alarms a day."""
    events = event_counts(record, side)
    found = record.estimate(record.deep, f"{side}_sensitivity")
    if events is None or found is None:
        return None
    episodes, patients = events
    line = (LOW if side == "hypo" else HIGH)[record.unit]
    what = f"{'below' if side == 'hypo' else 'above'} {line:g} {record.unit}"
    if not episodes:
        return f"No episode {what} began in the test part, so nothing is known of warnings of one."
    alarms = record.estimate(record.deep, f"{side}_false_alarms_per_day")
    lead = record.estimate(record.deep, f"{side}_lead_minutes") or {}
    early = form_of("hypo_lead_minutes").text(lead.get("value"))
    announced = f", {early} before on average" if lead.get("value") is not None else ""
    return (
        f"Of {counted(episodes, 'episode')} {what} ({counted(patients, 'patient')}), "
        f"{with_interval(found, form_of('hypo_sensitivity'))} were announced{announced}; false "
        f"alarms: {with_interval(alarms, form_of('hypo_false_alarms_per_day'))}."
    )


def event_counts(record: Record, side: str, *, part: str = "test") -> tuple[int, int] | None:
    """Episodes that a forecast was made ahead of, and patients who had one."""
    forecasts = record.forecasts(part=part) if record.unit in UNITS else None
    if forecasts is None:
        return None
    counts = (count_low if side == "hypo" else count_high)(forecasts.windows())
    return int(counts.events.sum()), int((counts.events > 0).sum())


def days_forecast(record: Record, *, part: str = "test") -> float | None:
    """Days for which a forecast stood, over all patients."""
    forecasts = record.forecasts(part=part) if record.unit in UNITS else None
    return None if forecasts is None else float(count_low(forecasts.windows()).days.sum())


def spread_words(record: Record) -> str:
    """How often a forecast was made on the test part."""
    forecasts = record.forecasts()
    if forecasts is None or len(forecasts) < 2:
        return ""
    import numpy as np

    gaps = np.diff(forecasts.minute)[np.diff(forecasts.row) == 0]
    if not gaps.size:
        return ""
    return f"A forecast was made every {count(float(np.median(gaps)))} minutes."
