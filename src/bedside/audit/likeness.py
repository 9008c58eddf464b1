"""How alike two pictures are, once what all pictures of a cohort share is taken out.

Enters: small grey pictures (N, S, S). Leaves: a `Likeness`, which describes pictures by
whitened cosine coefficients and proposes pairs that may be near copies. Chest films all
look alike; whitened, two different ones are nearly orthogonal, while a copy that was
cropped, compressed or brightened is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.fft import dctn

from bedside.audit.alignment import normalised, warp
from bedside.schema import Array

BAND = 16
LOWEST_BAND = 4
RINGS = 4
"""Distances from the lowest cosine; each is compared on its own, so that blur costs little."""
RIDGE = 0.01
"""Of the mean variance: noise is not blown up to the weight of anatomy."""
CUT = 0.05
"""Share of a side that a copy may have lost; the search for pairs looks at such windows."""
CORNERS = ((0, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))
WINDOWS: Array = np.array(
    [[0, 0, 0, 0], *([-CUT, -CUT, CUT * down, CUT * across] for down, across in CORNERS)],
    dtype=np.float32,
)
"""Settings of `warp` at which pictures are compared: whole, middle, corners."""
PER_PICTURE = 4
ENOUGH = 20_000
"""Pictures from which what they have in common is learnt, evenly spread."""
BLOCK = 1024


@dataclass(frozen=True)
class Pairs:
    """P pairs of pictures: `first` (P,) looks like a window of `second` (P,).

    Args:
        first, second: positions of the pictures.
        window: (P,) which of `WINDOWS`.
    """

    first: Array
    second: Array
    window: Array

    def __len__(self) -> int:
        return len(self.first)

    def take(self, which: Array | slice) -> Pairs:
        """The pairs of a mask, of positions or of a slice."""
        return Pairs(self.first[which], self.second[which], self.window[which])


@dataclass(frozen=True)
class Likeness:
    """What pictures of one cohort have in common.

    Args:
        mean: (F,) of their cosines.
        whiten: (F, F), symmetric, so that a whitened cosine keeps its place.
        rings: (F,) ring of each cosine.
        band: cosines along a side.
    """

    mean: Array
    whiten: Array
    rings: Array
    band: int

    def describe(self, pictures: Array) -> Array:
        """(N, S, S) -> (N, F) float32 of length 1, so that a product is a correlation."""
        codes = (_cosines(pictures, self.band) - self.mean) @ self.whiten
        for ring in range(RINGS):
            own = self.rings == ring
            length = np.linalg.norm(codes[:, own], axis=1, keepdims=True)
            codes[:, own] *= np.sqrt(own.mean()) / np.maximum(length, 1e-6)
        return codes.astype(np.float32)

    def candidates(
        self,
        pictures: Array,
        *,
        least: float,
        asked: Array | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Pairs:
        """Pairs at least so alike in some window, before any alignment.

        Each picture brings its best four at most. F products for each of N x N pairs and
        each window, or N x `asked`; blocks bound the memory.

        Args:
            pictures: (N, S, S).
            least: likeness.
            asked: positions to compare with all N; default all.
            progress: told how many of N were compared.
        """
        rows = np.arange(len(pictures)) if asked is None else asked
        blocks = [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]
        whole = [self.describe(pictures[block]) for block in blocks]
        own = [] if asked is None else [self._windows(pictures[block]) for block in blocks]
        found: list[_Found] = []
        for start in range(0, len(pictures), BLOCK):
            others = np.arange(start, min(start + BLOCK, len(pictures)))
            windows = self._windows(pictures[others])
            found += [
                _likely(one, windows, rows=block, others=others, least=least)
                for one, block in zip(whole, blocks, strict=True)
            ]
            found += [  # the other way round, which all N bring by themselves
                _likely(windows[0], one, rows=others, others=block, least=least)
                for one, block in zip(own, blocks, strict=False)
            ]
            if progress is not None:
                progress(int(others[-1]) + 1)
        return _best(found)

    def _windows(self, pictures: Array) -> list[Array]:
        count = (len(pictures), 1)
        return [self.describe(warp(pictures, np.tile(window, count))) for window in WINDOWS]


def fit_likeness(pictures: Array) -> Likeness:
    """Learn what (N, S, S) pictures have in common, N at least 2.

    The band ends at a third of the side, and at 16: what a copy at half the resolution
    still holds. The covariance is shrunk as far as so few pictures ask for (Chen et al.
    2010, doi:10.1109/TSP.2010.2053029), then inverted to its root.
    """
    from sklearn.covariance import oas

    pictures = pictures[:: -(-len(pictures) // ENOUGH)]
    band = max(LOWEST_BAND, min(BAND, pictures.shape[1] // 3))
    codes = np.concatenate([_cosines(block, band) for block in _blocks(pictures)])
    covariance, _ = oas(codes.astype(np.float64))
    values, vectors = np.linalg.eigh(covariance)
    values = np.maximum(values, 0) + RIDGE * max(float(values.mean()), 1e-12)
    whiten = (vectors / np.sqrt(values)) @ vectors.T
    down, across = np.divmod(np.arange(1, band * band), band)
    rings = np.minimum((np.hypot(down, across) * RINGS / band).astype(np.int64), RINGS - 1)
    return Likeness(codes.mean(axis=0), whiten.astype(np.float32), rings, band)


_Found: TypeAlias = tuple[Array, Array, Array, Array]
"""First, second, window and likeness of some pairs."""


def _likely(
    whole: Array, windows: list[Array], *, rows: Array, others: Array, least: float
) -> _Found:
    """Pairs of these rows with these others, a few of each row."""
    best = whole @ windows[0].T
    which = np.zeros(best.shape, dtype=np.int8)
    for number, window in enumerate(windows[1:], start=1):
        likeness = whole @ window.T
        better = likeness > best
        np.copyto(best, likeness, where=better)
        which[better] = number
    best[rows[:, None] == others] = -1
    kept = min(PER_PICTURE, best.shape[1])
    partners = np.argpartition(best, -kept, axis=1)[:, -kept:]
    likely = np.take_along_axis(best, partners, axis=1) >= least
    row = np.broadcast_to(np.arange(len(rows))[:, None], partners.shape)[likely]
    partner = partners[likely]
    return rows[row], others[partner], which[row, partner], best[row, partner]


def _best(found: list[_Found]) -> Pairs:
    """The best few pairs of each row, whatever block they came from."""
    first, second, window, likeness = (np.concatenate(c) for c in zip(*found, strict=True))
    order = np.lexsort((second, -likeness, first))
    _, begins, counts = np.unique(first[order], return_index=True, return_counts=True)
    rank = np.arange(len(order)) - np.repeat(begins, counts)
    return Pairs(first, second, window).take(order[rank < PER_PICTURE])


def _cosines(pictures: Array, band: int) -> Array:
    codes = dctn(normalised(pictures.astype(np.float32)), axes=(1, 2), norm="ortho")
    return np.asarray(codes[:, :band, :band].reshape(len(pictures), -1)[:, 1:])


def _blocks(pictures: Array) -> Iterator[Array]:
    for start in range(0, len(pictures), BLOCK):
        yield pictures[start : start + BLOCK]
