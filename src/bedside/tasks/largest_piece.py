"""Keep the largest piece of a structure, where validation says that the others are errors.

Enters: masks of validation cases, and their truth. Leaves: the structures that gain by it, and
masks without their smaller pieces. An organ is in one piece; lesions are not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bedside.data.packed_mask import PackedMask, as_masks, pack
from bedside.schema import Array

LEAST_GAIN = 0.001
"""In mean Dice of a structure."""


def structures_in_one_piece(
    masks: Sequence[PackedMask], truth: Sequence[PackedMask], structures: int
) -> list[int]:
    """Numbers of the structures whose mean Dice gains where only their largest piece is kept."""
    gains = np.zeros(structures)
    for mask, real in zip(masks, truth, strict=True):
        voxels, wanted = mask.voxels(), real.voxels()
        for k in range(1, structures + 1):
            own, target = voxels == k, wanted == k
            if own.any() and target.any():
                gains[k - 1] += _dice(largest(own), target) - _dice(own, target)
    return [k + 1 for k, gain in enumerate(gains / max(len(masks), 1)) if gain >= LEAST_GAIN]


def without_small_pieces(masks: Array, structures: Sequence[int]) -> Array:
    """Masks (N,) with all but the largest piece of some structures made background."""
    if not structures:
        return masks
    found = []
    for mask in masks:
        voxels = mask.voxels()
        for k in structures:
            own = voxels == k
            voxels[own & ~largest(own)] = 0
        found.append(pack(voxels, mask.spacing_mm, mask.geometry))
    return as_masks(found)


def largest(mask: Array) -> Array:
    """(D, H, W) bool -> the largest of its pieces, whose voxels touch at a corner at least."""
    from scipy import ndimage

    pieces, count = ndimage.label(mask, structure=np.ones((3, 3, 3)))
    if count < 2:
        return mask
    sizes = np.bincount(pieces.reshape(-1))
    sizes[0] = 0
    return np.asarray(pieces == sizes.argmax())


def _dice(one: Array, other: Array) -> float:
    return 2 * int((one & other).sum()) / max(int(one.sum()) + int(other.sum()), 1)
