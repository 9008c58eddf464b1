"""Simple outlines: where structures mostly lie, and how bright they mostly are.

Enters: volumes with masks, as `VolumeLesson`. Leaves: masks a case, on the grids of the
sources. Both look at no more than a few hundred thousand voxels a case: larger volumes are
made coarser for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from bedside.baselines.contract import FittedOutliner, VolumeLesson
from bedside.data.packed_mask import as_masks, pack
from bedside.modalities.mask_grid import resampled_labels
from bedside.modalities.volume_grid import Size, resampled
from bedside.schema import Array, Arrays, Rows, State

MOST_VOXELS = 250_000
ATLAS_SIDE = 64
SHARES = np.linspace(0.05, 0.95, 19)
BINS = 96


@dataclass(frozen=True)
class Outlined:
    """A fitted peer, as the function of a volume (C, D, H, W) that answers labels (D, H, W)."""

    name: str
    label: Callable[[Array], Array]

    def outline(self, arrays: Mapping[str, Rows]) -> Arrays:
        """Masks (N,) on the grids of the sources."""
        masks = []
        values = arrays[f"{self.name}.values"]
        for row in range(len(values)):
            one = slice(row, row + 1)
            depth, height, width = map(int, arrays[f"{self.name}.source"][one][0])
            labels = resampled_labels(self.label(values[one][0]), (depth, height, width))
            masks.append(pack(labels, tuple(map(float, arrays[f"{self.name}.spacing"][one][0]))))
        return {"mask": as_masks(masks)}


class MeanAtlas:
    """The mean of the training masks, stretched over each volume.

    A voxel belongs to the structure that is commonest there among the training masks, if it
    is there in more than a share of them; that share is chosen on the training cases, one a
    structure, as the one of the best Dice.
    """

    name = "mean-atlas"

    def fit_volumes(
        self,
        training: VolumeLesson,
        *,
        validation: VolumeLesson,
        state: State,
        seed: int,
        threads: int,
    ) -> FittedOutliner:
        """Average the masks; the arguments are those of `Outliner.fit_volumes`."""
        del validation, seed, threads  # nothing drawn, nothing to share out
        structures = len(state["names"])
        shapes = np.array([grid.shape for grid in training.grids()])
        size = _size(np.median(shapes, axis=0))
        masks = [resampled_labels(grid, size) for grid in training.grids()]
        share = np.stack(
            [np.mean([m == k for m in masks], axis=0) for k in range(1, structures + 1)]
        ).astype(np.float32)
        least = [_best_share(share[k], [m == k + 1 for m in masks]) for k in range(structures)]

        def label(values: Array) -> Array:
            shape = coarse(values.shape[1:])
            own = np.stack([resampled(part, shape) for part in share])
            above = own / np.array(least, np.float32)[:, None, None, None]
            found = above.argmax(axis=0) + 1
            return np.where(above.max(axis=0) >= 1, found, 0).astype(np.uint8)

        return Outlined(training.name, label)


class VoxelThreshold:
    """A range of intensities for each structure, chosen on training voxels by Dice.

    Where ranges meet, an intensity belongs to the structure that has more such voxels.
    """

    name = "voxel-threshold"

    def fit_volumes(
        self,
        training: VolumeLesson,
        *,
        validation: VolumeLesson,
        state: State,
        seed: int,
        threads: int,
    ) -> FittedOutliner:
        """Choose the ranges; the arguments are those of `Outliner.fit_volumes`."""
        del validation, seed, threads  # nothing drawn, nothing to share out
        structures = len(state["names"])
        cases = [(v[0].astype(np.float32), grid) for v, grid in training.cases()]
        some = np.concatenate([v.reshape(-1)[:: max(1, v.size // 2000)] for v, _ in cases])
        edges = np.unique(np.quantile(some, np.linspace(0, 1, BINS + 1)[1:-1]))
        counts = np.zeros((structures + 1, len(edges) + 1))
        for values, grid in cases:
            place = np.searchsorted(edges, values.reshape(-1))
            code = grid.reshape(-1).astype(np.int64) * counts.shape[1] + place
            counts += np.bincount(code, minlength=counts.size).reshape(counts.shape)
        table = _table_of_labels(counts)

        def label(values: Array) -> Array:
            shape = coarse(values.shape[1:])
            own = resampled(values[0].astype(np.float32), shape)
            return np.asarray(table[np.searchsorted(edges, own)])

        return Outlined(training.name, label)


def coarse(shape: tuple[int, ...]) -> Size:
    """(D, H, W) of a volume made coarser to at most `MOST_VOXELS`, alike along each axis."""
    factor = min(1.0, (MOST_VOXELS / float(np.prod(shape))) ** (1 / 3))
    depth, height, width = (max(1, round(side * factor)) for side in shape)
    return depth, height, width


def _size(typical: Array) -> Size:
    factor = min(1.0, ATLAS_SIDE / float(typical.max()))
    depth, height, width = (max(1, round(float(side) * factor)) for side in typical)
    return depth, height, width


def _best_share(share: Array, masks: list[Array]) -> float:
    """The least share at which a voxel counts, by mean Dice over training masks."""
    marks = []
    for least in SHARES:
        atlas = share >= least
        marks.append(np.mean([_dice(atlas, mask) for mask in masks]))
    return float(SHARES[int(np.argmax(marks))])


def _dice(one: Array, other: Array) -> float:
    size = int(one.sum()) + int(other.sum())
    return 1.0 if not size else 2 * int((one & other).sum()) / size


def _table_of_labels(counts: Array) -> Array:
    """(K + 1, B) voxels by label and intensity -> (B,) label of each intensity."""
    whole = counts.sum(axis=0)
    claims = np.zeros_like(counts[1:])
    for k, own in enumerate(counts[1:]):
        inside = _between(own)
        taken = _between(whole)
        dice = np.where(np.tri(len(own), dtype=bool).T, 2 * inside / (taken + own.sum() + 1e-9), -1)
        first, last = np.unravel_index(int(np.argmax(dice)), dice.shape)
        claims[k, first : last + 1] = own[first : last + 1] + 1e-9
    best = claims.argmax(axis=0) + 1
    return np.where(claims.max(axis=0) > 0, best, 0).astype(np.uint8)


def _between(counts: Array) -> Array:
    """(B, B): the sum from bin i to bin j, both included; of no meaning where j < i."""
    sums = np.concatenate([[0.0], np.cumsum(counts)])
    return np.asarray(sums[None, 1:] - sums[:-1, None])
