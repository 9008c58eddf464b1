"""Telling two places apart: where there is a difference, where there is none."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from bedside.audit.two_samples import describe_looks, tell_apart

from .cohorts import alike_pictures


def test_a_difference_is_found_and_its_interval_holds_it():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(600, 5))
    place = np.arange(600) < 200
    features[place, 0] += 1.0
    seen = tell_apart(features, place, np.arange(600), seed=0)
    assert seen.low < 0.7603 < seen.high  # Phi(1 / sqrt 2) for one deviation
    assert seen.auroc == pytest.approx(0.76, abs=0.04)


def test_no_difference_is_a_coin_toss():
    rng = np.random.default_rng(1)
    inside = 0
    for seed in range(20):
        features = rng.normal(size=(300, 10))
        seen = tell_apart(features, np.arange(300) < 100, np.arange(300), seed=seed)
        inside += seen.low <= 0.5 <= seen.high
    assert inside >= 16


def test_one_person_counts_once():
    """Two people with 100 like exams each at one place must not look like a shift."""
    rng = np.random.default_rng(2)
    heavy = np.repeat([[3.0] * 4, [-3.0] * 4], 100, axis=0)
    features = np.concatenate([rng.normal(size=(60, 4)), heavy])
    place = np.arange(260) >= 30
    groups = np.concatenate([np.arange(60), np.repeat([60, 61], 100)])
    seen = tell_apart(features, place, groups, seed=0)
    assert seen.low <= 0.5
    assert seen.high - seen.low > 0.2


def test_too_few_say_nothing():
    features = np.random.default_rng(0).normal(size=(50, 3))
    assert tell_apart(features, np.arange(50) < 9, np.arange(50), seed=0) is None


def test_looks_follow_brightness_contrast_and_blur():
    pictures = alike_pictures(20).astype(np.float32) / 255
    plain = describe_looks(pictures)
    assert plain.shape == (20, 14)
    assert np.isfinite(plain).all()
    brighter = describe_looks(pictures * 0.5 + 0.25)
    assert np.allclose(brighter[:, 0], plain[:, 0] * 0.5 + 0.25, atol=1e-6)
    assert np.allclose(brighter[:, 1], plain[:, 1] * 0.5, atol=1e-6)
    blurred = describe_looks(gaussian_filter(pictures, (0, 1, 1)))
    assert (blurred[:, -1] < plain[:, -1]).all()
