"""The shapes of a phantom, the truth about them, and their labels on any grid.

Enters: an organ and a tumour, two ellipsoids, and a vessel, a straight tube, in mm of the person.
Leaves: labels on a grid of any spacing, turn, order and direction of axes, and volumes,
diameters and distances by formula. A distance between curved surfaces has none: it is the
least over twenty thousand points of the tumour's surface, right to a hundredth of a mm.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from bedside.schema import Array

Point: TypeAlias = tuple[float, float, float]

STRUCTURES = {"organ": 1, "tumour": 2, "vessel": 3}
_POINTS = 20_000
_HALVINGS = 40
MM3_PER_ML = 1000.0


@dataclass(frozen=True)
class Grid:
    """Where voxels lie: shape (3,), affine (4, 4) index -> mm to the right, front and head."""

    shape: tuple[int, int, int]
    affine: Array

    def places(self) -> Array:
        """(..., 3) mm of every voxel."""
        index = np.moveaxis(np.indices(self.shape, dtype=np.float64), 0, -1)
        return np.asarray(index @ self.affine[:3, :3].T + self.affine[:3, 3])


@dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid along the person's axes: centre and half its axes in mm."""

    centre_mm: Point
    half_axes_mm: Point

    def holds(self, places: Array) -> Array:
        """(...,) bool of (..., 3) mm."""
        unit = (places - np.array(self.centre_mm)) / np.array(self.half_axes_mm)
        return np.asarray(np.square(unit).sum(axis=-1) <= 1)

    @property
    def ml(self) -> float:
        """Its volume."""
        return float(4 / 3 * np.pi * np.prod(self.half_axes_mm)) / MM3_PER_ML

    def surface(self) -> Array:
        """(n, 3) mm of points spread over it, on a spiral.

        Source: Swinbank 2006, doi:10.1256/qj.05.227.
        """
        turn = np.arange(_POINTS) + 0.5
        height = 1 - 2 * turn / _POINTS
        angle = np.pi * (1 + 5**0.5) * turn
        flat = np.sqrt(1 - height**2)
        unit = np.stack([flat * np.cos(angle), flat * np.sin(angle), height], axis=1)
        return np.asarray(unit * np.array(self.half_axes_mm) + np.array(self.centre_mm))

    def section(self, normal: Array) -> tuple[float, float]:
        """Longest diameter, and that across it, of its largest cut at right angles to `normal`."""
        across = np.linalg.svd(np.asarray(normal, dtype=np.float64)[None])[2][1:]
        form = across @ np.diag(1 / np.square(self.half_axes_mm)) @ across.T
        short, long = 2 / np.sqrt(np.linalg.eigvalsh(form)[::-1])
        return float(long), float(short)

    def depth_mm(self, points: Array) -> Array:
        """(n,) mm from points (n, 3) inside of it to its surface.

        The nearest point solves one equation with one unknown, by halving; see Eberly 2013,
        Distance from a point to an ellipse, an ellipsoid, or a hyperellipsoid.
        """
        axes = np.array(self.half_axes_mm)
        own = np.abs(points - np.array(self.centre_mm))
        smallest = int(np.argmin(axes))
        low = -(axes[smallest] ** 2) + axes[smallest] * own[:, smallest]
        high = np.zeros(len(own))
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            outside = np.square(axes * own / (middle[:, None] + axes**2)).sum(axis=1) > 1
            low, high = np.where(outside, middle, low), np.where(outside, high, middle)
        nearest = axes**2 * own / (((low + high) / 2)[:, None] + axes**2)
        return np.asarray(np.linalg.norm(nearest - own, axis=1))


@dataclass(frozen=True)
class Vessel:
    """A tube without end: a point of its axis, the axis' direction, its radius in mm."""

    point_mm: Point
    direction: Point
    radius_mm: float

    def from_axis(self, places: Array) -> Array:
        """(...,) mm from (..., 3) mm to the axis."""
        way = np.array(self.direction) / np.linalg.norm(self.direction)
        off = places - np.array(self.point_mm)
        return np.asarray(np.linalg.norm(off - (off @ way)[..., None] * way, axis=-1))

    def holds(self, places: Array) -> Array:
        """(...,) bool of (..., 3) mm."""
        return np.asarray(self.from_axis(places) <= self.radius_mm)


@dataclass(frozen=True)
class Truth:
    """What is true of a scene."""

    organ_ml: float
    tumour_ml: float
    tumour_longest_mm: float
    tumour_to_vessel_mm: float
    tumour_to_surface_mm: float


@dataclass(frozen=True)
class Scene:
    """An organ, a tumour inside of it, and a vessel."""

    organ: Ellipsoid
    tumour: Ellipsoid
    vessel: Vessel

    def labels(self, grid: Grid) -> Array:
        """Uint8 labels, see `STRUCTURES`; the tumour lies over the vessel, that over the organ."""
        places = grid.places()
        found = np.zeros(grid.shape, dtype=np.uint8)
        for name in ("organ", "vessel", "tumour"):
            found[getattr(self, name).holds(places)] = STRUCTURES[name]
        return found

    def truth(self) -> Truth:
        """Volumes, diameters and distances; the organ's volume is that of the whole ellipsoid."""
        points = self.tumour.surface()
        return Truth(
            organ_ml=self.organ.ml,
            tumour_ml=self.tumour.ml,
            tumour_longest_mm=2 * max(self.tumour.half_axes_mm),
            tumour_to_vessel_mm=float(self.vessel.from_axis(points).min() - self.vessel.radius_mm),
            tumour_to_surface_mm=float(self.organ.depth_mm(points).min()),
        )

    def with_tumour_scaled(self, factor: float) -> Scene:
        """The same with the tumour's axes so many times as long."""
        first, second, third = (factor * half for half in self.tumour.half_axes_mm)
        return replace(self, tumour=replace(self.tumour, half_axes_mm=(first, second, third)))


def grid_over(
    scene: Scene,
    spacing_mm: Sequence[float],
    *,
    turned_degrees: Sequence[float] = (0, 0, 0),
    order: Sequence[int] = (0, 1, 2),
    signs: Sequence[int] = (1, 1, 1),
    around_mm: float = 5.0,
) -> Grid:
    """A grid that holds a scene's organ.

    Args:
        scene: what it must hold.
        spacing_mm: along the person's right, front and head, before the axes are ordered.
        turned_degrees: of the grid about these axes.
        order: which of them is stored first, second, third.
        signs: 1 or -1: the direction in which each stored axis runs.
        around_mm: room around the organ.
    """
    turn = np.eye(3)
    for axis, degrees in enumerate(turned_degrees):
        one, other = (axis + 1) % 3, (axis + 2) % 3
        cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
        step = np.eye(3)
        step[one, one] = step[other, other] = cos
        step[one, other], step[other, one] = -sin, sin
        turn = turn @ step
    half = np.array(scene.organ.half_axes_mm) + around_mm
    corners = np.array(list(itertools.product((-1, 1), repeat=3))) * half
    reach = np.abs(corners @ turn).max(axis=0)
    sides = np.ceil(2 * reach / np.array(spacing_mm)).astype(int) + 1
    columns = turn * np.array(spacing_mm)
    columns, sides = columns[:, list(order)] * np.array(signs), sides[list(order)]
    affine = np.eye(4)
    affine[:3, :3] = columns
    affine[:3, 3] = np.array(scene.organ.centre_mm) - columns @ ((sides - 1) / 2)
    return Grid((int(sides[0]), int(sides[1]), int(sides[2])), affine)
