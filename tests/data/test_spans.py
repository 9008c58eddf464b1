"""Parts of series: nothing that is learnt can hang on what comes later."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bedside.data.series import Channel, Grid, Segment, Series
from bedside.data.spans import (
    Whose,
    part_of_segments,
    spans_as_given,
    spans_by_segment,
    spans_within_patients,
)
from bedside.errors import DataError, LeakageError
from bedside.study import SplitSection

GRID = Grid(5, 30, 1, (Channel("gl"),))


def whose(lengths: list[int], owners: list[int], *, reach: int = 0, codes: object = None) -> Whose:
    pieces = [
        Segment(
            first_minute=1000 * n,
            values=np.zeros((length, 1), np.float32),
            observed=np.ones(length, bool),
            reach=np.full(length, reach, np.uint16),
        )
        for n, length in enumerate(lengths)
    ]
    series = Series.joined(pieces, GRID)
    if codes is not None:
        series = replace(series, codes=np.array(codes, dtype=np.int8))
    names = np.array([f"p{owner}" for owner in owners])
    return Whose(series, np.array(owners), names)


def section(**words: object) -> SplitSection:
    return SplitSection.model_validate({"by": "time_within_patient", **words})


def test_the_latest_share_of_each_patients_time_is_test() -> None:
    spans, notes = spans_within_patients(
        whose([60, 40, 20], [0, 0, 1]), section(validation=0.2, test=0.1)
    )
    assert spans["train"].tolist() == [[0, 0, 60], [1, 0, 10], [2, 0, 14]]
    assert spans["validation"].tolist() == [[1, 10, 30], [2, 14, 18]]
    assert spans["test"].tolist() == [[1, 30, 40], [2, 18, 20]]
    assert "held_out_patients" not in spans
    assert notes == (
        "Split by time within patients: 2 patients of the test part are in the training part, "
        "too, with earlier readings. Forecasts at the beginning of a part look back on readings "
        "of the part before; what is forecast never lies in two parts.",
    )


def test_training_ends_before_the_first_point_that_hangs_on_a_later_reading() -> None:
    ground = whose([100], [0])
    reach = np.zeros(100, np.uint16)
    reach[67:71] = [20, 15, 10, 5]  # a gap from point 66 to point 71, over the edge at 70
    ground = replace(ground, series=replace(ground.series, reach=reach))
    spans, _ = spans_within_patients(ground, section(validation=0.2, test=0.1))
    assert spans["train"].tolist() == [[0, 0, 67]]
    assert spans["validation"].tolist() == [[0, 70, 90]]
    reach[67:71] = [15, 10, 5, 0]  # the gap ends at point 70, the first of validation
    spans, _ = spans_within_patients(ground, section(validation=0.2, test=0.1))
    assert spans["train"].tolist() == [[0, 0, 67]]
    reach[67:71] = [10, 5, 0, 0]
    spans, _ = spans_within_patients(ground, section(validation=0.2, test=0.1))
    assert spans["train"].tolist() == [[0, 0, 70]]


def test_held_out_patients_are_drawn_by_name_whatever_the_rows_order() -> None:
    ground = whose([30] * 6, list(range(6)))
    spans, notes = spans_within_patients(ground, section(held_out_patients=0.3, seed=4))
    held = {f"p{ground.patients[row]}" for row in spans["held_out_patients"][:, 0]}
    assert len(held) == 2
    assert notes[1] == "2 patients were held out whole, as a further test part."
    order = np.array([5, 2, 0, 4, 1, 3])
    turned = Whose(ground.series, np.arange(6), ground.names[order])
    again, _ = spans_within_patients(turned, section(held_out_patients=0.3, seed=4))
    assert {turned.names[row] for row in again["held_out_patients"][:, 0]} == held
    inside = {part: set(again[part][:, 0]) for part in ("train", "validation", "test")}
    assert not inside["train"] & set(again["held_out_patients"][:, 0])


def test_nobody_left_to_train_on_is_refused() -> None:
    with pytest.raises(DataError) as error:
        spans_within_patients(whose([50], [0]), section(held_out_patients=0.1))
    assert str(error.value) == (
        "split.held_out_patients: expected patients left to train on, got 1 of 1 held out. "
        "Lower it, or leave it out."
    )


def test_given_parts_of_readings_are_taken_as_they_are() -> None:
    codes = [0] * 10 + [1] * 5 + [2] * 5 + [-1] * 4 + [2] * 6 + [3] * 7
    ground = whose([20, 10, 7], [0, 0, 1], codes=codes)
    spans, _ = spans_as_given(ground, section(column="part"))
    assert spans["train"].tolist() == [[0, 0, 10]]
    assert spans["validation"].tolist() == [[0, 10, 15]]
    assert spans["test"].tolist() == [[0, 15, 20], [1, 4, 10]]
    assert spans["held_out_patients"].tolist() == [[2, 0, 7]]


def test_a_run_of_one_part_ends_with_its_segment() -> None:
    ground = whose([6, 6, 4, 4], [0, 0, 0, 0], codes=[0] * 12 + [1] * 4 + [2] * 4)
    spans, _ = spans_as_given(ground, section(column="part"))
    assert spans["train"].tolist() == [[0, 0, 6], [1, 0, 6]]


def test_given_parts_that_leak_or_lack_are_refused() -> None:
    torn = whose([10, 10], [0, 0], codes=[0] * 8 + [1] * 6 + [2] * 4 + [3] * 2)
    with pytest.raises(LeakageError, match="each held-out patient in that part alone, got 1"):
        spans_as_given(torn, section(column="part"))
    mixed = whose([10, 10], [0, 1], codes=[0] * 5 + [1] * 5 + [2] * 10)
    with pytest.raises(LeakageError) as error:
        spans_as_given(mixed, SplitSection(column="part"))
    assert str(error.value) == (
        "split.column: expected each patient in one part, got 1 patient in more. "
        "Correct the column, or write split.by: time_within_patient."
    )
    with pytest.raises(DataError, match="got none of validation"):
        spans_as_given(whose([8], [0], codes=[0] * 4 + [2] * 4), section(column="part"))


def test_whole_segments_belong_to_one_part() -> None:
    ground = whose([5, 6, 7], [0, 1, 2])
    spans = spans_by_segment(ground, np.array(["test", "train", "validation"]))
    assert {part: own.tolist() for part, own in spans.items()} == {
        "train": [[1, 0, 6]], "validation": [[2, 0, 7]], "test": [[0, 0, 5]],
    }  # fmt: skip


def test_the_part_of_a_segment_is_that_of_most_of_it() -> None:
    spans = {"train": np.array([[0, 0, 6], [1, 0, 2]]), "test": np.array([[1, 2, 9]])}
    assert part_of_segments(spans, 3).tolist() == ["train", "test", ""]
