"""Where a tumour lies: how far from other structures, what it touches, what stands around it.

Enters: a mask of labels (D, H, W) with its affine, the tumour's number, those of the others.
Leaves: distances between surfaces in mm with the two nearest points, contact in mm2, and shells:
all that lies within a margin of the tumour's surface, outside of it, in ml.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from bedside.measurement.fine_points import FineSurface, contact_mm2, fine_surface
from bedside.measurement.surfaces import box_of
from bedside.schema import Array

Point: TypeAlias = tuple[float, float, float]
MM3_PER_ML = 1000.0
CHANNEL_MM = 8.0
"""Half the width of a channel through an organ that counts as part of it."""


@dataclass(frozen=True)
class Distance:
    """From the tumour to another structure.

    Args:
        mm: between the nearest points of the two surfaces; 0 where they touch.
        contact_mm2: area in which they touch.
        here_mm: nearest point of the tumour, to the person's right, front and head.
        there_mm: nearest point of the other.
    """

    mm: float
    contact_mm2: float
    here_mm: Point
    there_mm: Point


@dataclass(frozen=True)
class Shell:
    """What lies within a margin around the tumour.

    Args:
        margin_mm: how far from its surface.
        volume_ml: of the shell, the tumour itself left out.
        holds_ml: name -> ml of it within the shell; ``unnamed`` is what has no label.
        cut: whether the shell reaches beyond the scan, so that it is larger than measured.
    """

    margin_mm: float
    volume_ml: float
    holds_ml: dict[str, float]
    cut: bool


def distance_between(one: Array, other: Array, affine: Array) -> Distance | None:
    """Distance of two structures, masks (D, H, W); None where one is empty."""
    surfaces = fine_surface(one, affine), fine_surface(other, affine)
    if not len(surfaces[0].points_mm) or not len(surfaces[1].points_mm):
        return None
    found = nearest_points(*surfaces)
    contact = contact_mm2(one, other, affine)
    return Distance(0.0 if contact else found.mm, contact, found.here_mm, found.there_mm)


def nearest_points(one: FineSurface, other: FineSurface) -> Distance:
    """The nearest points of two surfaces, each with at least one."""
    from scipy.spatial import cKDTree

    distances, places = map(np.asarray, cKDTree(other.points_mm).query(one.points_mm))
    at = int(distances.argmin())
    here, there = one.points_mm[at], other.points_mm[places[at]]
    return Distance(float(distances[at]), 0.0, _point(here), _point(there))


def distance_to_edge(labels: Array, affine: Array, *, tumour: int, organ: int) -> Distance | None:
    """Distance from a tumour to the outer surface of its organ; None where one is empty.

    The organ is taken with the tumour, with all that it encloses, and with what other structures,
    such as vessels, fill of channels up to 16 mm wide.

    Args:
        labels: (D, H, W).
        affine: (4, 4) index -> mm.
        tumour: its number.
        organ: its number.
    """
    from scipy import ndimage

    mask = labels == tumour
    whole = mask | (labels == organ)
    box = box_of(whole)
    if box is None or not mask.any() or not (labels[box] == organ).any():
        return None
    inside = ndimage.binary_fill_holes(whole[box])
    others = (labels[box] != 0) & ~inside
    if others.any():
        inside |= others & _closed(inside, np.linalg.norm(affine[:3, :3], axis=0))
    filled = np.zeros_like(whole)
    filled[box] = inside
    outside = contact_mm2(mask, ~filled, affine)
    found = nearest_points(fine_surface(mask, affine), fine_surface(filled, affine))
    return Distance(0.0 if outside else found.mm, outside, found.here_mm, found.there_mm)


def _closed(inside: Array, sides_mm: Array) -> Array:
    """All that a ball of `CHANNEL_MM` cannot reach from outside."""
    from scipy import ndimage

    room = np.ceil(CHANNEL_MM / sides_mm).astype(int) + 1
    wide = np.pad(inside, [(int(r), int(r)) for r in room])
    reached = ndimage.distance_transform_edt(~wide, sampling=sides_mm) > CHANNEL_MM
    found = ndimage.distance_transform_edt(~reached, sampling=sides_mm) > CHANNEL_MM
    return np.asarray(found[tuple(slice(r, -r) for r in room)])


def shells_around(
    labels: Array,
    tumour: int,
    affine: Array,
    *,
    margins_mm: Sequence[float],
    names: Mapping[int, str],
) -> list[Shell]:
    """What lies within each margin of a tumour.

    Args:
        labels: (D, H, W).
        tumour: its number; without a voxel of it there is no shell.
        affine: (4, 4) index -> mm.
        margins_mm: widths of the shells.
        names: number -> name of the structures that are told.
    """
    from scipy import ndimage
    from scipy.spatial import cKDTree

    sides = np.linalg.norm(affine[:3, :3], axis=0)
    reach = max(margins_mm)
    mask = labels == tumour
    tight = box_of(mask)
    if tight is None:
        return []
    box = tuple(
        slice(max(0, edge.start - room), edge.stop + room)
        for edge, room in zip(tight, np.ceil(reach / sides).astype(int) + 1, strict=True)
    )
    inside, around = mask[box], labels[box]
    step = float(np.linalg.norm(sides))
    near = ndimage.distance_transform_edt(~inside, sampling=sides) <= reach + step
    places = np.argwhere(near & ~inside)
    first = np.array([side.start for side in box])
    points = (places + first) @ affine[:3, :3].T + affine[:3, 3]
    distances, _ = cKDTree(fine_surface(mask, affine).points_mm).query(points)
    found = around[tuple(places.T)]
    voxel = abs(float(np.linalg.det(affine[:3, :3]))) / MM3_PER_ML
    shells = []
    for margin in margins_mm:
        held = found[distances <= margin]
        holds = {name: voxel * int((held == n).sum()) for n, name in names.items() if n != tumour}
        total = voxel * len(held)
        holds["unnamed"] = voxel * int((~np.isin(held, list(names))).sum())
        room = np.array([(edge.start, side - edge.stop) for edge, side in
                         zip(tight, labels.shape, strict=True)])  # fmt: skip
        cut = bool((room.min(axis=1) * sides < margin).any())
        shells.append(Shell(float(margin), total, holds, cut))
    return shells


def _point(values: Array) -> Point:
    return float(values[0]), float(values[1]), float(values[2])
