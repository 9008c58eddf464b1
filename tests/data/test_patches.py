"""Boxes out of volumes of unequal size, drawn from a number alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bedside.data.patches import (
    PER_CASE,
    Patches,
    cut,
    draw_places,
    spread_places,
    spread_starts,
)
from bedside.data.ragged import Ragged, write_arrays
from bedside.training.loader import fingerprint

SHAPES = [(10, 12, 9), (30, 20, 25), (6, 40, 8)]
SIZE = (8, 10, 8)


@pytest.fixture
def masks() -> Ragged:
    """Three masks; the second holds a tiny structure in a corner, the third none."""
    found = [np.zeros(shape, np.uint8) for shape in SHAPES]
    found[0][4:7, 5:8, 3:6] = 1
    found[1][2:20, 2:15, 2:20] = 1
    found[1][27, 18, 23] = 2
    return Ragged(found)


@pytest.fixture
def volumes() -> Ragged:
    """Volumes whose voxels say where they are."""
    return Ragged([np.arange(np.prod(s), dtype=np.float32).reshape(1, *s) for s in SHAPES])


def test_rows_of_unequal_arrays_are_looked_up(volumes: Ragged, tmp_path: Path) -> None:
    stored = write_arrays(tmp_path / "v.bin", [volumes.one(row) for row in range(3)])
    for rows in (volumes, stored):
        assert (len(rows), rows.shape, rows.dtype) == (3, (3,), np.dtype(object))
        assert [a.shape[1:] for a in rows[np.array([2, 0])]] == [SHAPES[2], SHAPES[0]]
    assert all(np.array_equal(a, b) for a, b in zip(volumes[:], stored[:], strict=True))
    assert fingerprint({"v": volumes}) == fingerprint({"v": stored})
    other = Ragged([volumes.one(0), volumes.one(1) + 1, volumes.one(2)])
    assert fingerprint({"v": other}) != fingerprint({"v": stored})


def test_no_array_is_no_row(tmp_path: Path) -> None:
    assert len(write_arrays(tmp_path / "v.bin", [])) == 0


def test_outside_a_volume_its_last_voxels_go_on() -> None:
    line = np.arange(4.0).reshape(4, 1, 1)
    assert cut(line, (-2, 0, 0), (8, 1, 1))[:, 0, 0].tolist() == [0, 0, 0, 1, 2, 3, 3, 3]
    assert cut(line, (1, -1, 0), (2, 2, 1)).tolist() == [[[1], [1]], [[2], [2]]]


@pytest.mark.parametrize(
    ("length", "size", "step", "expected"),
    [(10, 10, 5, [0]), (6, 10, 5, [-2]), (20, 10, 5, [0, 5, 10]), (21, 10, 5, [0, 4, 7, 11])],
)
def test_starts_cover_an_axis(length: int, size: int, step: int, expected: list[int]) -> None:
    assert spread_starts(length, size, step=step) == expected


def test_volume_and_mask_are_cut_alike_and_again_alike(volumes: Ragged, masks: Ragged) -> None:
    places = draw_places(masks, SIZE, seed=5)
    values, labels = (
        Patches(volumes, places, dtype="float32"),
        Patches(masks, places, dtype="uint8"),
    )
    assert values.shape == (3 * PER_CASE, 1, *SIZE)
    assert labels.shape == (3 * PER_CASE, *SIZE)
    for row in (0, 1, 2, 100, 3 * PER_CASE - 1):
        case, start = places.at(row)
        expected = cut(masks.one(case), start, SIZE)
        assert np.array_equal(labels[row : row + 1][0], expected)
        assert np.array_equal(values[np.array([row])][0], cut(volumes.one(case), start, SIZE))
    again = Patches(masks, draw_places(masks, SIZE, seed=5), dtype="uint8")
    other = Patches(masks, draw_places(masks, SIZE, seed=6), dtype="uint8")
    rows = np.arange(40)
    assert np.array_equal(labels[rows], again[rows])
    assert not np.array_equal(labels[rows], other[rows])
    assert fingerprint({"m": labels}) == fingerprint({"m": again}) != fingerprint({"m": other})


def test_a_rare_structure_is_seen_as_often_as_a_large_one(masks: Ragged) -> None:
    labels = Patches(masks, draw_places(masks, SIZE, seed=1), dtype="uint8")
    own = labels[np.arange(1, 3 * 300, 3)]  # of the second volume
    with_it = (own == 2).any(axis=(1, 2, 3)).mean()
    middle = (own[:, 3:6, 4:7, 3:6] == 1).any(axis=(1, 2, 3)).mean()
    assert 1 / 6 - 0.05 < with_it < 0.3  # a third of all patches, half of them on this one
    assert middle > 0.5


def test_patches_that_are_measured_cover_every_voxel_once_at_least(masks: Ragged) -> None:
    places = spread_places(masks, SIZE)
    seen = [np.zeros(shape, int) for shape in SHAPES]
    for row in range(len(places)):
        case, start = places.at(row)
        low = [max(0, s) for s in start]
        high = [min(n, s + p) for n, s, p in zip(SHAPES[case], start, SIZE, strict=True)]
        seen[case][tuple(slice(a, b) for a, b in zip(low, high, strict=True))] += 1
    assert all((each > 0).all() for each in seen)
    assert len(places) == 2 * 2 * 2 + 4 * 2 * 4 + 4
