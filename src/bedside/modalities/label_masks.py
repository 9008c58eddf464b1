"""One mask of labels -> whole numbers on the very axes of its volume, and back into a file.

Enters: a reference to a NIfTI file, a DICOM SEG or an array whose voxels hold the number of a
structure, 0 for the background. Leaves: a `Sample` (D, H, W), uint8 or uint16, turned upright as
`volume_files` turns the volume, its geometry that of the source. Back: a NIfTI file with the axes
and the affine of the source, equal bit for bit.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bedside.extras import check_extra
from bedside.modalities.volume_axes import as_stored, upright
from bedside.modalities.volume_files import STRUCTURES, laid_array, path_of, refusal, stored_volume
from bedside.schema import Array, Geometry, Reference, Sample

MOST = 65535
"""Largest number of a structure."""
WHOLE = 1e-3
"""How far a label stored as a fraction may be from a whole number."""
APART = 0.1
"""How far mask and image may lie apart at a corner, in the shortest side of a voxel."""
_MM = 2
"""NIfTI's code of the millimetre."""


def decode_mask(reference: Reference) -> Sample:
    """Decode one mask at full size.

    Args:
        reference: its content is a path of a file, or an array (D, H, W), which lies as it comes.

    Raises:
        DataError: missing, damaged, of several channels, with labels that are negative, larger
            than 65535 or no whole numbers; the message names `reference.where`.
    """
    where = reference.where
    if (laid := laid_array(reference)) is not None:
        return Sample(whole_labels(laid.values, where), laid.geometry())
    from bedside.modalities.mask_dicom import decode_segmentation, is_dicom

    path = path_of(reference)
    if is_dicom(path):
        return decode_segmentation(path, where=where)
    stored = stored_volume(path, where=where)
    return upright(whole_labels(stored.values, where), stored.affine, facts=stored.facts)


def whole_labels(values: Array, where: str) -> Array:
    """Whole numbers of any dtype (D, H, W) -> uint8, or uint16 where one is above 255.

    Raises:
        DataError: other axes, numbers below 0 or above 65535, or fractions.
    """
    if values.ndim == 4 and values.shape[3] == 1:
        values = values[..., 0]
    if values.ndim != 3 or 0 in values.shape:
        raise refusal(
            where,
            expected="a mask of three axes",
            got=f"shape {values.shape}",
            remedy="Write all structures into one mask, each with a number of its own",
        )
    if values.dtype == bool:
        return values.astype(np.uint8)
    if values.dtype.kind not in "uif":
        raise refusal(where, expected="one number a voxel", got=f"dtype {values.dtype.kind}")
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= MOST):
        raise refusal(
            where,
            expected=f"labels from 0 to {MOST}",
            got=f"numbers from {low:g} to {high:g}",
            remedy="Number the structures from 1 and the background 0",
        )
    dtype = np.uint8 if high < 256 else np.uint16
    if values.dtype.kind != "f":
        return values.astype(dtype)
    found = np.rint(values)
    if float(np.abs(values - found).max()) > WHOLE:
        raise refusal(
            where,
            expected="labels that are whole numbers",
            got="fractions",
            remedy="Use the mask itself, not an image of probabilities or an interpolated mask",
        )
    return found.astype(dtype)


def refuse_other_grid(mask: Geometry, image: Geometry, *, where: str) -> None:
    """Refuse a mask that does not lie on its image's voxels.

    Shapes must be equal; where both say how they lie, the corners may be a tenth of a voxel
    apart; where one says no more than its spacing, that is compared.

    Args:
        mask: of the upright mask.
        image: of its upright image.
        where: names the case.

    Raises:
        DataError: they differ.
    """
    if mask.shape != image.shape:
        raise refusal(
            where,
            expected="a mask on the voxels of its image",
            got=f"{_sides(mask)} of the mask and {_sides(image)} of the image",
            remedy=_AGAIN,
        )
    if mask.affine is None or image.affine is None:
        return
    shortest = min(np.linalg.norm(image.affine[:3, :3], axis=0))
    if mask.source.get("geometry_stated", True) and image.source.get("geometry_stated", True):
        apart = _corners(mask.affine, mask.shape) - _corners(image.affine, image.shape)
        distance = float(np.linalg.norm(apart, axis=1).max())
        if distance > APART * shortest:
            raise refusal(
                where,
                expected="a mask that lies where its image does",
                got=f"up to {distance:.3g} mm between their corners",
                remedy=_AGAIN,
            )
        return
    ours, theirs = (np.array(each.spacing_mm) for each in (mask, image))
    if (np.abs(ours - theirs) * mask.shape > APART * shortest).any():
        raise refusal(
            where,
            expected="a mask with the spacing of its image",
            got=" and ".join(" x ".join(f"{s:.4g}" for s in each) for each in (ours, theirs))
            + " mm",
            remedy=_AGAIN,
        )


_AGAIN = "Export mask and image together, on one grid"


def _sides(geometry: Geometry) -> str:
    return " x ".join(map(str, geometry.shape)) + " voxels"


def _corners(affine: Array, shape: tuple[int, ...]) -> Array:
    """(8, 3) mm."""
    ends = [(0, side - 1) for side in shape]
    return np.array(
        [affine[:3, :3] @ corner + affine[:3, 3] for corner in itertools.product(*ends)]
    )


def write_mask(
    path: Path, labels: Array, geometry: Geometry, *, structures: Mapping[str, int] | None = None
) -> None:
    """Write labels as NIfTI in the source's own axes and affine.

    Args:
        path: ends in .nii or .nii.gz.
        labels: (D, H, W) whole numbers on the source's grid, as `decode_mask` gives them.
        geometry: of the source, an image or a mask.
        structures: name -> number; they travel in the file, in a comment that others pass over.

    Raises:
        ValueError: the labels lie on another grid.
        OSError: the file cannot be written.
    """
    check_extra("volumes", where="a NIfTI file")
    import nibabel

    stored, affine = as_stored(labels, geometry)
    image = nibabel.Nifti1Image(stored, affine)
    if affine is not None:
        _place(image, affine, geometry.source)
    image.header.set_xyzt_units(_MM)
    if structures:
        note = json.dumps({STRUCTURES: structures}).encode()
        image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", note))
    partial = path.with_name(f".{path.name}")
    # nibabel tells the form by the name's ending, so the temporary name keeps it
    nibabel.save(image, partial)
    partial.replace(path)


def _place(image: object, affine: Array, facts: Mapping[str, object]) -> None:
    """The affine in the codes of the source; as a quaternion too, where it is one."""
    codes = facts.get("space_codes", (1, 1))
    sform, qform = codes if isinstance(codes, tuple) and any(codes) else (1, 1)
    header = image.header  # type: ignore[attr-defined]
    header.set_sform(affine, code=int(sform or qform))
    sides = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    square = np.allclose(sides.T @ sides, np.eye(3), atol=1e-4)
    header.set_qform(affine, code=int(qform or sform) if square else 0)


def names_told(geometry: Geometry) -> dict[int, str]:
    """Number -> name of the structures, where the source names them."""
    return {int(number): str(name) for number, name in geometry.source.get("structures", ())}
