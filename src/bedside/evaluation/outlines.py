"""Metrics of outlined structures, under many weightings of the same cases at once.

Enters: true and predicted masks of n cases. Leaves: a table of numbers, a case and a
structure each, and their means under weights (R, n). A structure that one of the two masks
lacks is as wrong as can be: Dice 0, and distances as long as the volume's diagonal; one that
neither holds says nothing, and does not count.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy import stats

from bedside.data.packed_mask import PackedMask
from bedside.measurement.mask_agreement import Agreement, agreements
from bedside.schema import Array
from bedside.tasks.mask_sizes import Space

if TYPE_CHECKING:
    from bedside.evaluation.kinds import Answers

NUMBERS = (
    *("dice", "surface_dice", "hd95_mm", "assd_mm"),
    *("volume_error_ml", "volume_difference_ml"),
)
"""Columns of what is measured of each structure of a case."""
OF_SPACE: Mapping[Space, tuple[str, str, str, str]] = {
    "volume": ("hd95_mm", "assd_mm", "volume_error_ml", "volume_difference_ml"),
    "plane": ("hd95_mm", "assd_mm", "area_error_mm2", "area_difference_mm2"),
    "pixels": ("hd95_px", "assd_px", "area_error_px", "area_difference_px"),
}
"""What the last four columns are called where masks lie in volumes or in pictures."""
PER_ML = 1000
"""Square millimetres, or pixels, of a plane one thick."""
REMEMBERED = 100_000


@dataclass(frozen=True)
class Outlines:
    """n cases whose mask is known.

    Args:
        rows: (n,) rows of the N cases.
        names: K structures.
        numbers: (n, K, M), the columns of `NUMBERS`.
        quality: (n, K) the Dice that the model expected; None where it does not say.
    """

    rows: Array
    names: tuple[str, ...]
    numbers: Array
    quality: Array | None = None

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
        quality = answers.prediction.arrays.get("quality")
        return cls(rows, names, found, None if quality is None else quality[rows])

    def column(self, metric: str, structure: int | None = None) -> Array:
        """(n,) numbers of one structure, or their mean over those that are there; NaN for none."""
        own = self.numbers[:, :, NUMBERS.index(metric)]
        if structure is not None:
            return np.asarray(own[:, structure])
        return _mean_of_known(own)


@lru_cache(maxsize=REMEMBERED)
def compare_masks(truth: PackedMask, answered: PackedMask, structures: int) -> Array:
    """Two masks on one grid -> (K, M) numbers of each structure, columns as `NUMBERS`."""
    numbers = range(1, structures + 1)
    found = agreements(truth.voxels(), answered.voxels(), numbers, spacing_mm=truth.spacing_mm)
    return np.array([_numbers(found[k]) for k in numbers]).reshape(structures, len(NUMBERS))


def _numbers(found: Agreement | None) -> list[float]:
    """One row of the table; a structure that neither mask holds has none."""
    if found is None:
        return [math.nan] * len(NUMBERS)
    return [
        found.dice,
        found.surface_dice,
        found.hd95_mm,
        found.assd_mm,
        abs(found.volume_difference_ml),
        found.volume_difference_ml,
    ]


def weighted_mean(values: Array, weights: Array) -> Array:
    """(n,) values, (R, n) weights -> (R,) means of what is a number, NaN where nothing is."""
    known = np.isfinite(values)
    total = weights[:, known].sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(weights[:, known] @ values[known] / total)


def dice(own: Outlines, weights: Array, structure: int | None = None) -> Array:
    """Overlap: twice the common voxels over those of both masks (Dice 1945)."""
    return weighted_mean(own.column("dice", structure), weights)


def surface_dice(own: Outlines, weights: Array, structure: int | None = None) -> Array:
    """Share of both surfaces within 1 mm, or pixel, of the other (Nikolov 2021)."""
    return weighted_mean(own.column("surface_dice", structure), weights)


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


def area_error(own: Outlines, weights: Array, structure: int | None = None) -> Array:
    """By how much areas are wrong, whichever way, in mm2 or pixels."""
    return PER_ML * volume_error_ml(own, weights, structure)


def area_difference(own: Outlines, weights: Array, structure: int | None = None) -> Array:
    """By how much predicted areas are larger than true ones, in mm2 or pixels."""
    return PER_ML * volume_difference_ml(own, weights, structure)


def quality_error(own: Outlines, weights: Array, structure: int | None = None) -> Array:
    """How far the Dice that the model expected lies from the real one, whichever way."""
    if own.quality is None:
        return np.full(len(weights), np.nan)
    away = np.abs(own.quality - own.numbers[:, :, NUMBERS.index("dice")])
    if structure is not None:
        return weighted_mean(away[:, structure], weights)
    return weighted_mean(_mean_of_known(away), weights)


def quality_rank(own: Outlines, weights: Array, structure: int | None = None) -> Array:
    """Whether cases that were expected to be worse were worse: Spearman's rank correlation."""
    if own.quality is None:
        return np.full(len(weights), np.nan)
    told = own.quality.mean(axis=1) if structure is None else own.quality[:, structure]
    real = own.column("dice", structure)
    known = np.isfinite(real)
    ranks = np.stack([stats.rankdata(told[known]), stats.rankdata(real[known])])
    use = weights[:, known]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = use / use.sum(axis=1, keepdims=True)
        away = ranks[:, None] - (share @ ranks.T).T[:, :, None]
        one, other, both = (
            (share * product).sum(axis=1)
            for product in (away[0] ** 2, away[1] ** 2, away[0] * away[1])
        )
        return np.asarray(both / np.sqrt(one * other))


def _mean_of_known(values: Array) -> Array:
    """(n, K) -> (n,), NaN where nothing is known."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a case with none of the structures
        return np.asarray(np.nanmean(values, axis=1))
