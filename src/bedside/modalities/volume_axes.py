"""The axes of a volume: from those of its file to those of a person, and exactly back.

Enters: voxels with the affine of their file. Leaves: voxels (D, H, W, ...), D from feet to head,
H from back to front, W from left to right, as near as whole turns and flips bring them; nothing is
interpolated, so the way back is exact. What it needs travels in the geometry: ``axes``, the
directions in which the stored axes run (``"LPS"``), and ``stored_affine``.
"""

from __future__ import annotations

import numpy as np

from bedside.extras import check_extra
from bedside.schema import Array, Geometry, Sample

RAS = ("R", "A", "S")
"""Nibabel's name of the axes that lead to the person's right, front and head."""


def upright(values: Array, affine: Array, *, facts: dict[str, object]) -> Sample:
    """Turn voxels to the nearest upright axes.

    Args:
        values: (I, J, K) or (I, J, K, C), the axes in the order of the affine's columns.
        affine: (4, 4) index -> mm to the person's right, front and head.
        facts: of the source.
    """
    check_extra("volumes", where="a volume's axes")
    import nibabel

    turn = nibabel.orientations.io_orientation(affine)
    lies = "".join(nibabel.orientations.ornt2axcodes(turn))
    back = nibabel.orientations.inv_ornt_aff(turn, values.shape[:3])
    values = nibabel.orientations.apply_orientation(values, turn)
    stored = tuple(tuple(map(float, row)) for row in affine)
    affine = affine @ back
    values = np.ascontiguousarray(np.swapaxes(values, 0, 2))
    affine = affine[:, [2, 1, 0, 3]]
    spacing = tuple(float(side) for side in np.linalg.norm(affine[:3, :3], axis=0))
    geometry = Geometry(
        shape=values.shape[:3],
        spacing_mm=spacing,
        affine=affine,
        source={**facts, "axes": lies, "stored_affine": stored},
    )
    return Sample(values, geometry)


def as_stored(values: Array, geometry: Geometry) -> tuple[Array, Array | None]:
    """The way back of `upright`: to the axes and the affine of the source, bit for bit.

    Args:
        values: (D, H, W) or (D, H, W, C) on the source's grid.
        geometry: of the source.

    Returns:
        Voxels (I, J, K) or (I, J, K, C), and their affine (4, 4) index -> mm to the right, front
        and head; None where the source, an array, states none. Axes that no file has given an
        order are W, H, D.

    Raises:
        ValueError: the values lie on another grid than the source.
    """
    check_extra("volumes", where="a volume's axes")
    import nibabel

    if values.shape[:3] != tuple(geometry.shape):
        raise ValueError(f"expected values on the grid {geometry.shape}, got {values.shape[:3]}")
    values = np.swapaxes(values, 0, 2)
    if "axes" not in geometry.source:
        affine = None if geometry.affine is None else geometry.affine[:, [2, 1, 0, 3]]
        return np.ascontiguousarray(values), affine
    names = nibabel.orientations.axcodes2ornt
    turn = nibabel.orientations.ornt_transform(names(RAS), names(tuple(geometry.source["axes"])))
    values = nibabel.orientations.apply_orientation(values, turn)
    return np.ascontiguousarray(values), np.array(geometry.source["stored_affine"])
