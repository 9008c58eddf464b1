"""Doubts and limits of a forecast.

Enters: a `Record`. Leaves: notices and sentences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedside.evaluation.glucose import UNITS
from bedside.reporting import forecast_wording
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
    return [*_few_patients(record), *_few_episodes(record)]


def _few_patients(record: Record) -> list[Notice]:
    few = {
        part: patients
        for part in record.tests
        if isinstance(patients := record.part(part).get("patients"), int)
        and patients < FEW_PATIENTS
    }
    if not few:
        return []
    shown = "; ".join(f"{part_words(p)}: {counted(n, 'patient')}" for p, n in few.items())
    text = f"{shown}. "
    if min(few.values()) == 1:
        text += "Of one patient no interval can be made. "
    if max(few.values()) > 1:
        text += "Intervals are made by drawing patients anew; of so few they come out too narrow. "
    return [Notice("red", "Few patients to test on", f"{text}Another patient may be quite other.")]


def _few_episodes(record: Record) -> list[Notice]:
    counts = {word: event_counts(record, side) for side, word in SIDES.items()}
    few = {word: found[0] for word, found in counts.items() if found and found[0] < FEW_EVENTS}
    if not few:
        return []
    shown = " and ".join(f"{counted(n, 'episode')} of {word} glucose" for word, n in few.items())
    text = f"In the test part began {shown}. What is said of warnings of them hangs on that few."
    return [Notice("amber", "Few episodes to be warned of", text)]


def forecast_limits(record: Record) -> list[str]:
    """What the numbers of a forecast do not say."""
    found = []
    if record.unit in UNITS:
        found.append(
            "Forecasts are compared with what the sensor showed, not with blood: its own error and "
            "delay come on top."
        )
    planned = forecast_wording.planned_words(record)
    if planned:
        found.append(
            f"Of the time after the forecast the model was told {planned}, as planned or recorded. "
            "Where that is not known beforehand, or comes otherwise, errors are larger."
        )
    found.append(
        "What else a patient eats, injects or does after the forecast, the model can only guess."
        if planned
        else "The model was told of nothing but what the study file names. What a patient eats, "
        "injects or does after the forecast it can only guess."
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
