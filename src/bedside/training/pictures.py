"""Pictures with their masks, laid out as volumes of one plane.

Enters: images as read and their masks. Leaves: masks that know how large a pixel is, and what
they lie in: pixels with a size in mm, where every picture states it, or pixels alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from bedside.data.packed_mask import PackedMask, as_masks
from bedside.errors import DataError, Problems
from bedside.schema import Array, Targets

if TYPE_CHECKING:
    from bedside.modalities.reading import Readings
    from bedside.tasks.mask_sizes import Space


def on_pictures(
    targets: Targets, readings: Readings, rows: Array, *, where: Callable[[int], str]
) -> Targets:
    """Check that masks have their pictures' pixels, and give them their size.

    Args:
        targets: kind ``mask``, of N cases.
        readings: the pictures.
        rows: of the cases that are used.
        where: names a row in messages.

    Raises:
        DataError: a mask has other pixels than its picture, by row.
    """
    masks: list[PackedMask] = list(targets.arrays["truth"])
    problems, spacings = Problems(DataError), []
    for row in map(int, rows):
        (sample,) = readings.at([row])
        height, width = sample.geometry.shape[:2]
        if masks[row].shape != (1, height, width):
            problems.add(
                where(row),
                expected=f"a mask of {height} x {width} pixels, as its picture",
                got=" x ".join(map(str, masks[row].shape[1:])),
                remedy="Export picture and mask together, at one size",
            )
        spacings.append(sample.geometry.spacing_mm)
    problems.raise_if_any()
    space: Space = "plane" if spacings and all(spacings) else "pixels"
    for row, spacing in zip(map(int, rows), spacings, strict=True):
        sides = (1.0, 1.0) if space == "pixels" or spacing is None else spacing[:2]
        masks[row] = replace(masks[row], spacing_mm=(1.0, float(sides[0]), float(sides[1])))
    facts = {**targets.facts, "space": space, "judged_as": f"mask in {space}"}
    return replace(targets, arrays={**targets.arrays, "truth": as_masks(masks)}, facts=facts)
