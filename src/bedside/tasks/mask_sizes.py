"""How large structures are, in the unit that their sources allow.

Enters: packed masks. Leaves: a column a structure: millilitres in volumes, pixels in pictures,
square millimetres too where the pixels' size is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np

from bedside.data.packed_mask import PackedMask
from bedside.schema import Array

Space: TypeAlias = Literal["volume", "plane", "pixels"]
"""What masks lie in: volumes, pictures whose pixels have a size in mm, or other pictures."""
MM3_PER_ML = 1000.0


def size_columns(
    masks: Array, names: Sequence[str], space: Space, *, prefix: str = ""
) -> dict[str, Array]:
    """(N,) packed masks -> columns (N,), such as ``volume_ml_<structure>``.

    Args:
        masks: of N cases.
        names: of the structures.
        space: what they lie in.
        prefix: in place of ``volume`` or ``area``.
    """
    counts, voxel = _counts(masks, len(names))
    if space == "volume":
        return {
            f"{prefix or 'volume'}_ml_{n}": counts[:, k] * voxel / MM3_PER_ML
            for k, n in enumerate(names)
        }
    word = prefix or "area"
    columns: dict[str, Array] = {f"{word}_px_{n}": counts[:, k] for k, n in enumerate(names)}
    if space == "plane":
        for k, name in enumerate(names):
            own = np.empty(len(masks), dtype=object)  # blank where a new picture has no spacing
            own[:] = ["" if np.isnan(a) else float(a) for a in counts[:, k] * voxel]
            columns[f"{word}_mm2_{name}"] = own
    return columns


def _counts(masks: Array, structures: int) -> tuple[Array, Array]:
    """(N, K) voxels of each structure, and (N,) mm3 of one voxel."""
    counts, voxel = np.zeros((len(masks), structures), np.int64), np.zeros(len(masks))
    for row, mask in enumerate(masks):
        own: PackedMask = mask
        found = np.bincount(own.voxels().reshape(-1), minlength=structures + 1)
        counts[row] = found[1 : structures + 1]
        voxel[row] = np.prod(own.spacing_mm)
    return counts, voxel
