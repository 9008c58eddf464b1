"""Features of volumes tell what they are named for."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.modalities.volume_features import describe_volumes


def ball(radius: float, *, stretch: float = 1.0) -> np.ndarray:
    places = (np.indices((24, 24, 24)) - 11.5) / np.array([stretch, 1, 1])[:, None, None, None]
    return (np.square(places).sum(axis=0) < radius**2).astype(np.uint8)[None] * 255


def test_share_and_axes_are_those_of_the_body() -> None:
    round_one, long_one = describe_volumes(np.stack([ball(6), ball(5, stretch=2)]))
    extent = slice(17, 27)
    share, *rest = round_one[extent]
    assert share == pytest.approx((ball(6) > 0).mean())
    assert rest[:3] == pytest.approx([0.479] * 3, abs=0.01)  # the centre
    assert rest[3:6] == pytest.approx([6 / 24 / np.sqrt(5)] * 3, rel=0.05)  # of a solid ball
    assert long_one[extent][4] == pytest.approx(2 * long_one[extent][5], rel=0.1)


def test_flat_and_tiny_volumes_are_finite() -> None:
    found = describe_volumes(np.zeros((2, 2, 8, 8, 8), np.uint8))
    assert found.shape == (2, 2 * (11 + 6 + 10 + 216))
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
