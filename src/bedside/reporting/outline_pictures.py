"""Three planes of a volume with outlines drawn on them.

Enters: voxels (D, H, W) with true and predicted labels. Leaves: a picture (H, W, 3) uint8:
an axial, a coronal and a sagittal plane side by side, as radiologists look at them, through
the middle of what is outlined; of a picture, (1, H, W), the picture itself. Truth in one colour,
the model's outline in another.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from bedside.schema import Array

TRUTH, MODEL = (0, 158, 115), (213, 94, 0)
"""Green and vermilion, which colour-blind readers can tell apart."""
BOTH = (240, 228, 66)
HEIGHT = 190
"""Pixels that the taller planes are enlarged to."""
PICTURE = 380
"""Pixels that the longer side of a picture of one plane is brought to."""
GAP = 6


def outlined_planes(
    values: Array, truth: Array, answered: Array, *, spacing_mm: tuple[float, ...] = (1.0, 1.0, 1.0)
) -> Array:
    """Draw three planes; voxels appear in their true proportions.

    Args:
        values: (D, H, W) grey.
        truth: (D, H, W) labels.
        answered: (D, H, W) labels.
        spacing_mm: of the voxels.
    """
    low, high = np.percentile(values, (1, 99))
    unit = np.clip((values.astype(np.float32) - low) / max(float(high - low), 1e-6), 0, 1)
    centre = _centre(truth, answered)
    if values.shape[0] == 1:  # a picture lies as it is looked at
        flat = (unit[0], truth[0], answered[0])
        return _drawn(*flat, sides=(spacing_mm[1], spacing_mm[2]), height=PICTURE)
    planes = []
    for axis in range(3):
        cut = [_plane(array, axis, centre[axis]) for array in (unit, truth, answered)]
        sides = [side for place, side in enumerate(spacing_mm) if place != axis]
        planes.append(_drawn(*cut, sides=(sides[0], sides[1])))
    tallest = max(len(plane) for plane in planes)
    filled = []
    for plane in planes:
        missing = tallest - len(plane)
        around = ((missing // 2, missing - missing // 2), (0, GAP), (0, 0))
        filled.append(np.pad(plane, around))
    return np.asarray(np.concatenate(filled, axis=1)[:, :-GAP])


def _centre(truth: Array, answered: Array) -> list[int]:
    """Where most is outlined: the fullest plane along each axis."""
    mask = (truth > 0) | (answered > 0)
    if not mask.any():
        return [side // 2 for side in truth.shape]
    others = [tuple(a for a in range(3) if a != axis) for axis in range(3)]
    return [int(np.argmax(mask.sum(axis=axes))) for axes in others]


def _plane(array: Array, axis: int, at: int) -> Array:
    """Head and front up; the person's right on the left, where W runs from left to right."""
    plane = np.take(array, at, axis=axis)
    return np.asarray(plane[::-1] if axis == 2 else plane[::-1, ::-1])


def _drawn(
    grey: Array, truth: Array, answered: Array, *, sides: tuple[float, float], height: int = HEIGHT
) -> Array:
    tall, wide = grey.shape[0] * sides[0], grey.shape[1] * sides[1]
    scale = height / max(tall, wide)
    size = max(1, round(tall * scale)), max(1, round(wide * scale))
    rows, columns = (
        np.minimum((np.arange(n) + 0.5) * have / n, have - 1).astype(np.intp)
        for n, have in zip(size, grey.shape, strict=True)
    )
    picture = np.repeat((grey[np.ix_(rows, columns)] * 255)[..., None], 3, axis=2)
    edges = [_edges(labels[np.ix_(rows, columns)]) for labels in (truth, answered)]
    picture[edges[0]], picture[edges[1]] = TRUTH, MODEL
    picture[edges[0] & edges[1]] = BOTH
    return picture.astype(np.uint8)


def _edges(labels: Array) -> Array:
    """Pixels of a structure that touch another one or none."""
    low = ndimage.minimum_filter(labels, size=3, mode="nearest")
    high = ndimage.maximum_filter(labels, size=3, mode="nearest")
    return np.asarray((labels > 0) & (low != high))
