"""A folder of DICOM slices -> one volume.

Enters: a folder that holds one series: a file a slice, or one enhanced file of many frames.
Leaves: a `Sample`, slices in the order of their positions, rescaled to the units that the
header names (Hounsfield units in CT). Nothing is guessed: slices without a position, of
two series, unevenly spaced or missing stop in one sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.pixels import apply_modality_lut

from bedside.data.dicom_header import HEAD_BYTES, looks_like_dicom, read_dicom
from bedside.data.quiet_readers import quiet
from bedside.errors import DataError
from bedside.modalities.image_dicom_codec import frame_count, stored_pixels
from bedside.modalities.volume_axes import upright
from bedside.modalities.volume_files import MAX_VOXELS, refusal
from bedside.schema import Array, Geometry, Sample

UNEVEN = 0.05
"""How far a distance of two slices may be from the usual one, as a share of it."""
TURNED = 1e-3
"""How far the direction of two slices' axes may differ."""
GROUPS = ("PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence")
_NEEDED = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")


@dataclass(frozen=True)
class Slice:
    """Where one slice lies, and where its pixels are.

    Args:
        path: of its file.
        frame: of that file, 0 for the first.
        size: (rows, columns).
        position: (3,) mm of its first pixel, to the person's left, back and head.
        axes: (6,) directions of a row and of a column.
        spacing: mm between rows and between columns.
    """

    path: Path
    frame: int
    size: tuple[int, int]
    position: Array
    axes: Array
    spacing: tuple[float, float]

    @property
    def normal(self) -> Array:
        """(3,) unit vector across the slice."""
        return np.cross(self.axes[:3], self.axes[3:])


def decode_series(folder: Path, *, where: str) -> Sample:
    """Read one series.

    Raises:
        DataError: there is no slice or more than one series; slices lack a position, differ
            in size or direction, stand twice, or are missing; a file cannot be decoded.
    """
    try:
        with quiet():
            slices, step = _laid(folder, where)
            stack = np.stack(_pixels(slices, where))
    except DataError:
        raise
    except Exception:  # damaged files make pydicom raise nearly anything
        raise refusal(where, expected="whole DICOM files", got="a damaged one") from None
    facts: dict[str, object] = {"format": "DICOM", "slices": len(slices)}
    return upright(np.transpose(stack, (2, 1, 0)), _affine(slices[0], step), facts=facts)


@dataclass(frozen=True)
class LaidSeries:
    """A series without its pixels: its slices from the first to the last, and how they lie."""

    slices: tuple[Slice, ...]
    geometry: Geometry


def lay_series(folder: Path, *, where: str) -> LaidSeries:
    """Where the slices of a series lie; nothing is decoded.

    Raises:
        DataError: as `decode_series` does.
    """
    try:
        with quiet():
            slices, step = _laid(folder, where)
    except DataError:
        raise
    except Exception:  # damaged files make pydicom raise nearly anything
        raise refusal(where, expected="whole DICOM files", got="a damaged one") from None
    rows, columns = slices[0].size
    nothing = np.broadcast_to(np.uint8(0), (columns, rows, len(slices)))
    sample = upright(nothing, _affine(slices[0], step), facts={"format": "DICOM"})
    return LaidSeries(tuple(slices), sample.geometry)


def _laid(folder: Path, where: str) -> tuple[list[Slice], float]:
    slices = _slices(folder, where)
    _refuse_unlike(slices, where)
    return _sorted(slices, where)


def _affine(first: Slice, step: float) -> Array:
    """(4, 4) column, row, slice -> mm to the person's right, front and head."""
    affine = np.eye(4)
    affine[:3, 0] = first.axes[:3] * first.spacing[1]
    affine[:3, 1] = first.axes[3:] * first.spacing[0]
    affine[:3, 2] = first.normal * step
    affine[:3, 3] = first.position
    affine[:2] *= -1  # DICOM counts to the left and back
    return affine


def _slices(folder: Path, where: str) -> list[Slice]:
    """The slices of all DICOM images in a folder, in the order of the files' names."""
    found: list[Slice] = []
    series: set[str] = set()
    for path in sorted(each for each in folder.iterdir() if each.is_file()):
        with path.open("rb") as stream:
            if not looks_like_dicom(stream.read(HEAD_BYTES)):
                continue
            header = read_dicom(stream, where=where, pixels=False)
        if not header.get("Rows"):  # a DICOMDIR, a report
            continue
        _refuse_kind(header, where)
        series.add(str(header.get("SeriesInstanceUID", "")))
        found += [
            slice_of(header, path, frame, where=where) for frame in range(frame_count(header))
        ]
    if not found:
        raise refusal(
            where, expected="a folder of DICOM slices", got="no DICOM image in it",
            remedy="Correct the path",
        )  # fmt: skip
    if len(series) > 1:
        raise refusal(
            where,
            expected="one series in a folder",
            got=f"{len(series)}",
            remedy="Give each series a folder of its own",
        )
    return found


