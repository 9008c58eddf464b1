"""Resampled masks hold whole structures at the right place, and no label in between."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.modalities.mask_grid import resampled_labels, size_at
from bedside.modalities.volume_grid import resampled


def two_blocks() -> np.ndarray:
    labels = np.zeros((12, 12, 12), np.uint8)
    labels[2:6, 2:10, 2:10] = 1
    labels[6:10, 2:10, 2:10] = 7
    return labels


@pytest.mark.parametrize("rule", ["linear", "nearest"])
def test_finer_and_coarser_grids_keep_labels_and_volumes(rule: str) -> None:
    labels = two_blocks()
    assert resampled_labels(labels, (12, 12, 12), rule=rule) is labels
    for size in ((24, 36, 24), (6, 6, 6)):
        found = resampled_labels(labels, size, rule=rule)
        assert found.shape == size
        assert set(np.unique(found)) == {0, 1, 7}
        share = np.prod(size) / labels.size
        for number in (1, 7):
            whole = (labels == number).sum() * share
            rounded = 0.03 if rule == "linear" else 1e-9  # the corners of a block
            assert (found == number).sum() == pytest.approx(whole, rel=rounded)


def test_labels_move_as_their_volume_does() -> None:
    labels = (two_blocks() > 0).astype(np.uint8)
    size = (9, 17, 30)
    volume = resampled(labels.astype(np.float32), size)
    assert np.array_equal(resampled_labels(labels, size), (volume > 0.5).astype(np.uint8))
    near = resampled_labels(labels, size, rule="nearest")
    assert (near != resampled_labels(labels, size)).mean() < 0.05


def test_a_ball_gets_smooth_on_a_finer_grid() -> None:
    places = np.indices((9, 9, 9)) - 4
    ball = (np.square(places).sum(axis=0) <= 9).astype(np.uint8)
    fine = (np.indices((45, 45, 45)) - 22) / 5
    truth = np.square(fine).sum(axis=0) <= 9.5
    wrong = {
        rule: float((resampled_labels(ball, (45, 45, 45), rule=rule) != truth).mean())
        for rule in ("linear", "nearest")
    }
    assert wrong["linear"] < wrong["nearest"]


def test_sizes_follow_from_spacings() -> None:
    assert size_at((30, 20, 10), spacing_mm=(3, 1, 1), wanted_mm=(1.5, 2, 100)) == (60, 10, 1)
