"""A volume of any size through a network that sees boxes of one size, in little memory.

Enters: a prepared volume (C, D, H, W) and a network on patches. Leaves: logits, some planes
at a time from the feet up, on the grid of the volume or of its source. Patches overlap and
count less towards their edges, as in Isensee et al. 2021 (doi:10.1038/s41592-020-01008-z).
What is held is as deep as one patch, however long the volume is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from bedside.data.patches import Box, cut, spread_starts
from bedside.schema import Array

SIGMA = 1 / 8
"""Of the Gaussian weights of a patch, as a share of its sides."""
BATCH_VOXELS = 1_000_000
"""Patches of so many voxels together go through the network at a time."""
Answer = Callable[[Array], Array]
"""Patches (B, C, d, h, w) float32 -> logits (B, K, d, h, w)."""


LOGITS_HELD = 2**22
"""Logits of the source's planes that are worked on at a time: 16 MiB."""
MOST_SLABS = 64
"""Slabs that a scan is cut into at most, about, since a little is kept of each."""


@dataclass(frozen=True)
class Window:
    """How a volume is looked at.

    Args:
        size: (d, h, w) of a patch.
        overlap: of neighbouring patches, as a share of their sides.
    """

    size: Box
    overlap: float = 0.5

    def starts(self, shape: Box) -> list[list[int]]:
        """Starts of patches along each axis."""
        steps = [max(1, math.floor(side * (1 - self.overlap))) for side in self.size]
        pairs = zip(shape, self.size, steps, strict=True)
        return [spread_starts(length, size, step=step) for length, size, step in pairs]

    def weights(self) -> Array:
        """(d, h, w) float32, 1 in the middle."""
        found = np.ones((), dtype=np.float64)
        for side in self.size:
            away = (np.arange(side) - (side - 1) / 2) / (SIGMA * side)
            found = np.multiply.outer(found, np.exp(-0.5 * away**2))
        return np.asarray(found / found.max(), dtype=np.float32)


def slabs(answer: Answer, volume: Array, window: Window) -> Iterator[Array]:
    """Logits (K, d, H, W) float32 of some planes at a time, in order, all planes in the end.

    Args:
        answer: the network.
        volume: (C, D, H, W), any float type.
        window: how it is looked at.
    """
    depth, height, width = volume.shape[1:]
    along, down, across = window.starts((depth, height, width))
    if len(along) == len(down) == len(across) == 1:
        start = (along[0], down[0], across[0])
        logits = answer(cut(volume, start, window.size)[None].astype(np.float32))[0]
        inside = [
            slice(max(0, -s), max(0, -s) + n) for s, n in zip(start, volume.shape[1:], strict=True)
        ]
        yield logits[(slice(None), *inside)]
        return
    weights = window.weights()
    held: Array | None = None
    norm = np.zeros((window.size[0], height, width), np.float32)
    for place, z in enumerate(along):
        starts = [(z, y, x) for y, x in product(down, across)]
        for start, logits in _answered(answer, volume, starts, window):
            if held is None:
                held = np.zeros((len(logits), *norm.shape), np.float32)
            _add(held, norm, start, logits=logits, weights=weights)
        assert held is not None
        after = along[place + 1] if place + 1 < len(along) else z + window.size[0]
        done = after - z
        first, last = max(0, -z), min(done, depth - z)
        yield held[:, first:last] / norm[first:last]
        held[:, : window.size[0] - done] = held[:, done:]
        held[:, window.size[0] - done :] = 0
        norm[: window.size[0] - done] = norm[done:]
        norm[window.size[0] - done :] = 0


def _answered(
    answer: Answer, volume: Array, starts: list[Box], window: Window
) -> Iterator[tuple[Box, Array]]:
    size = max(1, BATCH_VOXELS // math.prod(window.size))
    for first in range(0, len(starts), size):
        own = starts[first : first + size]
        patches = np.stack([cut(volume, start, window.size) for start in own])
        yield from zip(own, answer(patches.astype(np.float32)), strict=True)


def _add(held: Array, norm: Array, start: Box, *, logits: Array, weights: Array) -> None:
    """Add one patch to the planes that are held, of which its own are the first."""
    into, out = [slice(None)], [slice(None)]
    for begin, size, have in zip(start[1:], weights.shape[1:], norm.shape[1:], strict=True):
        low, high = max(0, begin), min(have, begin + size)
        into.append(slice(low, high))
        out.append(slice(low - begin, high - begin))
    part = weights[tuple(out)]
    held[(slice(None), *into)] += logits[(slice(None), *out)] * part
    norm[tuple(into)] += part


def thin(planes: Iterator[Array], *, want: Box) -> Iterator[Array]:
    """Slabs of logits (K, d, H, W) -> the same in thinner ones.

    What comes after makes several copies of a slab, at the size of the source: of few planes
    at a time these stay small, however large a scan is.

    Args:
        planes: slabs in order.
        want: (D, H, W) that they are brought to.
    """
    for slab in planes:
        depth = max(1, LOGITS_HELD // (len(slab) * want[1] * want[2]), want[0] // MOST_SLABS)
        for first in range(0, slab.shape[1], depth):
            yield slab[:, first : first + depth]


def regridded(planes: Iterator[Array], have: Box, want: Box) -> Iterator[Array]:
    """Slabs of logits on one grid -> slabs on another, whose outer faces coincide.

    Linear between voxels, so that the planes next to each other are all that is held.

    Args:
        planes: (K, d, H, W) slabs in order.
        have: (D, H, W) of them all.
        want: (D, H, W) of the result.
    """
    if have == want:
        yield from planes
        return
    lower, upper, share = _between(have[0], want[0])
    before: Array | None = None  # the plane below the slab
    done = seen = 0
    for given in planes:
        slab = _in_plane(given, want)
        known = slab if before is None else np.concatenate([before, slab], axis=1)
        first = seen - (0 if before is None else 1)
        seen += slab.shape[1]
        ready = done + int(np.searchsorted(upper[done:], seen))
        if ready > done:
            low, high = lower[done:ready] - first, upper[done:ready] - first
            part = share[done:ready, None, None]
            yield known[:, low] * (1 - part) + known[:, high] * part
            done = ready
        before = slab[:, -1:]


def _in_plane(slab: Array, want: Box) -> Array:
    for axis in (2, 3):
        if slab.shape[axis] != want[axis - 1]:
            lower, upper, share = _between(slab.shape[axis], want[axis - 1])
            part = share.reshape((-1,) + (1,) * (3 - axis))
            slab = slab.take(lower, axis) * (1 - part) + slab.take(upper, axis) * part
    return slab


def _between(have: int, want: int) -> tuple[Array, Array, Array]:
    """Of each wanted point along an axis: its two neighbours and the share of the second."""
    place = np.clip((np.arange(want) + 0.5) * have / want - 0.5, 0, have - 1)
    lower = np.floor(place).astype(np.intp)
    upper = np.minimum(lower + 1, have - 1)
    return lower, upper, (place - lower).astype(np.float32)
