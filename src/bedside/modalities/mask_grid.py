"""Masks of labels on another grid.

Enters: labels (D, H, W). Leaves: labels on another grid, never a number between two structures.
numpy and scipy alone, since serving resamples as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from bedside.modalities.volume_grid import Size, resampled
from bedside.schema import Array

Rule = Literal["linear", "nearest"]


def size_at(
    shape: Sequence[int], *, spacing_mm: Sequence[float], wanted_mm: Sequence[float]
) -> Size:
    """Voxels (D, H, W) that span a grid of `shape` and `spacing_mm` at another spacing."""
    sides = zip(shape, spacing_mm, wanted_mm, strict=True)
    depth, height, width = (max(1, round(n * have / want)) for n, have, want in sides)
    return depth, height, width


def resampled_labels(labels: Array, size: Size, *, rule: Rule = "linear") -> Array:
    """Stretch labels to `size`, as `volume_grid.resampled` stretches their volume.

    ``linear``: each structure, and the background, is resampled as a volume of 0 and 1, and a
    voxel goes to the largest: a smooth surface where the grid gets finer, the majority where it
    gets coarser. ``nearest``: the label of the nearest voxel. The same size is left alone.

    Args:
        labels: (D, H, W) whole numbers.
        size: (D, H, W).
        rule: see above.
    """
    if labels.shape == size:
        return labels
    if rule == "nearest":
        for axis, (have, want) in enumerate(zip(labels.shape, size, strict=True)):
            middles = (np.arange(want) + 0.5) * have / want
            places = np.clip(np.floor(middles), 0, have - 1).astype(np.int64)
            labels = np.take(labels, places, axis=axis)
        return labels
    found = np.zeros(size, dtype=labels.dtype)
    largest = np.full(size, -1.0, dtype=np.float32)
    for number in np.unique(labels):
        share = resampled((labels == number).astype(np.float32), size)
        better = share > largest
        found[better] = number
        largest[better] = share[better]
    return found
