"""A measured mask as pictures: three planes with outlines, and the surfaces in space.

Enters: labels (D, H, W) with their geometry, the record, and the image where it is given. Leaves:
matplotlib figures. Planes lie as radiologists look at them: head and front are up, the person's
right, or in the sagittal plane the front, is on the left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.measurement.record import Record
from bedside.measurement.relations import Distance
from bedside.measurement.surfaces import box_of
from bedside.reporting.style import ALARM, INK, MUTED, OTHERS
from bedside.schema import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PLANES = (("axial", 0), ("coronal", 1), ("sagittal", 2))
LARGEST_SIDE = 96
"""Voxels along a side of the surface picture; a larger structure is drawn coarser."""
ROOM_MM = 15.0


@dataclass(frozen=True)
class Measured:
    """What the pictures show.

    Args:
        labels: (D, H, W).
        affine: (4, 4) index -> mm.
        names: number -> name.
        record: what was measured.
        image: (D, H, W) on the same grid, or None.
    """

    labels: Array
    affine: Array
    names: Mapping[int, str]
    record: Record
    image: Array | None = None

    def colours(self) -> dict[int, str]:
        """Number -> colour of the structures that are there."""
        shown = [n for n, name in self.names.items() if name in self.record.sizes]
        others = iter(OTHERS * len(shown))
        return {n: ALARM if self.names[n] == self.record.tumour else next(others) for n in shown}

    @property
    def middle(self) -> Array:
        """(3,) index where the planes cut: the tumour's centre, else the largest structure's."""
        sizes = self.record.sizes
        name = self.record.tumour
        if name not in sizes:
            name = max(sizes, key=lambda each: sizes[each].volume_ml)
        place = np.linalg.inv(self.affine) @ [*sizes[str(name)].centroid_mm, 1]
        found = np.clip(np.rint(place[:3]), 0, np.array(self.labels.shape) - 1).astype(int)
        if name == self.record.tumour:
            found[0] = sizes[str(name)].slice_index
        return np.asarray(found)


def planes_figure(measured: Measured) -> Figure:
    """Three planes through the tumour, with the outline of each structure."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    colours = measured.colours()
    figure = Figure(figsize=(9.6, 3.9))
    spacing = np.array(measured.record.spacing_mm)
    for place, (name, axis) in enumerate(PLANES):
        axes = figure.add_subplot(1, 3, place + 1)
        _plane(axes, measured, axis, spacing)
        axes.set_title(name, fontsize=10)
    handles = [Line2D([], [], color=c, lw=2, label=measured.names[n]) for n, c in colours.items()]
    figure.legend(handles=handles, loc="lower center", ncols=min(6, len(handles)))
    figure.subplots_adjust(left=0.02, right=0.98, top=0.92, bottom=0.14, wspace=0.06)
    return figure


def _plane(axes: Axes, measured: Measured, axis: int, spacing: Array) -> None:
    at = int(measured.middle[axis])
    up, along = [other for other in range(3) if other != axis]
    sides = spacing[[up, along]]
    labels = np.take(measured.labels, at, axis=axis)
    window = _window(measured.labels, sides, (up, along))
    edges = [edge * side for edge, side in zip((window[1], window[0]), sides[::-1], strict=True)]
    far = (-0.5 * sides[1], (labels.shape[1] - 0.5) * sides[1],
           -0.5 * sides[0], (labels.shape[0] - 0.5) * sides[0])  # fmt: skip
    axes.set_facecolor("black")
    if measured.image is not None:
        plane = np.take(measured.image, at, axis=axis)
        low, high = np.percentile(plane, (1, 99.5))
        axes.imshow(plane, cmap="gray", vmin=low, vmax=max(high, low + 1e-6), origin="lower",
                    extent=far)  # fmt: skip
    for number, colour in measured.colours().items():
        inside = (labels == number).astype(float)
        if inside.any():
            rows, columns = (np.arange(n) * s for n, s in zip(labels.shape, sides, strict=True))
            axes.contour(columns, rows, inside, levels=[0.5], colors=[colour], linewidths=1.4)
    # columns run to the person's right or front, which shall be on the left
    axes.set(xlim=edges[0][::-1], ylim=edges[1], xticks=[], yticks=[], aspect="equal")
    side = "R" if axis != 2 else "front"
    axes.text(0.02, 0.5, side, color="white", transform=axes.transAxes, va="center")
    _scale_bar(axes)


