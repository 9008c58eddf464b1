"""The surface of a structure as points in millimetres.

Enters: a mask (D, H, W) and where its voxels lie. Leaves: (n, 3) points. The surface is made of the
structure's voxels that have one of their six neighbours outside of it; what lies beyond the grid
is outside. A point is the middle of its voxel. Along an axis of one point, as in a picture, nothing
has neighbours, and the surface is the outline in the plane.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bedside.schema import Array


def box_of(mask: Array) -> tuple[slice, slice, slice] | None:
    """The smallest box that holds a mask (D, H, W); None where it is empty."""
    found: list[slice] = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        filled = np.flatnonzero(mask.any(axis=others))
        if not len(filled):
            return None
        found.append(slice(int(filled[0]), int(filled[-1]) + 1))
    return found[0], found[1], found[2]


def surface_voxels(mask: Array) -> Array:
    """(n, 3) indices (d, h, w) of the voxels on the surface, in the order of the grid."""
    box = box_of(mask)
    if box is None:
        return np.empty((0, 3), dtype=np.int64)
    inside = np.asarray(mask[box], dtype=bool)
    kept = np.pad(inside, 1)
    whole = inside.copy()
    for axis in (axis for axis in range(3) if mask.shape[axis] > 1):
        for step in (0, 2):
            window = [slice(1, -1)] * 3
            window[axis] = slice(step, step + inside.shape[axis])
            whole &= kept[tuple(window)]
    places = np.argwhere(inside & ~whole)
    return np.asarray(places + np.array([side.start for side in box]))


def surface_points(mask: Array, spacing_mm: Sequence[float]) -> Array:
    """(n, 3) mm of the surface, counted from the middle of the grid's first voxel."""
    return np.asarray(surface_voxels(mask) * np.asarray(spacing_mm, dtype=np.float64))


def nearest_mm(points: Array, others: Array) -> Array:
    """(n,) mm from each of (n, 3) points to the nearest of (m, 3) others, m at least 1."""
    from scipy.spatial import cKDTree

    distances, _ = cKDTree(others).query(points)
    return np.asarray(distances)