def _refuse_kind(header: Dataset, where: str) -> None:
    """Refuse mosaics, colour and inverted grey before anything is decoded."""
    if "MOSAIC" in [str(word) for word in header.get("ImageType", [])]:
        raise refusal(
            where,
            expected="a slice a frame",
            got="a Siemens mosaic, many slices laid out in one picture",
            remedy="Convert it to NIfTI first, for instance with dcm2niix",
        )
    if header.get("PhotometricInterpretation") != "MONOCHROME2":
        raise refusal(
            where,
            expected="grey slices in which larger numbers are brighter (MONOCHROME2)",
            got="others",
            remedy="Export the series as MONOCHROME2",
        )


def slice_of(header: Dataset, path: Path, frame: int, *, where: str) -> Slice:
    """Where one frame of a DICOM file lies.

    Raises:
        DataError: the header does not say so.
    """
    own: dict[str, Any] = {name: header.get(name) for name in _NEEDED}
    for place in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        groups = header.get(place) or []
        group = groups[frame if place.startswith("Per") else 0] if len(groups) > 0 else Dataset()
        for name in GROUPS:
            for item in group.get(name) or []:
                own |= {key: item.get(key) for key in _NEEDED if item.get(key) is not None}
    if missing := [name for name in _NEEDED if own[name] is None]:
        raise refusal(
            where,
            expected="slices that say where they lie",
            got=f"one without {', '.join(missing)}",
            remedy="Export the series with its geometry",
        )
    spacing = tuple(float(side) for side in own["PixelSpacing"])
    return Slice(
        path,
        frame,
        (int(header.Rows), int(header.Columns)),
        np.array([float(each) for each in own["ImagePositionPatient"]]),
        np.array([float(each) for each in own["ImageOrientationPatient"]]),
        (spacing[0], spacing[1]),
    )


def _refuse_unlike(slices: list[Slice], where: str) -> None:
    """Refuse slices of other sizes, spacings or directions than the first."""
    first = slices[0]
    unlike = [
        each
        for each in slices[1:]
        if each.size != first.size
        or not np.allclose(each.axes, first.axes, atol=TURNED)
        or not np.allclose(each.spacing, first.spacing, rtol=TURNED)
    ]
    if unlike:
        raise refusal(
            where,
            expected="slices of one size, spacing and direction",
            got=f"{len(unlike)} of {len(slices)} that differ from the first",
            remedy="Leave localisers and other series out of the folder",
        )
    if len(slices) < 2:
        raise refusal(where, expected="at least two slices", got="one", remedy="Use modality image")
    if len(slices) * first.size[0] * first.size[1] > MAX_VOXELS:
        raise refusal(
            where, expected=f"at most {MAX_VOXELS // 10**6} million voxels", got="more",
            remedy="Check where the series comes from",
        )  # fmt: skip


def _sorted(slices: list[Slice], where: str) -> tuple[list[Slice], float]:
    """Slices from the first to the last along their normal, and the mm between them."""
    normal = slices[0].normal
    heights = np.array([float(each.position @ normal) for each in slices])
    order = np.argsort(heights, kind="stable")
    steps = np.diff(heights[order])
    usual = float(np.median(steps))
    if (steps < TURNED).any():
        raise refusal(
            where,
            expected="one slice at each place",
            got=f"{int((steps < TURNED).sum()) + 1} or more that share one",
            remedy="Leave repeated slices and other time points out",
        )
    wrong = np.abs(steps - usual) > UNEVEN * usual
    if wrong.any():
        gap = float(steps[wrong].max())
        raise refusal(
            where,
            expected=f"a slice every {usual:.4g} mm",
            got=f"{int(wrong.sum())} other distance(s), up to {gap:.4g} mm, so that slices are "
            "missing or unevenly spaced",
            remedy="Export the whole series again",
        )
    return [slices[place] for place in order], float(steps.mean())


def _pixels(slices: list[Slice], where: str) -> list[Array]:
    """(H, W) float32 of each slice, rescaled as its header says."""
    found: list[Array] = []
    datasets: dict[Path, Dataset] = {}
    for each in slices:
        if each.path not in datasets:
            datasets = {}  # one file at a time in memory; an enhanced one serves all its frames
            with each.path.open("rb") as stream:
                datasets[each.path] = read_dicom(stream, where=where)
        dataset = datasets[each.path]
        stored = stored_pixels(dataset, frame=each.frame, where=where)
        found.append(np.asarray(_rescaled(stored, dataset, each.frame), dtype=np.float32))
    return found


def _rescaled(stored: Array, dataset: Dataset, frame: int) -> Array:
    name = "PixelValueTransformationSequence"
    for place in ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"):
        groups = dataset.get(place) or []
        if len(groups) > 0:
            group = groups[frame if place.startswith("Per") else 0]
            for item in group.get(name) or []:
                return stored * float(item.RescaleSlope) + float(item.RescaleIntercept)
    return np.asarray(apply_modality_lut(stored, dataset))
