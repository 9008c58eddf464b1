"""Hand-made features: finite, stable in number, and sensitive to what they are named for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bedside.modalities.image_features import PERCENTILES, describe_images

HOG = 900
TEXTURE = 2 * 5 * 2 + 10


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("side", [16, 28, 128, 200])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_number_of_features_depends_on_channels_only(side, channels):
    features = describe_images(noise(2, channels, side, side + 3))
    assert features.dtype == np.float32
    assert features.shape == (2, HOG + 4 + len(PERCENTILES) + TEXTURE + (6 if channels == 3 else 0))
    assert np.isfinite(features).all()


@pytest.mark.parametrize("level", [0, 9, 255])
@pytest.mark.parametrize("channels", [1, 3])
def test_constant_images_are_finite(level, channels):
    features = describe_images(np.full((2, channels, 28, 28), level, np.uint8))
    assert np.isfinite(features).all()
    assert features[0, HOG] == pytest.approx(level / 255, abs=1e-6)


def test_bytes_and_floats_give_the_same():
    images = noise(3, 1, 28, 28)
    np.testing.assert_allclose(
        describe_images(images), describe_images((images / 255).astype(np.float32)), atol=1e-4
    )


def test_intensity_against_scipy():
    images = noise(1, 1, 40, 40) // 2
    unit = images.ravel() / 255
    found = describe_images(images)[0, HOG : HOG + 4 + len(PERCENTILES)]
    expected = [unit.mean(), unit.std(), stats.skew(unit), stats.kurtosis(unit)]
    np.testing.assert_allclose(found[:4], expected, atol=1e-4)
    np.testing.assert_allclose(found[4:], np.percentile(unit, PERCENTILES), atol=1e-5)


def test_a_batch_equals_its_images_one_by_one():
    images = noise(3, 1, 28, 28)
    one_by_one = np.concatenate([describe_images(images[n : n + 1]) for n in range(3)])
    np.testing.assert_array_equal(describe_images(images), one_by_one)


def test_gradients_tell_stripes_apart_and_texture_tells_noise_from_smooth():
    stripes = np.tile(np.array([0, 0, 0, 0, 255, 255, 255, 255], np.uint8), (64, 8))
    both = describe_images(np.stack([stripes, stripes.T])[:, None])
    assert np.abs(both[0, :HOG] - both[1, :HOG]).max() > 0.1
    np.testing.assert_allclose(both[0, HOG : HOG + 2], both[1, HOG : HOG + 2], atol=1e-5)
    ramp = np.tile(np.linspace(0, 255, 64).astype(np.uint8), (64, 1))
    rough, smooth = describe_images(np.stack([noise(64, 64), ramp])[:, None])
    contrast = HOG + 4 + len(PERCENTILES)
    assert rough[contrast] > 10 * smooth[contrast]


def test_colour_means_close_the_row():
    images = np.zeros((1, 3, 28, 28), np.uint8)
    images[0, 0], images[0, 2] = 255, 51
    np.testing.assert_allclose(describe_images(images)[0, -6:], [1, 0, 0.2, 0, 0, 0], atol=1e-6)
