"""One volume file, folder of slices, or array -> voxels that lie as a person does.

Enters: a reference to a NIfTI file (.nii, .nii.gz), an NRRD file, to a folder that holds one
DICOM series, or to an array (D, H, W) or (D, H, W, C), alone or with its affine. Leaves: a `Sample`
in the file's own units, turned to the nearest upright axes, see `volume_axes`; the geometry
holds spacing and affine of those axes. 8-bit volumes stay uint8; anything else becomes
float32. Arrays lie as they come.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bedside.data.quiet_readers import quiet
from bedside.errors import DataError, sentence
from bedside.extras import check_extra
from bedside.modalities.volume_axes import upright
from bedside.schema import Array, Geometry, Reference, Sample

NRRD_SUFFIXES = (".nrrd", ".nhdr")
MAX_VOXELS = 1_000_000_000
"""Largest volume that is decoded, over all channels; a long CT has 300 million."""
MAX_CHANNELS = 16
"""More volumes in one file are a film over time, not sequences of one examination."""
STRUCTURES = "structures"
"""Fact of a mask's source: number and name of each structure."""
AGAIN = "Copy or export the file again from its source, or leave the row out"


def decode_volume(reference: Reference) -> Sample:
    """Decode one volume at full size.

    Args:
        reference: its content is a path of a file or folder, or an array.

    Raises:
        DataError: missing, empty, damaged, no volume, too large, of too many channels, with
            values that are not finite, or a series with missing slices; the message names
            `reference.where`.
    """
    where = reference.where
    if (laid := laid_array(reference)) is not None:
        return Sample(_numbers(laid.values, where), laid.geometry())
    path = path_of(reference)
    if path.is_dir():
        from bedside.modalities.volume_dicom import decode_series

        return decode_series(path, where=where)
    stored = stored_volume(path, where=where)
    return upright(_numbers(stored.values, where), stored.affine, facts=stored.facts)


@dataclass(frozen=True)
class StoredVolume:
    """Voxels as a file holds them.

    Args:
        values: (I, J, K, C) in the file's dtype and order.
        affine: (4, 4) index -> mm to the person's right, front and head.
        facts: of the file.
    """

    values: Array
    affine: Array
    facts: dict[str, object]


@dataclass(frozen=True)
class LaidArray:
    """An array that lies as it comes: (D, H, W) or (D, H, W, C), affine (4, 4) or None."""

    values: Array
    affine: Array | None = None

    def geometry(self) -> Geometry:
        """Its geometry; spacing and affine where it comes with an affine."""
        facts = {"format": "array", "bits": 8 * self.values.dtype.itemsize}
        shape = self.values.shape[:3]
        if self.affine is None:
            return Geometry(shape=shape, source=facts)
        spacing = tuple(float(side) for side in np.linalg.norm(self.affine[:3, :3], axis=0))
        return Geometry(shape=shape, spacing_mm=spacing, affine=self.affine, source=facts)


def laid_array(reference: Reference) -> LaidArray | None:
    """The array of a reference, which may be ``{"voxels": array, "affine": array}``; else None."""
    content = reference.content
    if isinstance(content, np.ndarray):
        return LaidArray(content)
    if isinstance(content, Mapping) and {"voxels", "affine"} <= set(content):
        return LaidArray(content["voxels"], np.asarray(content["affine"], dtype=np.float64))
    return None


def path_of(reference: Reference) -> Path:
    """The path of a reference.

    Raises:
        DataError: it is none.
    """
    if not isinstance(reference.content, str | Path):
        raise refusal(
            reference.where,
            expected="a path or an array of voxels",
            got=type(reference.content).__name__,
            remedy="Name the column that holds the volumes",
        )
    return Path(reference.content)


def refusal(where: str, *, expected: str, got: str, remedy: str = AGAIN) -> DataError:
    """The error of one unreadable volume; the arguments are those of `errors.sentence`."""
    return DataError(sentence(where, expected=expected, got=got, remedy=remedy))


