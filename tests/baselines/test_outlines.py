"""The simple peers of outlines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bedside.baselines import VolumeLesson
from bedside.baselines.outlines import MeanAtlas, VoxelThreshold, coarse
from bedside.baselines.voxel_forest import VoxelForest, voxel_features
from bedside.data.ragged import Ragged
from bedside.schema import Targets

from ..outlines_made import volume_and_mask

STATE = {"names": ["front", "back"]}
OPTIONS: dict[str, Any] = {"state": STATE, "seed": 4, "threads": 1}


def lesson(count: int, seed: int) -> VolumeLesson:
    rng = np.random.default_rng(seed)
    pairs = [volume_and_mask(rng) for _ in range(count)]
    values = Ragged([((v - v.mean()) / v.std())[None].astype(np.float16) for v, _ in pairs])
    grids = Ragged([np.where(m == 3, 2, m).astype(np.uint8) for _, m in pairs])
    arrays: dict[str, Any] = {
        "mri.values": values,
        "mri.source": np.array([[2 * m.shape[0], *m.shape[1:]] for _, m in pairs], np.int32),
        "mri.spacing": np.full((count, 3), (0.5, 1, 1), np.float32),
    }
    return VolumeLesson("mri", arrays, Targets({"grid": grids}, ("front", "back"), "mask"))


@pytest.mark.parametrize(
    ("peer", "least"), [(MeanAtlas(), 0.5), (VoxelThreshold(), 0.6), (VoxelForest(), 0.9)]
)
def test_a_peer_outlines_unseen_volumes_and_does_so_again(peer: Any, least: float) -> None:
    training, unseen = lesson(8, 0), lesson(3, 1)
    found = [
        peer.fit_volumes(training, validation=unseen, **OPTIONS).outline(unseen.arrays)["mask"]
        for _ in range(2)
    ]
    marks = []
    for mask, again, grid in zip(*found, unseen.grids(), strict=True):
        assert mask.content == again.content
        assert mask.shape == (2 * grid.shape[0], *grid.shape[1:])  # the grid of the source
        assert mask.spacing_mm == (0.5, 1.0, 1.0)
        said, truth = mask.voxels()[::2], grid
        for label in (1, 2):
            one, other = said == label, truth == label
            marks.append(2 * (one & other).sum() / (one.sum() + other.sum()))
    assert np.mean(marks) > least


def test_a_large_volume_is_made_coarser() -> None:
    assert coarse((20, 30, 40)) == (20, 30, 40)
    depth, height, width = coarse((512, 512, 600))
    assert depth * height * width < 260_000
    assert width > depth == height
    features = voxel_features(np.zeros((2, 40, 40, 40), np.float16), (10, 10, 10))
    assert features.shape == (1000, 2 * 7 + 3)
