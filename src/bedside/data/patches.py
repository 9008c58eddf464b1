"""Boxes of one size cut out of volumes of unequal size, as rows that are looked up.

Enters: volumes and their masks, as `Ragged`. Leaves: M patches; which volume patch i lies
in, and where, follows from i and a seed alone, so that volume and mask are cut alike, and a
training that goes on draws what it would have drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bedside.data.ragged import Ragged
from bedside.schema import Array

PER_CASE = 4096
"""Different patches of one case, where their places are drawn."""
ON_STRUCTURES = 1 / 3
"""Of drawn patches, so many have a voxel of a structure in their middle."""
MOST_PLACES = 512
"""Voxels of one structure of one case that such middles are drawn from."""
Box = tuple[int, int, int]


@dataclass(frozen=True)
class Places:
    """Where each of M patches lies.

    Args:
        shapes: (D, H, W) of each of N volumes.
        size: of a patch.
        structures: volume -> a list of (n, 3) voxels for each structure it holds.
        seed: of drawn places; None for `spread` ones.
        spread: (M, 4) volume and start of patches whose places are given.
    """

    shapes: Sequence[Box]
    size: Box
    structures: Sequence[Sequence[Array]] = ()
    seed: int | None = None
    spread: Array = field(default_factory=lambda: np.zeros((0, 4), np.int64))

    def __len__(self) -> int:
        return len(self.spread) if self.seed is None else PER_CASE * len(self.shapes)

    def at(self, row: int) -> tuple[int, Box]:
        """The volume of a patch, and where it begins; below 0 where the volume is the smaller."""
        if self.seed is None:
            case, *start = map(int, self.spread[row])
            return case, (start[0], start[1], start[2])
        case = row % len(self.shapes)
        rng = np.random.default_rng([self.seed, row])
        shape = np.array(self.shapes[case])
        size = np.array(self.size)
        room = np.maximum(shape - size, 0)
        start = rng.integers(0, room + 1)
        held = self.structures[case]
        if held and rng.random() < ON_STRUCTURES:
            voxels = held[int(rng.integers(len(held)))]
            start = np.clip(voxels[int(rng.integers(len(voxels)))] - size // 2, 0, room)
        start = np.where(shape < size, (shape - size) // 2, start)
        return case, (int(start[0]), int(start[1]), int(start[2]))


def draw_places(masks: Ragged, size: Box, *, seed: int) -> Places:
    """Places of training patches: anywhere, a third of them on a structure, each as likely."""
    shapes, held = [], []
    for row in range(len(masks)):
        mask = masks.one(row)
        shapes.append((mask.shape[0], mask.shape[1], mask.shape[2]))
        held.append(_voxels_of_structures(mask))
    return Places(shapes, size, held, seed)


def spread_places(masks: Ragged, size: Box) -> Places:
    """Places of patches that cover each volume once, as few as can."""
    shapes, rows = [], []
    for row in range(len(masks)):
        shape = masks.one(row).shape
        shapes.append((shape[0], shape[1], shape[2]))
        starts = [spread_starts(n, p, step=p) for n, p in zip(shape, size, strict=True)]
        rows += [(row, z, y, x) for z in starts[0] for y in starts[1] for x in starts[2]]
    return Places(shapes, size, spread=np.array(rows, np.int64).reshape(-1, 4))


def spread_starts(length: int, size: int, *, step: int) -> list[int]:
    """Starts of boxes along one axis, at most `step` apart and evenly spread.

    One that is longer than the axis is laid about its middle.
    """
    if length <= size:
        return [(length - size) // 2]
    count = math.ceil((length - size) / step) + 1
    return [round(place) for place in np.linspace(0, length - size, count)]


def cut(volume: Array, start: Box, size: Box) -> Array:
    """A box (..., d, h, w) of a volume (..., D, H, W); outside its last voxels go on."""
    box, outside = [], []
    for begin, want, have in zip(start, size, volume.shape[-3:], strict=True):
        low, high = max(begin, 0), min(begin + want, have)
        box.append(slice(low, high))
        outside.append((low - begin, begin + want - high))
    found = volume[..., box[0], box[1], box[2]]
    if any(before or after for before, after in outside):
        found = np.pad(found, [(0, 0)] * (volume.ndim - 3) + outside, mode="edge")
    return found


class Patches:
    """Patches (M, ...) of volumes or masks; see `schema.Rows`."""

    def __init__(self, volumes: Ragged, places: Places, *, dtype: str) -> None:
        self._volumes, self._places = volumes, places
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        leading = volumes.one(0).shape[:-3]
        self.shape: tuple[int, ...] = (len(places), *leading, *places.size)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | Array, /) -> Array:
        """A slice or (n,) integers -> those patches (n, ...), a new array."""
        wanted = np.arange(len(self))[rows]
        found = np.empty((len(wanted), *self.shape[1:]), self.dtype)
        for place, row in enumerate(wanted):
            case, start = self._places.at(int(row))
            found[place] = cut(self._volumes.one(case), start, self._places.size)
        return found

    def content(self) -> Iterator[Array]:
        """The whole volumes, once each, and where patches lie, for a fingerprint."""
        yield np.array([len(self), self._places.seed or 0, *self._places.size])
        yield from self._volumes.content()


def _voxels_of_structures(mask: Array) -> list[Array]:
    """(n, 3) voxels of each structure of a mask, at most `MOST_PLACES`, evenly spread."""
    found = []
    for value in np.flatnonzero(np.bincount(mask.reshape(-1)))[:]:
        if value:
            flat = np.flatnonzero(mask.reshape(-1) == value)
            flat = flat[:: max(1, len(flat) // MOST_PLACES)][:MOST_PLACES]
            found.append(np.stack(np.unravel_index(flat, mask.shape), axis=1))
    return found