def stored_volume(path: Path, *, where: str) -> StoredVolume:
    """Read a NIfTI or NRRD file as it is.

    Raises:
        DataError: it is missing, damaged, of another form, too large or without a sound affine.
    """
    if not path.is_file():
        raise refusal(where, expected="a file", got="none there", remedy="Correct the path")
    if path.suffix.lower() in NRRD_SUFFIXES:
        from bedside.modalities.volume_nrrd import stored_nrrd

        return stored_nrrd(path, where=where)
    check_extra("volumes", where="a NIfTI file")
    import nibabel
    from nibabel.filebasedimages import ImageFileError

    try:
        with quiet():
            image = nibabel.load(path)
    except (ImageFileError, OSError, EOFError, ValueError, zlib.error):
        raise refusal(
            where,
            expected="a NIfTI or NRRD file, or a folder with one DICOM series",
            got="something else, or a damaged file",
        ) from None
    if not isinstance(image, nibabel.Nifti1Image):
        raise refusal(where, expected="a NIfTI file", got=f"{type(image).__name__}")
    refuse_shape(image.shape, where)
    affine = np.asarray(image.affine, dtype=np.float64)
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise refusal(
            where,
            expected="an affine that can be inverted",
            got="one that cannot",
            remedy="Write the file again with its geometry",
        )
    try:
        values = np.asanyarray(image.dataobj)
    except (OSError, EOFError, ValueError, zlib.error):
        raise refusal(where, expected="as many voxels as announced", got="fewer") from None
    codes = int(image.header["sform_code"]), int(image.header["qform_code"])
    facts: dict[str, object] = {
        "format": "NIfTI",
        "bits": 8 * values.dtype.itemsize,
        "geometry_stated": any(codes),
        "space_codes": codes,
    }
    if named := _structures(image.header.extensions):
        facts[STRUCTURES] = named
    return StoredVolume(values.reshape(*image.shape[:3], -1), affine, facts)


def _structures(notes: Iterable[Any]) -> tuple[tuple[int, str], ...]:
    """Number and name of the structures, from a comment that `label_masks.write_mask` wrote."""
    for note in notes:
        try:
            words = json.loads(note.text)[STRUCTURES]
            return tuple((int(number), str(name)) for name, number in words.items())
        except (ValueError, LookupError, TypeError, AttributeError):
            continue
    return ()


def refuse_shape(shape: tuple[int, ...], where: str) -> None:
    """Refuse what is no volume, has too many channels, or is too large.

    Raises:
        DataError: see above.
    """
    extra = int(np.prod(shape[3:])) if len(shape) > 3 else 1
    if len(shape) < 3 or 0 in shape:
        raise refusal(where, expected="a volume of three axes", got=f"shape {tuple(shape)}")
    if extra > MAX_CHANNELS:
        raise refusal(
            where,
            expected=f"one volume, or at most {MAX_CHANNELS} channels",
            got=f"{extra} volumes in one file",
            remedy="Export the volume that matters as a file of its own",
        )
    if np.prod(shape, dtype=np.float64) > MAX_VOXELS:
        raise refusal(
            where,
            expected=f"at most {MAX_VOXELS // 10**6} million voxels",
            got=f"{np.prod(shape, dtype=np.float64) / 1e6:.0f} million",
            remedy="Check where the file comes from, and resample it if it is sound",
        )


def _numbers(values: Array, where: str) -> Array:
    """(D, H, W) or (D, H, W, C > 1), uint8 or finite float32.

    Raises:
        DataError: other axes, no numbers, or values that are not finite.
    """
    if values.ndim not in (3, 4):
        raise refusal(
            where,
            expected="an array (D, H, W) or (D, H, W, C)",
            got=f"shape {values.shape}",
            remedy="Name the column that holds volumes, or use modality image",
        )
    refuse_shape(values.shape, where)
    if values.ndim == 4 and values.shape[3] == 1:
        values = values[..., 0]
    if values.dtype == np.uint8:
        return values
    if values.dtype.kind not in "buif":
        raise refusal(
            where,
            expected="one number a voxel",
            got=f"dtype {values.dtype.kind}",
            remedy="Export the volume as integers or floats",
        )
    if values.dtype == bool:
        return values.astype(np.uint8) * np.uint8(255)
    found = values.astype(np.float32)
    if not np.isfinite(found).all():
        raise refusal(
            where,
            expected="finite numbers",
            got="some that are not",
            remedy="Replace them by the background's value",
        )
    return found
