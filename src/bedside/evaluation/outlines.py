"""Metrics of outlined structures, under many weightings of the same cases at once.

Enters: true and predicted masks of n cases. Leaves: a table of numbers, a case and a
structure each, and their means under weights (R, n). A structure that one of the two masks
lacks is as wrong as can be: Dice 0, and distances as long as the volume's diagonal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy import ndimage

from bedside.data.packed_mask import PackedMask
from bedside.schema import Array

if TYPE_CHECKING:
    from bedside.evaluation.kinds import Answers

NUMBERS = ("dice", "hd95_mm", "assd_mm", "volume_error_ml", "volume_difference_ml")
"""Columns of what is measured of each structure of a case."""
REMEMBERED = 100_000


@dataclass(frozen=True)
class Outlines:
    """n cases whose mask is known.

    Args:
        rows: (n,) rows of the N cases.
        names: K structures.
        numbers: (n, K, M), the columns of `NUMBERS`.
    """

    rows: Array
    names: tuple[str, ...]
    numbers: Array

    @classmethod
    def of(cls, answers: Answers) -> Self:
        """Compare the masks of every case whose truth is known."""
        truth = answers.targets.arrays
        rows = np.flatnonzero(truth["known"][:, 0])
        names = answers.targets.names
        found = np.empty((len(rows), len(names), len(NUMBERS)))
        for place, row in enumerate(rows):
            own, answered = truth["truth"][row], answers.prediction.arrays["mask"][row]
            found[place] = compare_masks(own, answered, len(names))
        return cls(rows, names, found)

    def column(self, metric: str, structure: int | None = None) -> Array:
        """(n,) numbers of one structure, or their mean over all of them."""
        own = self.numbers[:, :, NUMBERS.index(metric)]
        return np.asarray(own.mean(axis=1) if structure is None else own[:, structure])


@lru_cache(maxsize=REMEMBERED)
def compare_masks(truth: PackedMask, answered: PackedMask, structures: int) -> Array:
    """Two masks on one grid -> (K, M) numbers of each structure, columns as `NUMBERS`."""
    one, other = truth.voxels(), answered.voxels()
    found = [_compared(one == k, other == k, truth.spacing_mm) for k in range(1, structures + 1)]
    return np.array(found).reshape(structures, len(NUMBERS))


def _compared(truth: Array, answered: Array, spacing: tuple[float, ...]) -> list[float]:
    size, other = int(truth.sum()), int(answered.sum())
    millilitre = float(np.prod(spacing)) / 1000
    difference = (other - size) * millilitre
    if not size and not other:
        return [1.0, 0.0, 0.0, 0.0, 0.0]
    dice = 2 * int((truth & answered).sum()) / (size + other)
    if not size or not other:
        far = math.dist([0.0] * 3, [n * s for n, s in zip(truth.shape, spacing, strict=True)])
        return [dice, far, far, abs(difference), difference]
    hd95, mean = surface_distances(truth, answered, spacing)
    return [dice, hd95, mean, abs(difference), difference]


def surface_distances(
    one: Array, other: Array, spacing_mm: tuple[float, ...]
) -> tuple[float, float]:
    """Distances between the surfaces of two masks, in mm.

    Args:
        one: (D, H, W) bool, with at least one voxel.
        other: the same.
        spacing_mm: of the voxels along D, H and W.

    Returns:
        The 95th percentile of the distances from one surface to the other, the greater of
        both ways (Huttenlocher 1993, doi:10.1109/34.232073), and the mean over all voxels of
        both surfaces.
    """
    box = ndimage.find_objects((one | other).astype(np.uint8))[0]
    one, other = (np.pad(mask[box], 1) for mask in (one, other))
    edges = [mask & ~ndimage.binary_erosion(mask) for mask in (one, other)]
    away = [
        ndimage.distance_transform_edt(~edge, sampling=spacing_mm)[beside]
        for edge, beside in (edges, edges[::-1])
    ]
    hd95 = max(float(np.percentile(distances, 95)) for distances in away)
    return hd95, float(np.concatenate(away).mean())


def weighted_mean(values: Array, weights: Array) -> Array:
    """(n,) values, (R, n) weights -> (R,) means, NaN where all weights are 0."""
    total = weights.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(weights @ values / total)


def dice(own: Outlines, weights: Array, structure: int | None = None) -> Array:
    """Overlap: twice the common voxels over those of both masks (Dice 1945)."""
    return weighted_mean(own.column("dice", structure), weights)


def hd95_mm(own: Outlines, weights: Array, structure: int | None = None) -> Array:
    """95th percentile of the distances between both surfaces."""
    return weighted_mean(own.column("hd95_mm", structure), weights)


def assd_mm(own: Outlines, weights: Array, structure: int | None = None) -> Array:
    """Mean distance between both surfaces."""
    return weighted_mean(own.column("assd_mm", structure), weights)


def volume_error_ml(own: Outlines, weights: Array, structure: int | None = None) -> Array:
    """By how much volumes are wrong, whichever way."""
    return weighted_mean(own.column("volume_error_ml", structure), weights)


def volume_difference_ml(own: Outlines, weights: Array, structure: int | None = None) -> Array:
    """By how much predicted volumes are larger than true ones, on average."""
    return weighted_mean(own.column("volume_difference_ml", structure), weights)
