"""Foreseen events: series worked by hand, and a reading-by-reading reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bedside.evaluation import OF_GLUCOSE_EVENTS
from bedside.evaluation.glucose_events import bridged, count_high, count_low, find_events
from bedside.evaluation.kinds import Answers
from bedside.evaluation.windows import Windows
from bedside.schema import Array

from .forecasts_made import STATE, answered, windows_of

NAN = np.nan


def windows(
    readings: Array,
    predicted: dict[int, float],
    *,
    steps: int = 6,
    stride: int = 1,
    otherwise: float = 120.0,
    unit: str = "mg/dL",
) -> Windows:
    """Windows of one series read every 5 minutes; `predicted` says the point of some origins."""
    origins = np.arange(0, len(readings) - steps, stride)
    ahead = origins[:, None] + np.arange(1, steps + 1)
    targets = windows_of(
        np.asarray(readings)[ahead], last=np.asarray(readings)[origins], minute=origins * 5 + 7
    )
    lowest = np.array([predicted.get(int(origin), otherwise) for origin in origins])
    point = np.repeat(lowest[:, None], steps, axis=1)
    series = np.zeros(len(origins), dtype=int)
    return Windows.of(Answers(targets, answered(point), series, series, {**STATE, "unit": unit}))


def low_after(before: int, low: int, after: int) -> Array:
    return np.array([100.0] * before + [60.0] * low + [100.0] * after)


def metric(name: str, found: Windows) -> float:
    return float(OF_GLUCOSE_EVENTS.load(name)(found, np.ones((1, found.patients)))[0])


def test_an_event_that_was_announced_half_an_hour_ahead() -> None:
    readings = low_after(10, 4, 10)  # onset at reading 10, minute 50
    found = windows(readings, {4: 65.0, 5: 66.0, 8: 68.0})
    counts = count_low(found)
    assert (counts.events, counts.found, counts.warnings, counts.right) == ([1], [1], [1], [1])
    assert metric("hypo_sensitivity", found) == 1
    assert metric("hypo_ppv", found) == 1
    assert metric("hypo_lead_minutes", found) == 30  # from reading 4 to reading 10
    assert metric("hypo_false_alarms_per_day", found) == 0
    # forecasts stood for readings 1 to 23, but not after those made within the event
    assert counts.days == pytest.approx([23 * 5 / 1440])
    assert count_high(found).events == [0]
    assert np.isnan(metric("hyper_sensitivity", found))


def test_an_alarm_longer_before_than_the_horizon_is_false() -> None:
    found = windows(low_after(10, 4, 10), {3: 65.0})
    counts = count_low(found)
    assert (counts.events, counts.found, counts.warnings, counts.right) == ([1], [0], [1], [0])
    assert metric("hypo_false_alarms_per_day", found) == pytest.approx(1440 / (23 * 5))


def test_alarms_while_a_claim_stands_are_one_warning() -> None:
    steady = np.full(60, 100.0)
    assert count_low(windows(steady, {3: 65, 5: 65, 9: 65})).warnings == [1]
    assert count_low(windows(steady, {3: 65, 9: 65, 10: 65})).warnings == [2]
    everywhere = dict.fromkeys(range(60), 65.0)
    assert count_low(windows(steady, everywhere)).warnings == [8]  # 54 origins, 7 to a warning


def test_alarms_may_be_called_by_another_rule() -> None:
    found = windows(low_after(10, 4, 10), {4: 65.0})
    called = np.zeros(len(found), dtype=bool)
    called[[1, 9]] = True
    counts = count_low(found, called)
    assert (counts.found, counts.lead_minutes, counts.warnings) == ([1], [5], [2])
    assert count_low(found, np.zeros_like(called)).warnings == [0]


def test_an_onset_ends_a_warning() -> None:
    # two events, 40 minutes from onset to onset; one alarm before each
    readings = np.concatenate([low_after(10, 3, 5), low_after(0, 4, 12)])
    found = windows(readings, {9: 65.0, 14: 65.0})
    counts = count_low(found)
    assert (counts.events, counts.found, counts.warnings, counts.right) == ([2], [2], [2], [2])
    assert metric("hypo_lead_minutes", found) == pytest.approx((5 + 20) / 2)


def test_alarms_within_an_event_are_no_warnings() -> None:
    readings = np.array([100.0] * 8 + [60] * 4 + [72, 72] + [60] * 2 + [100] * 12)
    found = windows(readings, {12: 60.0, 13: 60.0})  # back above for 10 minutes only
    counts = count_low(found)
    assert (counts.events, counts.warnings) == ([1], [0])


def test_ten_minutes_are_no_event_and_neither_is_what_began_before() -> None:
    assert count_low(windows(low_after(8, 2, 12), {6: 65.0})).events == [0]
    assert count_low(windows(low_after(8, 2, 12), {6: 65.0})).right == [0]
    assert count_low(windows(low_after(0, 6, 20), {})).events == [0]


def test_what_the_end_cuts_off_decides_nothing() -> None:
    counts = count_low(windows(low_after(20, 2, 0), {15: 65.0}))
    assert (counts.events, counts.warnings) == ([0], [0])
    counts = count_low(windows(low_after(20, 2, 0), {5: 65.0, 15: 65.0}))
    assert (counts.warnings, counts.right) == ([1], [0])


def test_high_events_in_mmol() -> None:
    readings = np.array([9.0] * 10 + [10.1] * 5 + [9.0] * 10)
    found = windows(readings, {8: 11.0, 20: 12.0}, otherwise=8.0, unit="mmol/L")
    counts = count_high(found)
    assert (counts.events, counts.found, counts.warnings, counts.right) == ([1], [1], [1], [1])
    assert metric("hyper_lead_minutes", found) == 10
    at_the_line = np.where(readings > 10, 10.0, readings)
    assert count_high(windows(at_the_line, {}, otherwise=8.0, unit="mmol/L")).events == [0]
    assert count_low(windows(readings - 5.1, {}, unit="mmol/L")).events == [0]  # 3.9 is not below


def test_a_stride_thins_the_alarms_and_not_the_events() -> None:
    readings = low_after(13, 4, 20)
    dense = windows(readings, {9: 65.0, 12: 65.0}, steps=6)
    thin = windows(readings, {9: 65.0, 12: 65.0}, steps=6, stride=6)
    assert (count_low(dense).events, count_low(thin).events) == ([1], [1])
    assert metric("hypo_lead_minutes", dense) == 20
    assert metric("hypo_lead_minutes", thin) == 5  # of origins 0, 6, 12, 18 ... 12 alone
    assert count_low(thin).warnings == [1]


def test_an_event_without_a_forecast_ahead_counts_nowhere() -> None:
    readings = low_after(13, 4, 20)
    found = windows(readings, {}, steps=6, stride=12)  # origins 0, 12, 24
    assert count_low(found).events == [1]
    shorter = windows(readings, {}, steps=4, stride=16)  # origins 0, 16, 32: 13 is not ahead
    assert count_low(shorter).events == [0]


def test_series_do_not_run_into_each_other() -> None:
    one, two = low_after(20, 4, 10), low_after(12, 4, 18)
    parts = [windows(one, {18: 65.0}), windows(two, {1: 65.0, 8: 65.0})]
    joined = Windows(
        *(np.concatenate([getattr(p, n) for p in parts])
          for n in ("truth", "known", "point", "quantiles")),
        parts[0].levels, parts[0].unit, parts[0].minutes, parts[0].steps,
        np.repeat([0, 1], [len(p) for p in parts]), np.repeat([5, 4], [len(p) for p in parts]),
        *(np.concatenate([getattr(p, n) for p in parts]) for n in ("last", "minute")),
    )  # fmt: skip
    counts, alone = count_low(joined), [count_low(p) for p in parts]
    for name in ("events", "found", "lead_minutes", "warnings", "right", "days"):
        each = [float(getattr(c, name)[0]) for c in alone]
        assert getattr(counts, name).tolist() == pytest.approx(each), name
    ratio = OF_GLUCOSE_EVENTS.load("hypo_ppv")(joined, np.array([[1.0, 1], [0, 3]]))
    assert ratio == pytest.approx([2 / 3, 1 / 2])


def test_short_gaps_are_bridged_and_long_ones_are_not() -> None:
    values = np.array([NAN, 1.0, NAN, NAN, 4.0, NAN, NAN, NAN, 2.0, NAN])
    wanted = [NAN, 1, 2, 3, 4, NAN, NAN, NAN, 2, NAN]
    assert bridged(values, most=2) == pytest.approx(wanted, nan_ok=True)
    assert np.isnan(bridged(np.full(4, NAN), most=2)).all()


def reference_events(beyond: Array, enough: int) -> tuple[list[int], list[bool]]:
    """The same by walking over the readings one by one."""
    onsets, inside = [], [False] * len(beyond)
    state, back = "unknown", 0
    for t, value in enumerate(beyond):
        if np.isnan(value):
            state, back = "unknown", 0
            continue
        ahead = beyond[t : t + enough]
        lasting = len(ahead) == enough and bool((ahead > 0).all())
        if value > 0:
            if state == "unknown":
                state = "event"
            elif state == "free" and lasting:
                onsets.append(t)
                state = "event"
            if state == "event":
                inside[t - back : t] = [True] * back
                inside[t] = True
            back = 0
        else:
            back = back + 1 if state == "event" else 0
            if state == "unknown" or back >= enough:
                state, back = "free", 0
    return onsets, inside


@settings(max_examples=300)
@given(st.lists(st.sampled_from([1.0, 1.0, -1.0, -1.0, NAN]), max_size=60), st.integers(1, 4))
def test_events_are_those_of_a_walk_over_the_readings(values: list[float], enough: int) -> None:
    beyond = np.array(values, dtype=float)
    onsets, _, inside = find_events(beyond, enough=enough)
    wanted, within = reference_events(beyond, enough)
    assert onsets.tolist() == wanted
    assert inside.tolist() == within
