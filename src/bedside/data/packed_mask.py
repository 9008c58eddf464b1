"""A label mask that takes little room: what a table of masks is made of.

Enters: voxels (D, H, W) of whole numbers and their spacing. Leaves: the same, compressed; a
mask of 100 million voxels takes some hundred kilobytes, so that all masks of a cohort, and all
that models answered, are held side by side and unpacked one at a time.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, field

import numpy as np

from bedside.schema import Array, Geometry

FASTEST = 1
"""Of zlib's levels; runs of zeros are short at any."""


@dataclass(frozen=True, eq=False)
class PackedMask:
    """One mask.

    Args:
        shape: (D, H, W).
        spacing_mm: distance of neighbouring voxels along each.
        content: the voxels, compressed.
        dtype: of the voxels, such as ``"uint8"``.
        geometry: of the file it was read from.
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    content: bytes
    dtype: str = "uint8"
    geometry: Geometry = field(default_factory=Geometry)

    def voxels(self) -> Array:
        """(D, H, W) of `dtype`, a new array."""
        flat = np.frombuffer(zlib.decompress(self.content), dtype=self.dtype)
        return flat.reshape(self.shape).copy()

    @property
    def digest(self) -> str:
        """Names the voxels and their grid; tells nothing of them."""
        words = f"{self.shape}{self.spacing_mm}{self.dtype}".encode()
        return hashlib.sha256(words + self.content).hexdigest()


def pack(
    voxels: Array, spacing_mm: tuple[float, ...], geometry: Geometry | None = None
) -> PackedMask:
    """Compress whole numbers (D, H, W)."""
    depth, height, width = voxels.shape
    one, two, three = map(float, spacing_mm)
    content = zlib.compress(np.ascontiguousarray(voxels).data, FASTEST)
    return PackedMask(
        (depth, height, width),
        (one, two, three),
        content,
        voxels.dtype.name,
        geometry or Geometry(shape=voxels.shape),
    )


def as_masks(masks: list[PackedMask]) -> Array:
    """(N,) object array of masks, as targets and predictions hold them."""
    found = np.empty(len(masks), dtype=object)
    found[:] = masks
    return found
