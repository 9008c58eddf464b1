"""Resampling keeps range, mean and places; cutting and filling keep the middle."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.modalities.volume_grid import fitted, resampled, three_planes


def test_a_ramp_stays_a_ramp() -> None:
    ramp = np.broadcast_to(np.arange(16, dtype=np.float32)[:, None, None], (16, 6, 5)).copy()
    twice = resampled(ramp, (32, 6, 5))[:, 3, 2]
    assert twice[2:-2] == pytest.approx(np.arange(32)[2:-2] / 2 - 0.25, abs=1e-5)
    half = resampled(ramp, (8, 6, 5))[:, 3, 2]
    assert half[1:-1] == pytest.approx(np.arange(8)[1:-1] * 2 + 0.5, abs=0.05)


def test_it_never_leaves_the_range_and_shrinking_averages(rng: np.random.Generator) -> None:
    noise = rng.integers(0, 2, (24, 24, 24)).astype(np.float32)
    small = resampled(noise, (6, 6, 6))
    assert small.min() >= 0
    assert small.max() <= 1
    assert small.std() < noise.std() / 3
    assert small.mean() == pytest.approx(noise.mean(), abs=0.03)


def test_eight_bits_stay_and_channels_go_alone(rng: np.random.Generator) -> None:
    two = rng.integers(0, 256, (5, 6, 7, 2), dtype=np.uint8)
    found = resampled(two, (8, 8, 8))
    assert (found.dtype, found.shape) == (np.uint8, (8, 8, 8, 2))
    assert np.array_equal(found[..., 1], resampled(two[..., 1], (8, 8, 8)))


def test_fitting_cuts_and_fills_about_the_middle() -> None:
    values = np.full((4, 9, 3), 5.0)
    values[1, 4, 1] = 9
    found = fitted(values, (8, 5, 3))
    assert found.shape == (8, 5, 3)
    assert found[3, 2, 1] == 9
    assert found.min() == 5


def test_planes_of_unequal_sides_stand_side_by_side() -> None:
    values = np.zeros((4, 6, 8), np.float32)
    values[2, 5, 7] = 1  # front and right
    picture = three_planes(values)
    assert picture.shape == (6, 8 + 8 + 6)
    assert picture[0, 0] == 255, "the front is up, and the person's right on the left, in axial"
    values = np.zeros((4, 6, 8), np.float32)
    values[3, 3, 7], values[3, 5, 4] = 1, 1
    assert three_planes(values)[1, 8] == 255, "head up, right on the left, in coronal"
    assert three_planes(values)[1, 16] == 255, "head up, front on the left, in sagittal"
    assert three_planes(np.full((4, 6, 8), 3.0)).max() == 0
