"""What a reader must know before believing a number: red boxes, and the limits.

Enters: a `Record`. Leaves: notices (red: the numbers may mislead; amber: mind this)
and the list of limits that every report carries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.reporting.formatting import bounds, counted, listed
from bedside.reporting.wording import CHANCE, reaches_chance

if TYPE_CHECKING:
    from bedside.reporting.record import Record

FEW = 30
ENOUGH = 100
"""Cases with and without the finding that a test needs (Collins 2016, 10.1002/sim.6787)."""


@dataclass(frozen=True)
class Notice:
    """One box: ``tone`` is ``red`` or ``amber``."""

    tone: str
    title: str
    text: str


def find_notices(record: Record) -> list[Notice]:
    """All boxes of the first page, red ones first."""
    found = [*_chance(record), *_split(record), *_looks(record), *_waived(record)]
    found += [*_few(record), *_made_up(record)]
    return sorted(found, key=lambda notice: notice.tone != "red")


def _chance(record: Record) -> list[Notice]:
    if not reaches_chance(record, record.deep):
        return []
    estimate = record.estimate(record.deep, record.primary) or {}
    high = estimate.get("high")
    if isinstance(high, int | float) and high < CHANCE:
        text = (
            "The interval of its AUROC lies below 0.5: it ranks cases the wrong way round. Look "
            "for labels that are swapped, or that mean another thing in another part."
        )
        return [Notice("red", "Worse than chance", text)]
    text = (
        f"The interval of its AUROC ({bounds(estimate) or 'not known'}) does not lie above 0.5, "
        "a coin toss: that this model tells anything at all was not shown."
    )
    return [Notice("red", "Not shown to be better than chance", text)]


def _split(record: Record) -> list[Notice]:
    notes = [str(note) for note in record.metrics.get("split_notes") or []]
    by = record.metrics.get("split_by") or record.study.split.by
    if by == "patient":
        return [Notice("amber", "About the split", " ".join(notes))] if notes else []
    text = " ".join(notes)
    if by == "case":
        reason = "Images of one patient may stand in training and in test"
        if record.metrics.get("patients") is None:
            reason = "It is not known which cases are one patient's, so the same patient may stand"
            reason += " in training and in test"
        text = f"{reason}; the numbers may then be better than on new patients. {text}".strip()
        return [Notice("red", "Split by case, not by patient", text)]
    if record.metrics.get("patients") is None:
        text = f"Patients are unknown, so one may stand on both sides of the split. {text}".strip()
        return [Notice("red", f"Split by {by}, patients unknown", text)]
    return [Notice("amber", f"Split by {by}", text)] if text else []


def _looks(record: Record) -> list[Notice]:
    looks = record.looks
    if looks is None or looks <= 1:
        return []
    text = (
        f"These test cases were used to judge a model {looks} times. Each look lets choices fit "
        "the test part a little, so the numbers may be too good. Confirm them on cases that "
        "nobody has looked at."
    )
    return [Notice("red", f"Test part looked at {looks} times", text)]


def _waived(record: Record) -> list[Notice]:
    waived = [_waived_words(entry) for entry in record.metrics.get("waived") or []]
    if not waived:
        return []
    text = f"Somebody decided to go on in spite of: {listed(waived, shown=12)}."
    return [Notice("red", f"{counted(len(waived), 'audit finding')} waived", text)]


def _waived_words(entry: Any) -> str:
    if isinstance(entry, Mapping):
        return str(entry.get("message") or entry.get("check") or "a finding").rstrip(".")
    return str(entry).rstrip(".")


def rare(record: Record, *, below: int) -> dict[str, int]:
    """Classes with fewer than `below` test cases, and how many they have."""
    scores = record.scores()
    if scores is None:
        return {}
    found = {name: scores.positives(column) for column, name in enumerate(scores.names)}
    if record.kind == "binary" and len(record.classes) == 2:
        found[record.classes[0]] = int(np.sum(scores.truth[:, 0] == 0))
    return {name: cases for name, cases in found.items() if cases < below}


def _few(record: Record) -> list[Notice]:
    few = rare(record, below=FEW)
    if not few:
        return []
    shown = listed(f"{name} ({cases})" for name, cases in few.items())
    text = (
        f"Fewer than {FEW} test cases for: {shown}. A few cases decided otherwise would change the "
        f"numbers; trust the intervals, not the values."
    )
    return [Notice("red", "Few cases to test on", text)]


def _made_up(record: Record) -> list[Notice]:
    if record.study.data.synthetic is None:
        return []
    text = "The data was made by a program. The numbers show that the tool works, nothing more."
    return [Notice("amber", "Made-up patients", text)]


def limits(record: Record) -> list[str]:
    """What the numbers do not say; the first three stand in every report."""
    use = record.study.about.intended_use
    found = [
        "One data set, looked at afterwards. Other hospitals, devices and patients can give other "
        "numbers: test on your own patients before anyone relies on it.",
        "Research software, not a medical device. Nobody has approved it for the care of patients, "
        "and no decision about a patient may rest on it.",
        f"Intended use: {use}" if use else "The study states no intended use, so there is none.",
    ]
    scarce = rare(record, below=ENOUGH)
    if scarce and not rare(record, below=FEW):
        shown = listed(f"{name} ({cases})" for name, cases in scarce.items())
        found.append(
            f"Fewer than {ENOUGH} test cases for {shown}; at least that many with and without a "
            "finding are advised (Collins 2016)."
        )
    if not record.metrics.get("subgroups"):
        found.append(
            "No subgroup (sex, age, device, hospital) was looked at: the model may be worse in one."
        )
    found.append(
        "Probabilities hold where the finding is about as common as it was here; elsewhere they "
        "need to be fitted anew."
    )
    return found
