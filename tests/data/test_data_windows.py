"""Windows that are looked up: the same as windows that are cut, at a few bytes each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bedside.data.windows import Clock, Picked, Windows
from bedside.training.loader import fingerprint

STARTS = np.array([0, 3, 4, 11, 2])


@pytest.fixture(params=["one channel", "two channels", "on disk"])
def points(request: pytest.FixtureRequest, tmp_path: Path) -> np.ndarray:
    made = np.arange(40, dtype=np.float32)
    if request.param == "two channels":
        return np.stack([made, -made], axis=1)
    if request.param == "on disk":
        np.save(tmp_path / "points.npy", made)
        return np.load(tmp_path / "points.npy", mmap_mode="r")
    return made


@pytest.mark.parametrize("rows", [slice(1, 4), slice(None), np.array([4, 0, 4]), slice(0, 0)])
def test_windows_are_stretches_of_the_points(points: np.ndarray, rows: slice | np.ndarray) -> None:
    windows = Windows(points, STARTS, 6, offset=2)
    wanted = np.stack([points[s + 2 : s + 8].T for s in STARTS])[rows]
    assert np.array_equal(windows[rows], wanted)
    assert windows[rows].flags.c_contiguous
    assert windows.shape == (5, *points.shape[1:], 6)
    assert windows.dtype == np.float32
    assert len(windows) == 5


def test_picked_points_and_clocks() -> None:
    values = np.arange(40) * 10
    assert Picked(values, STARTS, offset=1)[1:3].tolist() == [40, 50]
    assert Picked(np.stack([values, values], 1), STARTS).shape == (5, 2)
    zeros, segments = np.array([600, 9000 - 10 * 5]), np.array([0, 0, 0, 1, 0])
    clock = Clock(zeros, segments, STARTS, offset=2, every_minutes=5)
    assert clock[:].tolist() == [610, 625, 630, 9015, 620]
    assert clock.shape == (5,)


def test_what_is_looked_up_is_a_copy() -> None:
    points = np.zeros(10)
    for rows in (Windows(points, STARTS[:3], 2), Picked(points, STARTS[:3])):
        rows[np.array([0, 1])][:] = 7
        rows[0:2][:] = 7
    assert not points.any()


def test_windows_are_named_by_their_places_and_the_points_they_cover() -> None:
    points = np.random.default_rng(0).normal(size=60)
    name = fingerprint({"x": Windows(points, STARTS, 6)})
    other = points.copy()
    other[30:] = 0  # no window reaches so far
    assert fingerprint({"x": Windows(other, STARTS, 6)}) == name
    other[16] = 0
    assert fingerprint({"x": Windows(other, STARTS, 6)}) != name
    assert fingerprint({"x": Windows(points, STARTS + 1, 6)}) != name
    assert fingerprint({"x": Windows(points, STARTS, 7)}) != name


def test_a_million_windows_cost_megabytes() -> None:
    points = np.zeros(1_000_200, dtype=np.float32)
    starts = np.arange(1_000_000, dtype=np.int64)
    windows = Windows(points, starts, 144)
    assert windows.starts.nbytes + windows.points.nbytes < 13e6
    assert windows[np.array([0, 999_999])].shape == (2, 144)
