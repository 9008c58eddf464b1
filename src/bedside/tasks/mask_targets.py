"""The masks of a cohort: read, checked, and numbered as the study's structures are.

Enters: a cohort with a column of label masks. Leaves: `Targets` of kind ``mask``. Every
fault of every row is named at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from bedside.data.packed_mask import PackedMask, as_masks, pack
from bedside.errors import DataError, Problems
from bedside.modalities.label_masks import decode_mask
from bedside.modalities.picture_masks import decode_picture_mask, is_picture
from bedside.schema import Array, Reference, Targets

if TYPE_CHECKING:
    from bedside.data.cohort import Cohort

LARGEST_LABEL = 255
MOST_STRUCTURES = 64
"""More numbers than that are intensities, not labels."""


def read_masks(cohort: Cohort, column: str, *, structures: Mapping[str, int] | None) -> Targets:
    """Read the masks of all cases.

    Args:
        cohort: N cases.
        column: of the masks.
        structures: name -> number; None takes every number that is found.

    Raises:
        DataError: masks that cannot be read, are no masks, or hold numbers that are no
            structure's, by row; or no mask holds any structure.
    """
    problems, masks = Problems(DataError), []
    cells = cohort.cases[column] if column in cohort.cases.columns else None
    for row in range(len(cohort)):
        blank = cells is not None and (cells.isna().iloc[row] or not str(cells.iloc[row]).strip())
        masks.append(None if blank else _read(cohort, row, column, problems=problems))
    problems.raise_if_any()
    found = sorted({label for mask in masks if mask for label in mask[1]} - {0})
    _check_labels(cohort, masks, found, structures=structures, column=column)
    labels = dict(structures) if structures else {f"structure_{n}": n for n in found}
    numbers = np.zeros(LARGEST_LABEL + 1, dtype=np.uint8)
    numbers[list(labels.values())] = 1 + np.arange(len(labels))
    empty = pack(np.zeros((1, 1, 1), np.uint8), (1.0, 1.0, 1.0))
    packed = [empty if m is None else _renumbered(m[0], numbers) for m in masks]
    known = np.array([[mask is not None] for mask in masks], dtype=bool).reshape(-1, 1)
    arrays = {"truth": as_masks(packed), "known": known}
    return Targets(arrays, tuple(labels), "mask", {"labels": labels})


def _read(
    cohort: Cohort, row: int, column: str, *, problems: Problems
) -> tuple[PackedMask, set[int]] | None:
    try:
        reference = cohort.reference(row, column)
        where = f"{reference.where}, column '{column}'"
        own = Reference(where, reference.content)
        sample = decode_picture_mask(own) if is_picture(own) else decode_mask(own)
    except DataError as error:
        problems.found.append(str(error))
        return None
    voxels, geometry = np.asarray(sample.values), sample.geometry
    labels = np.flatnonzero(np.bincount(voxels.reshape(-1)))
    spacing = geometry.spacing_mm or (1.0, 1.0, 1.0)
    return pack(voxels, spacing, geometry), set(labels.tolist())


def _check_labels(
    cohort: Cohort,
    masks: list[tuple[PackedMask, set[int]] | None],
    found: list[int],
    *,
    structures: Mapping[str, int] | None,
    column: str,
) -> None:
    problems = Problems(DataError)
    listed = sorted((structures or {}).values())
    if not found or (structures is None and max(len(found), found[-1] // 4) > MOST_STRUCTURES):
        problems.add(
            f"{cohort.source}, column '{column}'",
            expected=f"masks of 1 to {MOST_STRUCTURES} structures, numbered from 1",
            got=f"{len(found)} different numbers above 0, the largest {max(found, default=0)}",
            remedy="Name the column that holds the masks",
        )
    for row, mask in enumerate(masks):
        others = (
            set() if mask is None or structures is None else mask[1] - {0, *structures.values()}
        )
        if others:
            problems.add(
                f"{cohort.where(row)}, column '{column}'",
                expected=f"no numbers but those of target.structures, {listed}",
                got=", ".join(map(str, sorted(others))),
                remedy="Add them to target.structures, or correct the mask",
            )
    problems.raise_if_any()


def _renumbered(mask: PackedMask, numbers: Array) -> PackedMask:
    """The same with 1, 2... in the order of the structures."""
    return pack(numbers[mask.voxels()], mask.spacing_mm, mask.geometry)
