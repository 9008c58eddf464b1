"""An NRRD file, with its data inside or in a file beside it -> voxels as they are stored.

Enters: a .nrrd or .nhdr file (http://teem.sourceforge.net/nrrd/format.html). Leaves: a
`StoredVolume`. The header is read by pynrrd; the data are read here, no more bytes than it
announces, from no other folder than the header's.
"""

from __future__ import annotations

import bz2
import gzip
import math
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from bedside.errors import DataError
from bedside.extras import check_extra
from bedside.modalities.volume_files import STRUCTURES, StoredVolume, refusal, refuse_shape
from bedside.schema import Array

TYPES = {
    **dict.fromkeys(("signed char", "int8", "int8_t"), "i1"),
    **dict.fromkeys(("uchar", "unsigned char", "uint8", "uint8_t"), "u1"),
    **dict.fromkeys(("short", "short int", "signed short", "int16", "int16_t"), "i2"),
    **dict.fromkeys(("ushort", "unsigned short", "uint16", "uint16_t"), "u2"),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t"), "i4"),
    **dict.fromkeys(("uint", "unsigned int", "uint32", "uint32_t"), "u4"),
    "float": "f4",
    "double": "f8",
}
SIGNS = {
    "right-anterior-superior": (1, 1, 1),
    "left-anterior-superior": (-1, 1, 1),
    "left-posterior-superior": (-1, -1, 1),
}
"""Space -> what turns its axes to the person's right, front and head."""
SHORT = {"ras": "right-anterior-superior", "las": "left-anterior-superior",
         "lps": "left-posterior-superior"}  # fmt: skip
OPENERS: Mapping[str, Any] = {
    "gzip": gzip.open,
    "gz": gzip.open,
    "bzip2": bz2.open,
    "bz2": bz2.open,
}


def stored_nrrd(path: Path, *, where: str) -> StoredVolume:
    """Read an NRRD file.

    Raises:
        InstallError: pynrrd is not installed.
        DataError: it is damaged, too large, without geometry that can be understood, or its data
            lie in several files or in another folder.
    """
    check_extra("volumes", where="an NRRD file")
    import nrrd

    try:
        with path.open("rb") as stream:
            header = nrrd.read_header(stream)
            shape = tuple(int(side) for side in header["sizes"])
            affine, spatial, stated = _geometry(header, shape, where)
            refuse_shape(_sides(shape, spatial), where)
            values = _data(stream, header, shape, path=path, where=where)
    except DataError:
        raise
    except (OSError, EOFError, ValueError, LookupError, TypeError, zlib.error, nrrd.NRRDError):
        raise refusal(where, expected="a whole NRRD file", got="a damaged one") from None
    others = [axis for axis in range(len(shape)) if axis not in spatial]
    values = np.transpose(values, (*spatial, *others)).reshape(*_sides(shape, spatial)[:3], -1)
    facts: dict[str, object] = {
        "format": "NRRD", "bits": 8 * values.dtype.itemsize, "geometry_stated": stated
    }  # fmt: skip
    if named := _segments(header):
        facts[STRUCTURES] = named
    return StoredVolume(values, affine, facts)


def _sides(shape: tuple[int, ...], spatial: list[int]) -> tuple[int, ...]:
    others = [side for axis, side in enumerate(shape) if axis not in spatial]
    return (*(shape[axis] for axis in spatial), *others)


def _geometry(
    header: Mapping[str, Any], shape: tuple[int, ...], where: str
) -> tuple[Array, list[int], bool]:
    """Affine (4, 4), the three axes that lie in space, and whether the file says how they lie."""
    directions = header.get("space directions")
    affine = np.eye(4)
    if directions is None:
        spacings = np.asarray(header.get("spacings", np.ones(len(shape))), dtype=np.float64)
        spatial = [a for a in range(len(shape)) if np.isfinite(spacings[a])]
        if len(shape) > 3 and len(spatial) != 3:
            spatial = list(range(len(shape)))[-3:]
        affine[[0, 1, 2], [0, 1, 2]] = np.abs(spacings[spatial[:3]])
        return affine, spatial[:3], False
    rows = [np.full(3, np.nan) if row is None else np.asarray(row, float) for row in directions]
    spatial = [axis for axis, row in enumerate(rows) if np.isfinite(row).all()]
    space = str(header.get("space", "")).lower()
    space = SHORT.get(space, space)
    if len(spatial) != 3 or space not in SIGNS:
        raise refusal(
            where,
            expected="three axes in a space of right or left, front or back, and head",
            got=f"{len(spatial)} axes" if len(spatial) != 3 else "another space, or none",
            remedy="Write it again with the geometry of a scanner, or as NIfTI",
        )
    affine[:3, :3] = np.array([rows[axis] for axis in spatial]).T
    affine[:3, 3] = np.asarray(header.get("space origin", np.zeros(3)), dtype=np.float64)
    affine[:3] *= np.array(SIGNS[space])[:, None]
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise refusal(
            where,
            expected="directions that span space",
            got="others",
            remedy="Write the file again with its geometry",
        )
    return affine, spatial, True


def _data(
    stream: IO[bytes], header: Mapping[str, Any], shape: tuple[int, ...], *, path: Path, where: str
) -> Array:
    """The voxels, first axis fastest."""
    kind = TYPES[str(header["type"]).lower()]
    if not kind.endswith("1"):
        kind = {"big": ">", "little": "<"}[str(header["endian"]).lower()] + kind
    dtype = np.dtype(kind)
    size = math.prod(shape) * dtype.itemsize
    encoding = str(header["encoding"]).lower()
    beside = header.get("data file", header.get("datafile"))
    if beside is not None:
        with _beside(path, beside, where).open("rb") as other:
            content = _content(other, header, encoding, size=size)
    else:
        content = _content(stream, header, encoding, size=size)
    if len(content) != size:
        raise refusal(where, expected="as many voxels as announced", got="fewer")
    values = np.frombuffer(content, dtype=dtype).reshape(shape, order="F")
    return values.astype(dtype.newbyteorder("="), copy=False)


def _content(stream: IO[bytes], header: Mapping[str, Any], encoding: str, *, size: int) -> bytes:
    """So many bytes of data, behind the lines and bytes that the header says to skip."""
    for _ in range(int(header.get("line skip", header.get("lineskip", 0)))):
        stream.readline()
    skip = int(header.get("byte skip", header.get("byteskip", 0)))
    if encoding == "raw":
        if skip < 0:
            stream.seek(-size, 2)
        else:
            stream.seek(skip, 1)
        return stream.read(size)
    with OPENERS[encoding](stream) as unpacked:
        unpacked.read(max(0, skip))
        return bytes(unpacked.read(size))


def _beside(path: Path, name: object, where: str) -> Path:
    """The data's file, which lies in the header's folder."""
    words = str(name)
    found = (path.parent / words).resolve()
    several = words.upper().startswith("LIST") or "%" in words
    if several or not found.is_relative_to(path.parent.resolve()) or not found.is_file():
        raise refusal(
            where,
            expected="a header with one data file in its own folder",
            got="several" if several else "none there",
            remedy="Keep both files together, or write one .nrrd file",
        )
    return found


def _segments(header: Mapping[str, Any]) -> tuple[tuple[int, str], ...]:
    """Number and name of segments, as 3D Slicer writes them."""
    found = {}
    for key, name in header.items():
        if match := re.fullmatch(r"Segment(\d+)_Name", key):
            value = str(header.get(f"Segment{match[1]}_LabelValue", ""))
            if value.isdecimal():
                found[int(value)] = str(name)
    return tuple(sorted(found.items()))
