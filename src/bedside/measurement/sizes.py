"""How large one structure is: volume, diameters, middle.

Enters: a mask (D, H, W), upright, and its affine. Leaves: a `Size`. Diameters are those of the
largest connected part, since a line across two lesions is the diameter of neither.

- Longest axial diameter: the longest line between two points of the outline within one slice, over
  all slices; across it, the extent of that outline at right angles. As RECIST measures a lesion
  (Eisenhauer 2009, doi:10.1016/j.ejca.2008.10.026), by computer and not by eye.
- Longest diameter in space: the same between two points of the whole surface.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from bedside.measurement.fine_points import contour_mm, fine_surface
from bedside.measurement.surfaces import box_of
from bedside.schema import Array

Point: TypeAlias = tuple[float, float, float]
MM3_PER_ML = 1000.0
_BLOCK, _MOST, _DIRECTIONS = 128, 4000, 2000


@dataclass(frozen=True)
class Size:
    """One structure.

    Args:
        volume_ml: of all its voxels.
        parts: connected parts; voxels that touch at a corner are connected.
        longest_axial_mm: see above.
        across_mm: see above.
        longest_mm: longest diameter in space.
        surface_mm2: area of the whole surface.
        centroid_mm: middle of its voxels, to the person's right, front and head.
        slice_index: D of the slice with the longest axial diameter, from 0.
    """

    volume_ml: float
    parts: int
    longest_axial_mm: float
    across_mm: float
    longest_mm: float
    surface_mm2: float
    centroid_mm: Point
    slice_index: int


def size_of(mask: Array, affine: Array) -> Size | None:
    """Measure one structure; None where the mask is empty.

    Args:
        mask: (D, H, W) bool, upright.
        affine: (4, 4) index -> mm.
    """
    box = box_of(mask)
    if box is None:
        return None
    inside = np.asarray(mask[box], dtype=bool)
    here = affine.copy()
    here[:3, 3] += affine[:3, :3] @ [side.start for side in box]
    largest, parts = _largest_part(inside)
    at, longest_axial, across = _axial(largest, here)
    middle = here[:3, :3] @ np.argwhere(inside).mean(axis=0) + here[:3, 3]
    voxel = abs(float(np.linalg.det(affine[:3, :3])))
    surface = fine_surface(inside, here)
    ends = surface.points_mm if parts == 1 else fine_surface(largest, here).points_mm
    return Size(
        volume_ml=int(np.count_nonzero(inside)) * voxel / MM3_PER_ML,
        parts=parts,
        longest_axial_mm=longest_axial,
        across_mm=across,
        longest_mm=_longest(ends)[0],
        surface_mm2=float(surface.areas_mm2.sum()),
        centroid_mm=(float(middle[0]), float(middle[1]), float(middle[2])),
        slice_index=at + box[0].start,
    )


def _largest_part(inside: Array) -> tuple[Array, int]:
    from scipy import ndimage

    parts, count = ndimage.label(inside, structure=np.ones((3, 3, 3)))
    if count == 1:
        return inside, 1
    return parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:])), int(count)


def _axial(mask: Array, affine: Array) -> tuple[int, float, float]:
    """Slice, longest diameter in it, and extent across it."""
    found = (0, -1.0, 0.0)
    for at, plane in enumerate(mask):
        if not plane.any():
            continue
        outline = contour_mm(plane, affine[:3, 1:3])
        longest, way = _longest(outline)
        if longest > found[1]:
            across = outline @ np.array([-way[1], way[0]])
            found = (at, longest, float(np.ptp(across)))
    return found


def _longest(points: Array) -> tuple[float, Array]:
    """The largest distance of two of (n, 2 or 3) points, and its direction.

    Both ends lie on the convex hull, so that only its corners are compared; of very many, those
    that lie farthest in one of two thousand directions, which loses less than a thousandth.
    """
    from scipy.spatial import ConvexHull, QhullError
    from scipy.spatial.distance import cdist

    try:
        corners = points[ConvexHull(points).vertices]
    except QhullError:  # all in one plane or line
        corners = points
    if len(corners) > _MOST and corners.shape[1] == 3:
        corners = _outermost(corners)
    best, way = 0.0, np.zeros(points.shape[1])
    way[0] = 1.0
    for start in range(0, len(corners), _BLOCK):
        block = corners[start : start + _BLOCK]
        apart = cdist(block, corners)
        one, other = np.unravel_index(int(apart.argmax()), apart.shape)
        if apart[one, other] > best:
            best = float(apart[one, other])
            way = (corners[other] - block[one]) / best
    return best, way


def _outermost(points: Array) -> Array:
    """Those of (n, 3) points that lie farthest in some of many directions."""
    turn = np.arange(_DIRECTIONS) + 0.5
    height, angle = 1 - turn / _DIRECTIONS, np.pi * (1 + 5**0.5) * turn  # half a sphere
    flat = np.sqrt(1 - height**2)
    ways = np.stack([flat * np.cos(angle), flat * np.sin(angle), height])
    found: set[int] = set()
    for start in range(0, _DIRECTIONS, _BLOCK):
        along = points @ ways[:, start : start + _BLOCK]
        found.update(along.argmax(axis=0).tolist(), along.argmin(axis=0).tolist())
    return points[sorted(found)]
