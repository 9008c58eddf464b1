"""Readings on a grid: gaps, straight lines, what is known, what hangs on what."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.data.series import Channel, Grid, Series, Stretch, ahead_of, cut

GRID = Grid(5, 15, 1, (Channel("gl"),))
FULL = Grid(5, 15, 1, (Channel("gl"), Channel("pulse"), Channel("carbs", how="summed")))
NAN = np.nan


def stretch(minutes: list[int], values: list[object], codes: list[int] | None = None) -> Stretch:
    cells = np.array(values, dtype=float)
    marks = None if codes is None else np.array(codes, dtype=np.int8)
    return Stretch(np.array(minutes), cells if cells.ndim == 2 else cells[:, None], marks)


def test_readings_between_points_are_joined_by_straight_lines() -> None:
    (segment,) = cut(stretch([100, 104, 112], [100, 108, 140]), GRID)
    assert segment.first_minute == 100
    assert segment.values[:, 0].tolist() == [100.0, 112.0, 132.0]
    assert segment.observed.tolist() == [True, True, True]  # 110 lies two minutes from 112
    assert segment.reach.tolist() == [0, 7, 2]


def test_a_gap_ends_a_segment_and_a_shorter_one_is_filled_and_not_known() -> None:
    first, second = cut(stretch([0, 5, 20, 36, 41], [90, 100, 130, 80, 85]), GRID)
    assert first.values[:, 0].tolist() == [90, 100, 110, 120, 130]
    assert first.observed.tolist() == [True, True, False, False, True]
    assert first.reach.tolist() == [0, 0, 10, 5, 0]
    assert (second.first_minute, second.values[:, 0].tolist()) == (36, [80, 85])


def test_later_readings_do_not_move_earlier_points() -> None:
    (early,) = cut(stretch([3, 8, 13], [1, 2, 3]), GRID)
    (longer,) = cut(stretch([3, 8, 13, 19, 26], [1, 2, 3, 9, 9]), GRID)
    assert np.array_equal(longer.values[:3], early.values)


def test_now_the_grid_ends_at_the_last_reading() -> None:
    (segment,) = cut(stretch([0, 5, 13], [100, 105, 113]), GRID, to_last=True)
    assert segment.first_minute == 3
    assert segment.values[:, 0].tolist() == [103, 108, 113]


def test_several_readings_in_a_minute_are_their_mean() -> None:
    (segment,) = cut(stretch([0, 5, 5, 10], [100, 90, 110, 120], [0, 0, 1, 2]), GRID)
    assert segment.values[:, 0].tolist() == [100, 100, 120]
    assert segment.codes is not None
    assert segment.codes.tolist() == [0, 1, 2]


def test_what_lies_beside_is_interpolated_where_readings_are_near() -> None:
    rows = [[100, 60, NAN], [NAN, NAN, 30], [101, NAN, NAN], [102, 80, 5], [103, NAN, NAN]]
    (segment,) = cut(stretch([0, 3, 5, 10, 15], rows), FULL)
    assert segment.values[:, 0].tolist() == [100, 101, 102, 103]
    assert segment.values[:3, 1].tolist() == [60, 70, 80]
    assert np.isnan(segment.values[3, 1])
    assert segment.values[:, 2].tolist() == [0, 30, 5, 0]


def test_amounts_are_summed_up_to_each_point() -> None:
    rows = [[1, NAN, NAN], [NAN, NAN, 1], [NAN, NAN, 2], [1, NAN, 4], [1, NAN, NAN], [NAN, NAN, 8]]
    (segment,) = cut(stretch([10, 11, 15, 16, 20, 23], rows), FULL)
    assert segment.values[:, 2].tolist() == [0, 3, 4]
    coming = ahead_of(segment, stretch([10, 11, 15, 16, 20, 23], rows), FULL, steps=2)
    assert coming[:, 2].tolist() == [8, 0]
    assert np.isnan(coming[:, :2]).all()


def test_segments_stand_end_to_end() -> None:
    pieces = [*cut(stretch([0, 5, 10, 60, 65], [1, 2, 3, 4, 5]), GRID)]
    series = Series.joined(pieces, GRID)
    assert series.values[:, 0].tolist() == [1, 2, 3, 4, 5]
    assert series.begins.tolist() == [0, 3, 5]
    assert series.lengths.tolist() == [3, 2]
    assert series.minutes.tolist() == [0, 60]
    assert series.rows(1) == slice(3, 5)
    assert len(Series.joined([], GRID)) == 0


def test_nothing_to_cut_gives_no_segment() -> None:
    assert list(cut(stretch([0, 5], [NAN, NAN]), GRID)) == []


@pytest.mark.parametrize("every", [1, 5, 15])
def test_a_reading_on_the_grid_stays_as_it_is(every: int) -> None:
    minutes = np.arange(0, 120, every)
    values = np.random.default_rng(every).normal(size=len(minutes)).astype(np.float32)
    grid = Grid(every, 2 * every, 1, (Channel("gl"),))
    (segment,) = cut(Stretch(minutes, values[:, None].astype(float)), grid)
    assert np.array_equal(segment.values[:, 0], values)
    assert segment.observed.all()
    assert not segment.reach.any()
