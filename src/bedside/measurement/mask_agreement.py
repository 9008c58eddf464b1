"""How far two masks of one structure agree: overlap, surfaces in mm, volume in ml.

Enters: the true and the predicted mask (D, H, W) of one structure on one grid. Leaves: an
`Agreement`. A structure that one of the two lacks has Dice 0 and, as its distance, the diagonal of
the image: the worst there is, so that a mean over cases cannot hide it. Of a structure that
neither has there is nothing to say: None, which no mean takes for a number.

Definitions, with A and B the surfaces (see `surfaces`) and d(a, B) the distance of a point of A to
the nearest point of B:

- Dice: twice the common voxels by the voxels of both (Dice 1945, doi:10.2307/1932409).
- HD95: the 95th percentile of d(a, B) and that of d(b, A), the larger one (after Huttenlocher
  1993, doi:10.1109/34.232073).
- ASSD: the mean of all d(a, B) and d(b, A) together.
- Surface Dice at a tolerance: the share of all points of A and B with a distance of at most that
  (Nikolov 2021, doi:10.2196/26151), counted in surface voxels, not in their areas.

The same choices as MONAI's, against which they are tested. How such choices change the numbers:
Maier-Hein 2024, Metrics reloaded, doi:10.1038/s41592-023-02151-z.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bedside.measurement.surfaces import nearest_mm, surface_points
from bedside.schema import Array

TOLERANCE_MM = 1.0
MM3_PER_ML = 1000.0
Found = Literal["both", "missed", "invented"]


@dataclass(frozen=True)
class Agreement:
    """Two masks of one structure, compared.

    Args:
        dice: 0 to 1.
        surface_dice: share of the surfaces within the tolerance, 0 to 1.
        hd95_mm: 95th percentile of the distances of the surfaces.
        assd_mm: average symmetric distance of the surfaces.
        volume_difference_ml: predicted minus true volume.
        found: ``both`` masks have the structure; it was ``missed`` (the prediction lacks it) or
            ``invented`` (the truth lacks it).
    """

    dice: float
    surface_dice: float
    hd95_mm: float
    assd_mm: float
    volume_difference_ml: float
    found: Found


def agreement(
    truth: Array,
    predicted: Array,
    *,
    spacing_mm: Sequence[float],
    tolerance_mm: float = TOLERANCE_MM,
) -> Agreement | None:
    """Compare the true and the predicted mask of one structure.

    Args:
        truth: (D, H, W) bool.
        predicted: (D, H, W) bool.
        spacing_mm: distances of the grid's points along D, H and W.
        tolerance_mm: of the surface Dice.

    Returns:
        None where neither mask holds a voxel.

    Raises:
        ValueError: the masks lie on different grids.
    """
    if truth.shape != predicted.shape or truth.ndim != 3:
        raise ValueError(
            f"expected two masks (D, H, W) on one grid, got {truth.shape} and {predicted.shape}"
        )
    voxels = int(np.count_nonzero(truth)), int(np.count_nonzero(predicted))
    if not any(voxels):
        return None
    difference = (voxels[1] - voxels[0]) * float(np.prod(spacing_mm)) / MM3_PER_ML
    if not all(voxels):
        worst = float(np.linalg.norm(np.asarray(truth.shape) * np.asarray(spacing_mm)))
        return Agreement(0.0, 0.0, worst, worst, difference, "missed" if voxels[0] else "invented")
    there, back = surface_distances(truth, predicted, spacing_mm=spacing_mm)
    both = np.concatenate([there, back])
    return Agreement(
        dice=dice(truth, predicted),
        surface_dice=float((both <= tolerance_mm).mean()),
        hd95_mm=float(max(np.percentile(there, 95), np.percentile(back, 95))),
        assd_mm=float(both.mean()),
        volume_difference_ml=difference,
        found="both",
    )


def agreements(
    truth: Array,
    predicted: Array,
    numbers: Iterable[int],
    *,
    spacing_mm: Sequence[float],
    tolerance_mm: float = TOLERANCE_MM,
) -> dict[int, Agreement | None]:
    """Compare each structure of two masks of labels (D, H, W); see `agreement`."""
    return {
        number: agreement(
            truth == number,
            predicted == number,
            spacing_mm=spacing_mm,
            tolerance_mm=tolerance_mm,
        )
        for number in numbers
    }


def dice(truth: Array, predicted: Array) -> float:
    """Dice of two masks of which at least one holds a voxel.

    Raises:
        ValueError: neither does.
    """
    total = int(np.count_nonzero(truth)) + int(np.count_nonzero(predicted))
    if not total:
        raise ValueError("expected a voxel in at least one of two masks, got none")
    return 2 * int(np.count_nonzero(np.logical_and(truth, predicted))) / total


def surface_distances(
    truth: Array, predicted: Array, *, spacing_mm: Sequence[float]
) -> tuple[Array, Array]:
    """Mm from each surface point of the truth to the prediction's surface, and the way back."""
    ours, theirs = (surface_points(mask, spacing_mm) for mask in (truth, predicted))
    return nearest_mm(ours, theirs), nearest_mm(theirs, ours)
