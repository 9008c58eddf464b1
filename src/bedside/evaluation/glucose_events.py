"""Hypoglycaemia and hyperglycaemia foreseen: is a patient warned in time, and how often in vain?

Enters: `Windows`. Leaves: how many events, warnings and days each patient had, and
the metrics made of them.

*Event* (Battelino et al. 2019, doi:10.2337/dci19-0028): readings beyond the line for at
least 15 minutes; it ends when they have been back for at least 15. Its onset is the
first reading beyond. Gaps of under 15 minutes are bridged by a straight line. What began
before the first reading or within a longer gap has no onset; what the end of the series
cuts off before its 15 minutes decides nothing.
*Alarm*: a forecast made while the patient is not beyond the line and not in an event,
whose point forecast lies beyond the line at any step. *Warning*: alarms of one patient
while the claim of the first still stands, which is for the length of the horizon or to
the onset of an event. An event is *found* if an alarm was given within one horizon
before its onset; the lead time runs from the first of these. A warning is *false* if
no event began within one horizon after any of its alarms. Events that no forecast was
made ahead of count nowhere. *Days* are those for which a forecast stood. Measured per
event and not per reading, after Harvey et al. 2012, doi:10.1089/dia.2011.0198.

All of it depends on how often a forecast is made: with one every 30 minutes, lead times
are cut to steps of 30 minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from bedside.evaluation.classification import share
from bedside.evaluation.glucose import HIGH, LOW
from bedside.schema import Array

if TYPE_CHECKING:
    from bedside.evaluation.windows import Windows

EVENT_MINUTES = 15
DAY_MINUTES = 24 * 60


@dataclass(frozen=True)
class Counts:
    """What happened to each of P patients, (P,) each.

    Args:
        events: that a forecast was made ahead of.
        found: of these, announced.
        lead_minutes: summed over those found.
        warnings: that can be judged.
        right: of these, followed by an event.
        days: for which a forecast stood.
    """

    events: Array
    found: Array
    lead_minutes: Array
    warnings: Array
    right: Array
    days: Array


def count_low(windows: Windows, alarm: Array | None = None) -> Counts:
    """Events below 70 mg/dL (3.9 mmol/L).

    Args:
        windows: of glucose.
        alarm: (N,) bool, which forecasts call for one; where not given, those whose point
            crosses the line.
    """
    return _count(windows, alarm, sign=-1, line=LOW[windows.unit])


def count_high(windows: Windows, alarm: Array | None = None) -> Counts:
    """Events above 180 mg/dL (10 mmol/L); see `count_low`."""
    return _count(windows, alarm, sign=1, line=HIGH[windows.unit])


def _count(windows: Windows, alarm: Array | None, *, sign: int, line: float) -> Counts:
    """Count events on the side of `line` that `sign` says."""
    truth, known, crossing = [], [], []
    for block in windows.blocks():
        truth.append(sign * (block.truth - line))
        known.append(block.known)
        crossing.append((sign * (block.point - line) > 0).any(axis=1))
    series = _Series(
        np.concatenate(truth),
        np.concatenate(known),
        sign * (windows.last.astype(np.float64) - line),
        windows.minute,
        np.concatenate(crossing) if alarm is None else alarm,
        every=windows.minutes[0],
    )
    order = np.lexsort((windows.minute, windows.segment))
    starts = np.flatnonzero(np.diff(windows.segment[order], prepend=np.nan))
    totals = np.zeros((len(fields(Counts)), windows.patients))
    for own in np.split(order, starts[1:]):
        totals[:, windows.patient[own[0]]] += series.counted(own)
    totals[2] *= windows.minutes[0]
    totals[5] *= windows.minutes[0] / DAY_MINUTES
    return Counts(*totals)


@dataclass(frozen=True)
class _Series:
    """All windows, values as the distance beyond the line (positive: beyond)."""

    truth: Array
    known: Array
    last: Array
    minute: Array
    alarm: Array
    every: int

    def counted(self, own: Array) -> Array:
        """(6,) the counts of `Counts` of one series, whose windows `own` are in order of time."""
        horizon = self.truth.shape[1]
        enough = max(1, -(-EVENT_MINUTES // self.every))
        origin = (self.minute[own] - self.minute[own[0]]) // self.every
        values = np.full(int(origin[-1]) + horizon + 1, np.nan)
        values[origin] = self.last[own]
        ahead = origin[:, None] + np.arange(1, horizon + 1)
        there = self.known[own]
        values[ahead[there]] = self.truth[own][there]
        values = bridged(values, most=enough - 1)
        onsets, undecided, inside = find_events(values, enough=enough)
        whole = np.isfinite(values[ahead]).all(axis=1)
        free = whole & ~(self.last[own] > 0) & ~inside[origin]
        stood = np.zeros(len(values), dtype=bool)
        stood[ahead[free]] = True
        alarms = origin[free & self.alarm[own]]
        events, found, lead = _announced(onsets, origin[free], alarms, horizon=horizon)
        warnings, right = _judged(alarms, onsets, undecided, horizon=horizon)
        return np.array([events, found, lead, warnings, right, stood.sum()], dtype=np.float64)


def bridged(values: Array, *, most: int) -> Array:
    """Values (T,) with every gap of at most so many steps filled by a straight line."""
    there = np.isfinite(values)
    if not there.any():
        return values
    steps = np.arange(len(values))
    filled = np.interp(steps, steps[there], values[there], left=np.nan, right=np.nan)
    for start, stop in _runs(~there):
        if stop - start > most:
            filled[start:stop] = np.nan
    return filled


def find_events(beyond: Array, *, enough: int) -> tuple[Array, Array, Array]:
    """Events of one series.

    Args:
        beyond: (T,) distance beyond the line at each step, positive beyond, NaN where unknown.
        enough: steps that an event lasts at least, and that end one.

    Returns:
        Onsets; onsets of what the end of a stretch of known values cut off before it was
        an event; (T,) whether a step is within an event, one without an onset included.
    """
    onsets: list[int] = []
    undecided: list[int] = []
    inside = np.zeros(len(beyond), dtype=bool)
    for first, end in _runs(np.isfinite(beyond)):
        over = -np.inf
        for start, stop in _runs(beyond[first:end] > 0):
            start, stop = start + first, stop + first  # noqa: PLW2901
            if start - over < enough:  # not back for long enough: the same event goes on
                inside[int(over) : stop] = True
                over = stop
            elif stop - start >= enough or start == first:
                inside[start:stop] = True
                over = stop
                if start > first:
                    onsets.append(start)
            elif stop == end:
                undecided.append(start)
    return np.array(onsets, dtype=np.intp), np.array(undecided, dtype=np.intp), inside


def _runs(flags: Array) -> list[tuple[int, int]]:
    """Start and end of every run of True."""
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _announced(
    onsets: Array, free: Array, alarms: Array, *, horizon: int
) -> tuple[int, int, float]:
    """Events with a forecast ahead, those with an alarm ahead, and their summed lead in steps."""
    asked = np.searchsorted(free, onsets) - np.searchsorted(free, onsets - horizon)
    onsets = onsets[asked > 0]
    first = np.searchsorted(alarms, onsets - horizon)
    found = np.searchsorted(alarms, onsets) > first
    return len(onsets), int(found.sum()), float((onsets[found] - alarms[first[found]]).sum())


def _judged(alarms: Array, onsets: Array, undecided: Array, *, horizon: int) -> tuple[int, int]:
    """Warnings, and how many of them came true; what cannot be judged counts as neither."""
    warnings = right = 0
    for first, last in _warnings(alarms, onsets, horizon=horizon):
        if _any_between(onsets, first, last + horizon):
            right += 1
            warnings += 1
        elif not _any_between(undecided, first, last + horizon):
            warnings += 1
    return warnings, right


def _warnings(alarms: Array, onsets: Array, *, horizon: int) -> list[tuple[int, int]]:
    """First and last alarm of every warning."""
    found: list[tuple[int, int]] = []
    for alarm in map(int, alarms):
        first = found[-1][0] if found else None
        if first is None or alarm > first + horizon or _any_between(onsets, first, alarm):
            found.append((alarm, alarm))
        else:
            found[-1] = (first, alarm)
    return found


def _any_between(steps: Array, after: int, to: int) -> bool:
    """Whether any of the rising `steps` lies after the one and not after the other."""
    return bool(np.searchsorted(steps, to, "right") > np.searchsorted(steps, after, "right"))


def _sensitivity(counts: Counts, weights: Array) -> Array:
    return share(weights @ counts.found, weights @ counts.events)


def _ppv(counts: Counts, weights: Array) -> Array:
    return share(weights @ counts.right, weights @ counts.warnings)


def _lead_minutes(counts: Counts, weights: Array) -> Array:
    return share(weights @ counts.lead_minutes, weights @ counts.found)


def _false_alarms_per_day(counts: Counts, weights: Array) -> Array:
    return share(weights @ (counts.warnings - counts.right), weights @ counts.days)


def _metric(
    count: Callable[[Windows], Counts], of: Callable[[Counts, Array], Array]
) -> Callable[[Windows, Array], Array]:
    """The metric made of the counts of one side of the range."""

    def metric(windows: Windows, weights: Array) -> Array:
        return of(windows.kept(count), weights)

    return metric


hypo_sensitivity = _metric(count_low, _sensitivity)
hypo_ppv = _metric(count_low, _ppv)
hypo_lead_minutes = _metric(count_low, _lead_minutes)
hypo_false_alarms_per_day = _metric(count_low, _false_alarms_per_day)
hyper_sensitivity = _metric(count_high, _sensitivity)
hyper_ppv = _metric(count_high, _ppv)
hyper_lead_minutes = _metric(count_high, _lead_minutes)
hyper_false_alarms_per_day = _metric(count_high, _false_alarms_per_day)
