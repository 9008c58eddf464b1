"""A known window must be found again, whatever the brightness."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from bedside.audit.alignment import align, normalised, warp

from .cohorts import alike_pictures

NOWHERE = np.zeros((1, 4), np.float32)


def test_warp_is_bilinear_sampling():
    picture = alike_pictures(1, side=32)[0].astype(np.float32)
    settings = np.array([[-0.06, 0.04, 0.03, -0.05]], np.float32)
    grid = (np.arange(32) + 0.5) * 2 / 32 - 1
    down = np.clip((0.94 * grid + 0.03) * 16 + 15.5, 0, 31)
    across = np.clip((1.04 * grid - 0.05) * 16 + 15.5, 0, 31)
    expected = map_coordinates(picture, np.meshgrid(down, across, indexing="ij"), order=1)
    assert np.allclose(warp(picture[None], settings)[0], expected, atol=1e-3)
    assert np.allclose(warp(picture[None], NOWHERE)[0], picture, atol=1e-4)


@pytest.mark.parametrize("wanted", [(-0.05, -0.05, 0.03, -0.04), (-0.08, -0.02, 0.0, 0.05)])
def test_a_window_is_found_again(wanted):
    picture = alike_pictures(1, side=48, seed=3).astype(np.float32)
    wanted = np.array([wanted], np.float32)
    window = 1.2 * warp(picture, wanted) - 20
    found = align(picture, window, start=NOWHERE)
    assert np.abs(found - wanted).max() < 0.01


def test_normalised_leaves_a_flat_picture_flat():
    flat = np.full((1, 8, 8), 7.0, np.float32)
    assert np.array_equal(normalised(flat), np.zeros((1, 8, 8)))
    own = normalised(alike_pictures(2).astype(np.float32))
    assert np.allclose(own.mean(axis=(1, 2)), 0, atol=1e-5)
    assert np.allclose(own.std(axis=(1, 2)), 1, atol=1e-4)