def _window(labels: Array, sides: Array, axes: tuple[int, int]) -> list[Array]:
    """(2,) ends in voxels along both axes of a plane, with some room around all structures."""
    box = box_of(labels > 0)
    if box is None:
        return [np.array([0, labels.shape[axis] - 1]) for axis in axes]
    return [
        np.array([
            max(-0.5, box[axis].start - ROOM_MM / side),
            min(labels.shape[axis] - 0.5, box[axis].stop - 1 + ROOM_MM / side),
        ])
        for axis, side in zip(axes, sides, strict=True)
    ]  # fmt: skip


def _scale_bar(axes: Axes) -> None:
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    length = 10.0 if abs(right - left) < 120 else 50.0
    start = left + 0.05 * (right - left)
    axes.plot([start, start + length], [low + 0.05 * (high - low)] * 2, color="white", lw=2)
    axes.text(start, low + 0.07 * (high - low), f"{length:g} mm", color="white", fontsize=8)


def surface_figure(measured: Measured) -> Figure:
    """The surfaces of all structures in space, seen from the front and from the person's left."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 4.4))
    meshes = [(number, _mesh(measured, number)) for number in measured.colours()]
    for place, (title, turn) in enumerate((("from the front", 90), ("from the left", 180))):
        axes: Any = figure.add_subplot(1, 2, place + 1, projection="3d")
        _space(axes, measured, meshes)
        axes.view_init(elev=12, azim=turn - 15)
        axes.set_title(title, fontsize=10)
    figure.subplots_adjust(left=0, right=1, bottom=0, top=0.95, wspace=0)
    return figure


def _space(axes: Any, measured: Measured, meshes: list[tuple[int, Any]]) -> None:
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    colours, organ = measured.colours(), measured.record.organ
    for number, (corners, faces) in meshes:
        clear = 0.15 if measured.names[number] == organ else 0.7
        axes.add_collection3d(
            Poly3DCollection(
                corners[faces], facecolors=colours[number], alpha=clear, linewidths=0, shade=True
            )
        )
    for apart in nearest_shown(measured.record):
        ends = np.array([apart.here_mm, apart.there_mm])
        axes.plot(*ends.T, color=INK, lw=1.6)
    every = np.concatenate([corners for _, (corners, _) in meshes])
    low, high = every.min(axis=0), every.max(axis=0)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), zlim=(low[2], high[2]))
    axes.set_box_aspect(np.maximum(high - low, 1e-3))
    axes.set(xticks=[], yticks=[], zticks=[])
    axes.set_xlabel("right", color=MUTED, labelpad=-12)
    axes.set_ylabel("front", color=MUTED, labelpad=-12)
    axes.set_zlabel("head", color=MUTED, labelpad=-12)


def nearest_shown(record: Record) -> list[Distance]:
    """The distances that are drawn as lines: those of more than nothing."""
    return [apart for apart in record.distances.values() if apart.mm > 0]


def _mesh(measured: Measured, number: int) -> tuple[Array, Array]:
    """Corners (n, 3) mm and triangles (m, 3) of one structure."""
    from scipy import ndimage
    from skimage.measure import marching_cubes

    mask = measured.labels == number
    box = box_of(mask)
    if box is None:
        raise ValueError("expected a structure with at least one voxel")
    inside = np.pad(mask[box].astype(np.float32), 3)
    step = max(1, -(-max(inside.shape) // LARGEST_SIDE))
    smooth = ndimage.gaussian_filter(inside, 0.6 * step)
    level = min(0.5, 0.9 * float(smooth.max()))
    corners, faces, _, _ = marching_cubes(smooth, level, step_size=step)
    index = corners - 3 + np.array([side.start for side in box])
    return index @ measured.affine[:3, :3].T + measured.affine[:3, 3], faces
