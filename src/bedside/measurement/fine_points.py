"""The surface of a structure finer than its voxels.

Enters: a mask (D, H, W) and its affine. Leaves: points in mm with the area that each stands for.
A mask's steps are smoothed by about the mean side of a voxel, equally in all directions, and the
surface is laid at the level that keeps the counted volume, so that a ball neither shrinks nor
grows; a point stands wherever a line of the grid crosses it. Oblique grids are met by using the
affine itself. Where a surface is flat along the grid, nothing can tell where between two voxels it
lies: an extent or a distance may be wrong by a third of a voxel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bedside.measurement.surfaces import box_of
from bedside.schema import Array

THICK = 4.0
"""A structure whose middle lies so deep is smoothed with a standard deviation of one side, a larger
one with more (the square root of how much deeper it lies), a smaller one in proportion with less.
All are in the geometric mean of a voxel's sides: small nodules and thin vessels keep their form,
the flat steps of large ones go."""
LEAST, MOST = 0.4, 1.7
"""Limits of that standard deviation."""
_ROOM = 3


@dataclass(frozen=True)
class FineSurface:
    """Points on a surface: (n, 3) mm, and mm2 that each stands for, (n,)."""

    points_mm: Array
    areas_mm2: Array


def fine_surface(mask: Array, affine: Array) -> FineSurface:
    """The surface of a mask.

    Args:
        mask: (D, H, W) bool.
        affine: (4, 4) index -> mm.

    Returns:
        No point where the mask is empty.
    """
    box = box_of(mask)
    if box is None:
        return FineSurface(np.empty((0, 3)), np.empty(0))
    inside = np.pad(np.asarray(mask[box], dtype=np.float32), _ROOM)
    first = np.array([side.start - _ROOM for side in box])
    field, level = _smoothed(inside, affine[:3, :3])
    faces = face_vectors(affine)
    to_mm = np.linalg.inv(affine[:3, :3])
    points, areas = [], []
    for axis in range(3):
        places, share = _crossings(field, level, axis)
        after = places.copy()
        after[:, axis] += 1
        slope = _slopes(field, places) * (1 - share) + _slopes(field, after) * share
        normal = _unit(slope @ to_mm)
        areas.append(np.abs(normal @ faces[axis]))
        where = places + first + share * np.eye(3)[axis]
        points.append(where @ affine[:3, :3].T + affine[:3, 3])
    return FineSurface(np.concatenate(points), np.concatenate(areas))


def contour_mm(plane: Array, affine: Array) -> Array:
    """(n, 2) mm of the outline of a mask (H, W), in axes at right angles within its plane.

    Args:
        plane: (H, W) bool, with at least one voxel.
        affine: (3, 2) mm along the plane's two axes.
    """
    inside = np.pad(np.asarray(plane, dtype=np.float32), _ROOM)
    field, level = _smoothed(inside, affine)
    found = []
    for axis in range(2):
        places, share = _crossings(field, level, axis)
        found.append(places - _ROOM + share * np.eye(2)[axis])
    _, square = np.linalg.qr(affine)
    return np.asarray(np.concatenate(found) @ square.T)


def face_vectors(affine: Array) -> Array:
    """(3, 3) mm2: the side of a voxel that its neighbour along each axis shares, as a vector."""
    columns = affine[:3, :3].T
    return np.stack([np.cross(columns[(a + 1) % 3], columns[(a + 2) % 3]) for a in range(3)])


def contact_mm2(one: Array, other: Array, affine: Array) -> float:
    """Area in which two masks (D, H, W) touch.

    Each shared side of two voxels counts with the part of it that looks along the surface, so
    that steps do not count as more area than the surface that they stand for.
    """
    box = box_of(one)
    if box is None:
        return 0.0
    wide = tuple(slice(max(0, side.start - 1), side.stop + 1) for side in box)
    ours, theirs = (np.pad(mask[wide], _ROOM) for mask in (one, other))
    # towards the other: at the rim of the contact, too, this looks across it
    field = np.subtract(
        *(_smoothed(mask.astype(np.float32), affine[:3, :3])[0] for mask in (ours, theirs))
    )
    to_mm, faces = np.linalg.inv(affine[:3, :3]), face_vectors(affine)
    total = 0.0
    for axis in range(3):
        low, high = _pair(ours, axis), _pair(theirs, axis)
        places = np.argwhere((low[0] & high[1]) | (low[1] & high[0]))
        after = places.copy()
        after[:, axis] += 1
        normal = _unit((_slopes(field, places) + _slopes(field, after)) @ to_mm)
        total += float(np.abs(normal @ faces[axis]).sum())
    return total


def _smoothed(inside: Array, columns: Array) -> tuple[Array, float]:
    """The smoothed mask, and the level that as many voxels are above as the mask holds."""
    from scipy import ndimage

    count = int(np.count_nonzero(inside))
    if not count:
        return inside, 0.5
    sides = np.linalg.norm(columns, axis=0)
    side = float(np.exp(np.log(sides).mean()))
    thick = float(ndimage.distance_transform_edt(inside > 0, sampling=sides).max()) / side
    share = min(thick / THICK, (thick / THICK) ** 0.5)
    sigma = min(MOST, max(LEAST, share)) * side / sides
    field = ndimage.gaussian_filter(inside, sigma, mode="constant")
    ranked = np.partition(field.ravel(), (-count - 1, -count))
    return field, float((ranked[-count] + ranked[-count - 1]) / 2)


def _crossings(field: Array, level: float, axis: int) -> tuple[Array, Array]:
    """(n, axes) voxels before a crossing along an axis, (n, 1) how far behind them it lies."""
    before, after = _pair(field, axis)
    places = np.argwhere((before > level) != (after > level))
    one, other = before[tuple(places.T)], after[tuple(places.T)]
    return places, ((level - one) / (other - one))[:, None]


def _slopes(field: Array, places: Array) -> Array:
    """(n, 3) slope of a field along each axis at (n, 3) places, none of them at its edge."""
    found = []
    for axis in range(3):
        step = np.eye(3, dtype=np.int64)[axis]
        before, after = (field[tuple((places + way * step).T)] for way in (-1, 1))
        found.append((after - before) / 2)
    return np.stack(found, axis=1)


def _pair(values: Array, axis: int) -> tuple[Array, Array]:
    """Each voxel and its next one along an axis."""
    whole = [slice(None)] * values.ndim
    low, high = whole.copy(), whole.copy()
    low[axis], high[axis] = slice(None, -1), slice(1, None)
    return values[tuple(low)], values[tuple(high)]


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))
