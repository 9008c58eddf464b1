"""Masks that take little room."""

from __future__ import annotations

import numpy as np

from bedside.data.packed_mask import as_masks, pack


def test_what_was_packed_comes_back() -> None:
    voxels = np.zeros((3, 4, 5), np.uint8)
    voxels[1, 2] = 7
    mask = pack(voxels, (2.0, 1.0, 0.5))
    assert np.array_equal(mask.voxels(), voxels)
    assert (mask.shape, mask.spacing_mm) == ((3, 4, 5), (2.0, 1.0, 0.5))
    mask.voxels()[:] = 1
    assert mask.voxels().sum() == 35


def test_a_large_mask_takes_little_room() -> None:
    voxels = np.zeros((64, 256, 256), np.uint16)
    voxels[20:40, 100:150, 90:160] = 300
    mask = pack(voxels, (1, 1, 1))
    assert len(mask.content) < voxels.nbytes / 100
    assert mask.voxels()[30, 120, 100] == 300


def test_the_digest_tells_masks_apart() -> None:
    one, other = np.zeros((2, 2, 2), np.uint8), np.ones((2, 2, 2), np.uint8)
    digests = {
        pack(one, (1, 1, 1)).digest,
        pack(other, (1, 1, 1)).digest,
        pack(one, (1, 1, 2)).digest,
    }
    assert len(digests) == 3
    assert pack(one.copy(), (1, 1, 1)).digest in digests


def test_masks_stand_side_by_side_whatever_their_size() -> None:
    masks = as_masks([pack(np.zeros(s, np.uint8), (1, 1, 1)) for s in [(1, 2, 3), (2, 2, 2)]])
    assert masks.shape == (2,)
    assert masks[np.array([1, 0])][0].shape == (2, 2, 2)
