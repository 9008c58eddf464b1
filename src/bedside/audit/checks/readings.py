"""Checks of the readings of a long table: clocks, doubles, units, values, gaps.

Enters: the evidence; of a cohort that is no series the checks say nothing. Leaves:
findings that name rows of the table, and never a reading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bedside.audit.findings import Finding, Severity
from bedside.data.readings import STILL_HOURS
from bedside.data.units import PLAUSIBLE

if TYPE_CHECKING:
    from bedside.audit.evidence import Evidence
    from bedside.data.readings import Found

MANY = 0.01
"""Share of readings that contradict others, from which two persons or sensors are likely."""
MUCH_FILLED = 0.1


def repeated_readings(evidence: Evidence) -> list[Finding]:
    """Readings that stand twice (warn), or that contradict another of the same minute."""
    facts = evidence.cohort.readings
    if facts is None:
        return []
    found = []
    if facts.repeated.count:
        message = (
            f"{_times(facts.repeated)} again with the same patient, time and value; each counts "
            "once."
        )
        found.append(_finding("repeated-readings", "warn", message, facts.repeated))
    if facts.contradicting.count:
        many = facts.contradicting.count > MANY * facts.readings
        message = (
            f"{_times(facts.contradicting)} beside another of the same patient and time with "
            "another value; their mean is taken."
        )
        if many:
            message += " So many are two sensors, or two people under one name."
        remedy = "Find out which is right, or name each sensor as a patient of its own."
        severity: Severity = "block" if many else "warn"
        found.append(
            _finding("repeated-readings", severity, message, facts.contradicting, remedy=remedy)
        )
    return found


def unordered_readings(evidence: Evidence) -> list[Finding]:
    """Readings that stand after a later one of the same patient (warn): they were sorted."""
    facts = evidence.cohort.readings
    if facts is None or not facts.unordered.count:
        return []
    message = f"{_times(facts.unordered)} after a later one of the same patient; sorted by time."
    remedy = "Check that the times are those of the readings and not of an upload."
    return [_finding("unordered-readings", "warn", message, facts.unordered, remedy=remedy)]


def clock_jumps(evidence: Evidence) -> list[Finding]:
    """Clocks that jump back: by an hour, as summer time ends (warn), or otherwise (block)."""
    facts = evidence.cohort.readings
    if facts is None:
        return []
    found = []
    if facts.clock_repeated.count:
        message = (
            f"A clock jumps back by about an hour at "
            f"{_readings(facts.clock_repeated)}, as at the end of "
            "summer time; a new segment begins there, so no two hours are mixed."
        )
        found.append(_finding("clock-jumps", "warn", message, facts.clock_repeated))
    if facts.clock_backwards.count:
        message = (
            f"A clock goes backwards at {_readings(facts.clock_backwards)}, "
            "over times that it had passed: nobody can tell which readings are the later ones."
        )
        remedy = "Correct the times, or leave one of the two stretches out."
        found.append(
            _finding("clock-jumps", "block", message, facts.clock_backwards, remedy=remedy)
        )
    return found


def impossible_readings(evidence: Evidence) -> list[Finding]:
    """Readings of zero or less, or beyond what any device shows (block)."""
    facts = evidence.cohort.readings
    if facts is None or facts.unit is None or not facts.impossible.count:
        return []
    highest = PLAUSIBLE[facts.unit].highest
    message = (
        f"{_times(facts.impossible)} there that no device shows: zero or less, or from "
        f"{highest:.4g} {facts.unit} on."
    )
    remedy = "Leave them blank, or correct them; they may be codes for an error of the sensor."
    return [_finding("impossible-readings", "block", message, facts.impossible, remedy=remedy)]


def wrong_unit(evidence: Evidence) -> list[Finding]:
    """Readings, or whole patients, that only another unit would explain (block)."""
    facts = evidence.cohort.readings
    if facts is None or facts.unit is None:
        return []
    other = "mmol/L" if facts.unit == "mg/dL" else "mg/dL"
    remedy = f"Say the unit they have under inputs, or bring all readings into {facts.unit}."
    if facts.odd_patients:
        low, high = facts.medians
        message = (
            f"The readings of {facts.odd_patients} of {_patients(evidence)} patients have medians "
            f"from {low:.3g} to {high:.3g}, which {facts.unit} cannot explain; {other} may."
        )
        if facts.odd_patients < _patients(evidence):
            message += " Two units are mixed in one table."
        return [Finding("unit", "block", message, facts.odd_patients, (), remedy)]
    if facts.other_unit.count:
        message = (
            f"{_times(facts.other_unit)} there that {facts.unit} cannot explain; {other} would. "
            "Two units are mixed in one table."
        )
        return [_finding("unit", "block", message, facts.other_unit, remedy=remedy)]
    return []


def constant_stretches(evidence: Evidence) -> list[Finding]:
    """Half a day or more of one value (warn): a sensor or a program that stood still."""
    facts = evidence.cohort.readings
    if facts is None or not facts.still.count:
        return []
    message = (
        f"{_count(facts.still.count, 'stretch', 'stretches')} of one value for {STILL_HOURS} hours "
        f"or more, up to {int(facts.longest_still_hours)}: a sensor or a program stood still, and "
        "a forecast of nothing new looks perfect there. Each begins at the row named."
    )
    remedy = "Leave these readings out."
    return [_finding("constant-stretches", "warn", message, facts.still, remedy=remedy)]


def gaps(evidence: Evidence) -> list[Finding]:
    """What gaps cost: pieces too short to use, and points filled by straight lines."""
    facts, series = evidence.cohort.readings, evidence.cohort.series
    if facts is None or series is None:
        return []
    pieces, lost = facts.dropped
    share = facts.filled / max(facts.points, 1)
    message = (
        f"{facts.readings} readings became {len(series)} segments with {facts.points} points every "
        f"{series.every_minutes} minutes; {facts.filled} points ({share:.1%}) were filled by "
        f"straight lines. {pieces} pieces with {lost} readings were too short to use."
    )
    much = share > MUCH_FILLED
    remedy = "Lower longest_gap_minutes or raise every_minutes." if much else ""
    severity: Severity = "warn" if much else "note"
    return [Finding("gaps", severity, message, facts.filled, (), remedy)]


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _readings(found: Found) -> str:
    return _count(found.count, "reading", "readings")


def _times(found: Found) -> str:
    return f"{found.count} reading{'s stand' if found.count != 1 else ' stands'}"


def _patients(evidence: Evidence) -> int:
    return int(np.unique(evidence.cohort.groups()).size)


def _finding(
    check: str, severity: Severity, message: str, found: Found, *, remedy: str = ""
) -> Finding:
    """A finding on rows of the long table, which are numbered already."""
    return Finding(check, severity, message, found.count, tuple(found.rows), remedy)
