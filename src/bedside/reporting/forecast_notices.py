"""Doubts and limits of a forecast.

Enters: a `Record`. Leaves: notices and sentences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedside.evaluation.glucose import UNITS
from bedside.reporting.forecast_wording import HELD_OUT, SIDES, event_counts, part_words
from bedside.reporting.formatting import counted
from bedside.reporting.glossary import form_of
from bedside.reporting.telling import Notice

if TYPE_CHECKING:
    from bedside.reporting.record import Record

FEW_PATIENTS = 10
ENOUGH_PATIENTS = 30
FEW_EVENTS = 20
PERSISTENCE = "persistence"


def persistence_notices(record: Record) -> list[Notice]:
    """Whether the model beats doing nothing, on each test part."""
    found = []
    form = form_of(record.primary, record.unit)
    for part in record.tests:
        ours = (record.estimate(record.deep, record.primary, part=part) or {}).get("value")
        theirs = (record.estimate(PERSISTENCE, record.primary, part=part) or {}).get("value")
        if ours is None or theirs is None or ours < theirs:
            continue
        text = (
            f"{part_words(part)}: its error is {form.text(ours)}, that of the last value carried "
            f"forward {form.text(theirs)}. A forecast that does not beat that is of no use."
        )
        found.append(Notice("red", "No better than the last value carried forward", text))
    return found


def scarce_notices(record: Record) -> list[Notice]:
    """Few patients, few episodes."""
    found = []
    for part in record.tests:
        patients = record.part(part).get("patients")
        if isinstance(patients, int) and patients < FEW_PATIENTS:
            text = (
                f"{part_words(part)}: {counted(patients, 'patient')}. Intervals are made by "
                "drawing patients anew; of so few they come out too narrow, and another patient "
                "may well lie outside."
            )
            found.append(Notice("red", "Few patients to test on", text))
    for side, word in SIDES.items():
        events = event_counts(record, side)
        if events is not None and events[0] < FEW_EVENTS:
            text = (
                f"{counted(events[0], 'episode')} of {word} glucose began in the test part. What "
                "is said of warnings of them hangs on a few."
            )
            found.append(Notice("amber", f"Few episodes of {word} glucose", text))
    return found


def forecast_limits(record: Record) -> list[str]:
    """What the numbers of a forecast do not say."""
    found = []
    if record.unit in UNITS:
        found.append(
            "Forecasts are compared with what the sensor showed, not with blood: its own error and "
            "delay come on top."
        )
    found.append(
        "The model was told of nothing but what the study file names. What a patient eats, injects "
        "or does after the forecast it can only guess."
    )
    patients = record.metrics.get("patients")
    if isinstance(patients, int) and FEW_PATIENTS <= patients < ENOUGH_PATIENTS:
        found.append(
            f"Tested on {counted(patients, 'patient')}: intervals are honest about these, and know "
            "nothing of kinds of patients that are not among them."
        )
    if HELD_OUT not in record.tests and record.metrics.get("split_by") != "patient":
        found.append("All patients of the test were seen in training: new ones were not tried.")
    found.append(
        "Ranges hold on average over all forecasts. At some hours, and after low or high values, "
        "they hold less often: see the figure."
    )
    return found
