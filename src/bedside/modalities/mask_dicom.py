"""A DICOM SEG file -> one mask of labels.

Enters: a segmentation object: binary, fractional or a label map, with or without its empty frames.
Leaves: a `Sample` whose labels are the segment numbers, upright, with the segments' names. Where
segments lie over one another, the smaller one is kept, as a tumour within its organ is; how many
voxels that were stands in the facts. pydicom alone reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom import Dataset
from pydicom.pixels import iter_pixels

from bedside.data.dicom_header import HEAD_BYTES, looks_like_dicom, read_dicom
from bedside.data.quiet_readers import quiet
from bedside.errors import DataError
from bedside.modalities.volume_axes import upright
from bedside.modalities.volume_dicom import Slice, slice_of
from bedside.modalities.volume_files import MAX_VOXELS, STRUCTURES, refusal
from bedside.schema import Array, Sample

SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
"""Segmentation, and Label Map Segmentation."""
UNEVEN = 0.05
HALF = 0.5
_SAME_MM = 1e-3


@dataclass(frozen=True)
class _Grid:
    """Where the frames lie: (K,) place of each frame, number of places, mm between them."""

    places: Array
    count: int
    step: float
    first: Slice


def is_dicom(path: Path) -> bool:
    """Whether a file is DICOM, by its content."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return looks_like_dicom(stream.read(HEAD_BYTES))


def decode_segmentation(path: Path, *, where: str) -> Sample:
    """Read one DICOM SEG.

    Raises:
        DataError: another kind of DICOM, damaged, or of frames whose places make no grid.
    """
    try:
        with quiet(), path.open("rb") as stream:
            dataset = read_dicom(stream, where=where)
            return _decoded(dataset, path, where)
    except DataError:
        raise
    except Exception:  # damaged files make pydicom raise nearly anything
        raise refusal(where, expected="a whole DICOM SEG", got="a damaged one") from None


def _decoded(dataset: Dataset, path: Path, where: str) -> Sample:
    if str(dataset.get("SOPClassUID", "")) not in SEGMENTATIONS:
        raise refusal(
            where,
            expected="a DICOM segmentation (SEG)",
            got="another kind of DICOM file",
            remedy="Name the segmentation, not the images",
        )
    count = int(dataset.NumberOfFrames)
    slices = [slice_of(dataset, path, frame, where=where) for frame in range(count)]
    grid = _grid(slices, dataset, where)
    rows, columns = grid.first.size
    if grid.count * rows * columns > MAX_VOXELS:
        raise refusal(where, expected=f"at most {MAX_VOXELS // 10**6} million voxels", got="more")
    names = {int(s.SegmentNumber): str(s.SegmentLabel) for s in dataset.SegmentSequence}
    labels, hidden = _painted(dataset, grid, max(names))
    affine = np.eye(4)
    affine[:3, 0] = grid.first.axes[:3] * grid.first.spacing[1]
    affine[:3, 1] = grid.first.axes[3:] * grid.first.spacing[0]
    affine[:3, 2] = grid.first.normal * grid.step
    affine[:3, 3] = grid.first.position
    affine[:2] *= -1  # DICOM counts to the left and back
    facts: dict[str, object] = {
        "format": "DICOM SEG",
        "overlapping": hidden,
        STRUCTURES: tuple((number, name) for number, name in names.items() if number),
    }
    return upright(np.transpose(labels, (2, 1, 0)), affine, facts=facts)


def _grid(slices: list[Slice], dataset: Dataset, where: str) -> _Grid:
    """Places of the frames along their normal; missing ones are empty slices."""
    normal = slices[0].normal
    heights = np.array([float(each.position @ normal) for each in slices])
    order = np.argsort(heights, kind="stable")
    rising = heights[order]
    levels = rising[np.concatenate([[True], np.diff(rising) > _SAME_MM])]
    steps = np.diff(levels)
    if not len(steps):
        return _Grid(np.zeros(len(slices), int), 1, _thickness(dataset), slices[0])
    step = float(steps.min())
    even = bool((np.abs(steps - step) <= UNEVEN * step).all())
    step = float(steps.mean()) if even else step
    places = np.rint((heights - levels[0]) / step).astype(int)
    off = np.abs((heights - levels[0]) / step - places).max()
    if off > UNEVEN * max(1, places.max()) or any(
        not np.allclose(each.axes, slices[0].axes, atol=_SAME_MM) for each in slices
    ):
        raise refusal(
            where,
            expected="frames at even distances and in one direction",
            got="others",
            remedy="Export the segmentation on the slices of one series",
        )
    return _Grid(places, int(places.max()) + 1, step, slices[int(order[0])])


def _thickness(dataset: Dataset) -> float:
    group = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    return float(group.get("SpacingBetweenSlices") or group.SliceThickness)


def _painted(dataset: Dataset, grid: _Grid, highest: int) -> tuple[Array, int]:
    """(slices, rows, columns) labels, and how many voxels were in two segments."""
    labels = np.zeros(
        (grid.count, *grid.first.size), dtype=np.uint8 if highest < 256 else np.uint16
    )
    if dataset.SegmentationType == "LABELMAP":
        for place, frame in zip(grid.places, iter_pixels(dataset, raw=True), strict=True):
            labels[place] = frame
        return labels, 0
    packed: dict[int, list[tuple[int, Array]]] = {}
    sizes: dict[int, int] = {}
    for number, place, inside in _frames(dataset, grid):
        packed.setdefault(number, []).append((place, np.packbits(inside)))
        sizes[number] = sizes.get(number, 0) + int(inside.sum())
    hidden, size = 0, int(np.prod(grid.first.size))
    for number in sorted(packed, key=lambda each: (-sizes[each], each)):
        for place, bits in packed[number]:
            inside = np.unpackbits(bits, count=size).reshape(grid.first.size).astype(bool)
            hidden += int(np.count_nonzero(labels[place][inside]))
            labels[place][inside] = number
    return labels, hidden


def _frames(dataset: Dataset, grid: _Grid) -> Iterator[tuple[int, int, Array]]:
    """Segment number, place and voxels of each frame."""
    level = 1.0
    if dataset.SegmentationType == "FRACTIONAL":
        level = HALF * float(dataset.MaximumFractionalValue)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    groups = dataset.PerFrameFunctionalGroupsSequence
    for group, place, frame in zip(
        groups, grid.places, iter_pixels(dataset, raw=True), strict=True
    ):
        named = group.get("SegmentIdentificationSequence") or shared.SegmentIdentificationSequence
        yield int(named[0].ReferencedSegmentNumber), int(place), np.asarray(frame) >= level
