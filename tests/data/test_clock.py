"""Times as written, and clocks that do not run forward."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.data.clock import in_order, parse_seconds

HOUR = 3600
NOON = int(np.datetime64("2024-10-27T12:00:00", "s").astype(int))


@pytest.mark.parametrize(
    "cell",
    [
        "2024-10-27 12:00:00", "2024-10-27T12:00", "2024-10-27T12:00:00.4", "2024-10-27T12:00Z",
        "2024-10-27 12:00:00+02:00", "2024-10-27T12:00:00-05:00", " 2024-10-27 12:00 ",
    ],
)  # fmt: skip
def test_the_local_clock_is_read_as_written(cell: str) -> None:
    seconds, readable = parse_seconds([cell, cell])
    assert seconds.tolist() == [NOON, NOON]
    assert readable.all()


@pytest.mark.parametrize("cell", ["", "27.10.2024 12:00", "now", "NaT", "2024-13-01 00:00", "7"])
def test_other_forms_are_told_apart(cell: str) -> None:
    seconds, readable = parse_seconds(["2024-10-27 12:00", cell])
    assert readable.tolist() == [True, False]
    assert seconds[0] == NOON


def stretches(seconds: list[int]) -> list[list[int]]:
    return [own.tolist() for own in in_order(np.array(seconds)).stretches]


def test_a_clock_that_runs_forward_is_left_alone() -> None:
    order = in_order(np.arange(0, 3000, 300))
    assert order.stretches[0].tolist() == list(range(10))
    assert order.unordered.size + order.repeated.size + order.backwards.size == 0


def test_the_newest_reading_first_is_turned_round() -> None:
    assert stretches([900, 600, 300, 0]) == [[3, 2, 1, 0]]
    assert in_order(np.array([900, 600, 300, 0])).unordered.size == 0


def test_shuffled_readings_are_sorted_and_told() -> None:
    times = np.random.default_rng(0).permutation(200) * 300
    order = in_order(times)
    assert times[order.stretches[0]].tolist() == sorted(times)
    assert order.unordered.size > 50


def test_files_joined_in_the_wrong_order_are_sorted() -> None:
    times = [*range(6000, 9000, 300), *range(0, 3000, 300)]
    order = in_order(np.array(times))
    assert np.array(times)[order.stretches[0]].tolist() == sorted(times)
    assert order.unordered.tolist() == [10]
    assert not order.backwards.size


def test_an_hour_that_comes_twice_begins_a_new_stretch() -> None:
    first = list(range(0, 3 * HOUR, 300))
    again = [t - HOUR for t in range(3 * HOUR, 6 * HOUR, 300)]
    order = in_order(np.array(first + again))
    assert [len(own) for own in order.stretches] == [36, 36]
    assert order.repeated.tolist() == [36]
    assert not order.backwards.size


def test_a_clock_set_back_further_is_told_as_such() -> None:
    times = [*range(0, 20 * HOUR, 300), *range(5 * HOUR, 25 * HOUR, 300)]
    order = in_order(np.array(times))
    assert [len(own) for own in order.stretches] == [240, 240]
    assert order.backwards.tolist() == [240]


def test_a_reading_out_of_place_beside_such_a_jump_is_sorted_in() -> None:
    times = [*range(0, 20 * HOUR, 300), *range(5 * HOUR, 25 * HOUR, 300)]
    times[10], times[11] = times[11], times[10]
    order = in_order(np.array(times))
    assert order.stretches[0][:13].tolist() == [*range(10), 11, 10, 12]
    assert order.unordered.tolist() == [11]
