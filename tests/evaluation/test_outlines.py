"""Metrics of outlined structures, with hand-worked cases."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from bedside.data.packed_mask import as_masks, pack
from bedside.errors import DataError
from bedside.evaluation.kinds import Answers, kind_of
from bedside.evaluation.outlines import Outlines, compare_masks
from bedside.evaluation.scoring import score
from bedside.schema import Prediction, Targets

SPACING = (2.0, 1.0, 0.5)


def box(*slices: slice, label: int = 1, shape: tuple[int, ...] = (10, 12, 16)) -> Any:
    found = np.zeros(shape, np.uint8)
    found[slices] = label
    return found


def answers(truth: list[Any], said: list[Any], *, known: list[bool] | None = None) -> Answers:
    targets = Targets(
        {
            "truth": as_masks([pack(t, SPACING) for t in truth]),
            "known": np.array([[k] for k in known or [True] * len(truth)]),
        },
        ("kidney", "tumour"),
        "mask",
        {"labels": {"kidney": 1, "tumour": 2}},
    )
    prediction = Prediction({"mask": as_masks([pack(s, SPACING) for s in said])}, targets.names)
    return Answers(targets, prediction, np.arange(len(truth)), np.arange(len(truth)))


def test_two_boxes_worked_by_hand() -> None:
    one = box(slice(2, 6), slice(3, 7), slice(4, 8))  # 64 voxels
    other = box(slice(3, 7), slice(3, 7), slice(4, 8))  # a slice of 2 mm higher
    dice, _, hd95, mean, error, bias = compare_masks(pack(one, SPACING), pack(other, SPACING), 1)[0]
    assert dice == pytest.approx(2 * 48 / 128)
    assert hd95 == pytest.approx(2.0)  # the whole bottom and top of the boxes lie 2 mm apart
    assert 0 < mean < 2
    assert error == bias == 0


def test_a_shell_around_a_box_lies_as_far_as_its_voxels() -> None:
    one = box(slice(3, 7), slice(4, 8), slice(6, 10))
    other = box(slice(2, 8), slice(3, 9), slice(5, 11))
    _, _, _, mean, error, bias = compare_masks(pack(one, SPACING), pack(other, SPACING), 1)[0]
    assert 0.5 < mean < 2.0
    assert bias == error == pytest.approx((6 * 6 * 6 - 4 * 4 * 4) * 1.0 / 1000)
    assert compare_masks(pack(other, SPACING), pack(one, SPACING), 1)[0][5] == -bias


def test_a_missing_structure_is_never_dropped() -> None:
    empty, some = box(slice(0, 0)), box(slice(2, 4), slice(2, 4), slice(2, 4))
    far = math.dist((0, 0, 0), (20, 12, 8))
    for truth, said in ((some, empty), (empty, some)):
        dice, surface, hd95, mean, error, _ = compare_masks(
            pack(truth, SPACING), pack(said, SPACING), 1
        )[0]
        assert (dice, surface, hd95, mean) == (0, 0, pytest.approx(far), pytest.approx(far))
        assert error == pytest.approx(0.008)
    nothing = compare_masks(pack(empty, SPACING), pack(empty, SPACING), 1)[0]
    assert np.isnan(nothing).all()


def test_means_are_over_cases_and_structures() -> None:
    both = box(slice(2, 4), slice(2, 4), slice(2, 4)) + box(
        slice(6, 8), slice(6, 8), slice(6, 8), label=2
    )
    half = box(slice(2, 4), slice(2, 4), slice(2, 4))
    own = answers([both, both, both], [both, half, half], known=[True, True, False])
    one_lacks = box(slice(6, 8), slice(6, 8), slice(6, 8), label=2)
    absent = answers([one_lacks, both], [one_lacks, half])
    mean = kind_of(absent.targets).measurer(absent)(np.ones((1, 2)))
    assert (mean["dice_kidney"], mean["dice_tumour"], mean["dice"]) == (1, 0.5, 0.75)
    found = kind_of(own.targets).measurer(own)(np.array([[1.0, 1, 1], [1, 0, 5], [0, 2, 1]]))
    assert found["dice_kidney"].tolist() == [1, 1, 1]
    assert found["dice_tumour"].tolist() == [0.5, 1, 0]
    assert found["dice"].tolist() == [0.75, 1, 0.5]
    assert Outlines.of(own).rows.tolist() == [0, 1]
    brief = kind_of(own.targets).measurer(own, metrics=("dice",), brief=True)(np.ones((1, 3)))
    assert list(brief) == ["dice"]


def test_scores_have_intervals_and_perfect_ones_are_not_certain() -> None:
    rng = np.random.default_rng(0)
    truth = [box(slice(2, 6), slice(2, 6), slice(2, 6)) for _ in range(12)]
    said = [box(slice(2, 6 + int(n)), slice(2, 6), slice(2, 6)) for n in rng.integers(0, 4, 12)]
    table = score(answers(truth, said), replicates=100, seed=1).table
    assert (
        table["dice_kidney"]["low"] < table["dice_kidney"]["value"] < table["dice_kidney"]["high"]
    )
    perfect = score(answers(truth, truth), replicates=100, seed=1).table["dice"]
    assert (perfect["value"], perfect["high"]) == (1, 1)
    assert 0.6 < perfect["low"] < 0.8  # 12 patients, none wrong: up to 26 % may be


def test_masks_on_another_grid_are_refused() -> None:
    own = answers([box(slice(2, 4))], [box(slice(2, 4), shape=(10, 12, 15))])
    with pytest.raises(
        DataError, match="expected masks on the grids of their volumes, got 1 on an"
    ):
        kind_of(own.targets).check(own)
    nothing = answers([box(slice(2, 4))], [box(slice(2, 4))], known=[False])
    with pytest.raises(DataError, match="expected cases with a mask, got 1 cases, none of them"):
        kind_of(nothing.targets).check(nothing)
