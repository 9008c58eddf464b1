"""What a reader must know before believing a number: red boxes, and the limits.

Enters: a `Record`. Leaves: notices (red: the numbers may mislead; amber: mind this)
and the list of limits that every report carries. The kind of target adds its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bedside.reporting.compared_aids import aided
from bedside.reporting.follows_words import follows_notices
from bedside.reporting.formatting import counted, listed
from bedside.reporting.kinds import told
from bedside.reporting.telling import Notice

if TYPE_CHECKING:
    from bedside.reporting.record import Record


TITLES = {"time_within_patient": "Tested on later days of the same patients"}
"""Of the box about a split, where the study's own word would not do."""


def find_notices(record: Record) -> list[Notice]:
    """All boxes of the first page, red ones first."""
    kind = told(record)
    found = [*kind.doubts(record), *_split(record), *_looks(record), *_waived(record)]
    found += [*kind.scarce(record), *follows_notices(record), *_made_up(record)]
    found += [*_started(record), *_pretrained(record), *aided(record)]
    return sorted(found, key=lambda notice: notice.tone != "red")


def _split(record: Record) -> list[Notice]:
    notes = [str(note) for note in record.metrics.get("split_notes") or []]
    by = record.metrics.get("split_by") or record.study.split.by
    if by == "patient":
        return [Notice("amber", "About the split", " ".join(notes))] if notes else []
    text = " ".join(notes)
    if by == "case":
        reason = "Cases of one patient may stand in training and in test"
        if record.metrics.get("patients") is None:
            reason = "It is not known which cases are one patient's, so the same patient may stand"
            reason += " in training and in test"
        text = f"{reason}; the numbers may then be better than on new patients. {text}".strip()
        return [Notice("red", "Split by case, not by patient", text)]
    if record.metrics.get("patients") is None:
        text = f"Patients are unknown, so one may stand on both sides of the split. {text}".strip()
        return [Notice("red", f"Split by {by}, patients unknown", text)]
    title = TITLES.get(str(by), f"Split by {by}")
    return [Notice("amber", title, text)] if text else []


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


def _made_up(record: Record) -> list[Notice]:
    if record.study.data.synthetic is None:
        return []
    text = "The data was made by a program. The numbers show that the tool works, nothing more."
    return [Notice("amber", "Made-up patients", text)]


def _counted(compared: Mapping[str, Any], key: str) -> str:
    noun, _, rest = compared["noun"].partition(" ")
    return f"{counted(compared[key], noun)} {rest}".strip()


def _started(record: Record) -> list[Notice]:
    """The network began with another run's weights: which, and how the two were compared."""
    begun = ((record.environment.get("training") or {}).get(record.deep) or {}).get("start_from")
    if not isinstance(begun, Mapping):
        return []
    compared = begun["compared"]
    fresh = f"; begun anew: {listed(begun['fresh'])}" if begun["fresh"] else ""
    text = (
        f"The network began with weights of run '{begun['run']}' ({listed(begun['taken'])} of its "
        f"network {begun['model']}{fresh}). None of this study's validation and test cases was "
        f"learnt from there: {_counted(compared, 'cases')} compared by content"
    )
    if compared["patients"] is None:
        text += ". Patients could not be compared by their ids"
    else:
        text += f", {counted(compared['patients'], 'patient')} by their ids"
    if compared["chosen_by"]:
        text += f". Of validation, {_counted(compared, 'chosen_by')} chose its epoch there too"
    if compared["namesakes"]:
        text += (
            f". {counted(compared['namesakes'], 'patient id')} stand there too, in another "
            "source, and were taken for other people's"
        )
    return [Notice("amber", "Started from another run", f"{text}.")]


def _pretrained(record: Record) -> list[Notice]:
    """The network began as a pretrained model: which, and what nobody here knows of it."""
    begun = ((record.environment.get("training") or {}).get(record.deep) or {}).get("pretrained")
    if not isinstance(begun, Mapping):
        return []
    text = (
        f"The network began as the model '{begun['model']}' ({begun['kind']}), all weights tuned "
        "further on this study's training cases. What that model was trained on is not known "
        "here: if these patients' texts were among it, the numbers are too good."
    )
    return [Notice("amber", "Began as a pretrained model", text)]


def limits(record: Record) -> list[str]:
    """What the numbers do not say; the first three stand in every report."""
    use = record.study.about.intended_use
    return [
        "One data set, looked at afterwards. Other hospitals, devices and patients can give other "
        "numbers: test on your own patients before anyone relies on it.",
        "Research software, not a medical device. Nobody has approved it for the care of patients, "
        "and no decision about a patient may rest on it.",
        f"Intended use: {use}" if use else "The study states no intended use, so there is none.",
        *told(record).limits(record),
    ]
