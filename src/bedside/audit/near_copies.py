"""Near copies among the pictures of a cohort: cropped, compressed, brightened, resized.

Enters: small grey pictures (N, S, S) of one cohort. Leaves: pairs that are surely the
same picture, and how like they are. The line between a copy and two pictures that are
merely alike is drawn by the cohort itself, see `draw_line`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bedside.audit.alignment import FURTHEST, align, normalised, warp
from bedside.audit.likeness import WINDOWS, Likeness, Pairs, fit_likeness
from bedside.schema import Array

FEWEST = 20
"""Pictures below which nothing can be learnt about what they have in common."""
CANDIDATE = 0.5
LOWEST_LINE, HIGHEST_LINE = 0.88, 0.995
LOWEST_IN_PLACE = 0.80
"""Lowest line for pairs that lie on each other without a move; two films seldom do."""
IN_PLACE = (0.04, 0.04, 0.02, 0.02)
"""Largest settings of the alignment that are no move."""
LEAST_PLAIN = 0.94
"""Plain correlation after alignment, which whitening cannot flatter."""
BELOW_LINE = 0.03
"""So far below the lowest line two pictures are surely different."""
LEAST_TAIL = 50
BLOCK = 512
SLOWEST = 5.0
"""Least rate at which different pairs thin out; a short tail cannot tell it."""


@dataclass(frozen=True)
class Tolerance:
    """False pairs that a line accepts: so many in one audit, or this share of the pairs found."""

    pairs: float
    share: float


IN_PLACE_ACCEPTS = Tolerance(pairs=0.25, share=0.005)
MOVED_ACCEPTS = Tolerance(pairs=0.1, share=0.002)
"""A move is four numbers chosen to make two pictures alike, and two films of one person mostly
need one: pairs that moved must be surer."""


@dataclass(frozen=True)
class NearCopies:
    """P pairs, the most alike first.

    Args:
        first, second: (P,) positions, first below second.
        likeness: (P,) whitened correlation after alignment, up to 1.
        lines: what a pair had to reach that moved, and one that did not.
        asked: how many images were compared with all others; None for all.
    """

    first: Array
    second: Array
    likeness: Array
    lines: tuple[float, float]
    asked: int | None = None

    def renamed(self, rows: Array, *, asked: int | None = None) -> NearCopies:
        """The same pairs, where position n stands for rows[n]."""
        return NearCopies(rows[self.first], rows[self.second], self.likeness, self.lines, asked)


def find_near_copies(
    pictures: Array,
    *,
    asked: Array | None = None,
    progress: Callable[[int], None] | None = None,
) -> NearCopies:
    """Find pairs that show the same picture.

    Args:
        pictures: (N, S, S) uint8 or float32.
        asked: positions that are compared with all others; default all N.
        progress: told how many of N pictures were compared with all others.
    """
    if len(pictures) < FEWEST:
        nothing = np.empty(0, dtype=np.int64)
        return NearCopies(
            nothing, nothing, np.empty(0, dtype=np.float32), (LOWEST_LINE, LOWEST_IN_PLACE)
        )
    likeness = fit_likeness(pictures)
    pairs = likeness.candidates(pictures, least=CANDIDATE, asked=asked, progress=progress)
    scores = score_pairs(pictures, pairs, likeness)
    pairs, scores = pairs.take(~scores.astray), scores.placed()
    low, high = np.minimum(pairs.first, pairs.second), np.maximum(pairs.first, pairs.second)
    order = np.argsort(-scores.white, kind="stable")
    _, once = np.unique(low[order] * len(pictures) + high[order], return_index=True)
    order = order[np.sort(once)]  # the better of the two directions of a pair
    white, plain, still = scores.white[order], scores.plain[order], scores.still[order]
    tail = max(LEAST_TAIL, len(pictures if asked is None else asked) // 20)
    lines = (
        draw_line(white[~still], tail=tail, lowest=LOWEST_LINE, accepts=MOVED_ACCEPTS),
        draw_line(white[still], tail=LEAST_TAIL, lowest=LOWEST_IN_PLACE, accepts=IN_PLACE_ACCEPTS),
    )
    same = (white >= np.where(still, lines[1], lines[0])) & (plain >= LEAST_PLAIN)
    return NearCopies(low[order][same], high[order][same], white[same], lines)


def draw_line(scores: Array, *, tail: int, lowest: float, accepts: Tolerance) -> float:
    """The likeness from which a pair is a copy and no longer merely alike.

    Pairs that are surely different (two exams of one person, two similar children)
    thin out exponentially towards 1 on Fisher's scale. Their tail is extrapolated over
    the line: it lies where no more false pairs are to be expected than are accepted. A
    cohort of neighbouring slices gets a higher line than one of unrelated films; no number
    is taken from any one data set.

    Args:
        scores: (P,) likeness of the most alike pairs, any order.
        tail: how many of those surely different are looked at, the most alike ones.
        lowest: the line where nothing speaks for a higher one.
        accepts: expected false pairs that are let pass.
    """
    edge = float(np.arctanh(lowest - BELOW_LINE))
    heights = np.arctanh(np.clip(scores, -0.999999, 0.999999).astype(np.float64))
    below = np.sort(heights[heights < edge])[::-1][: tail + 1]
    lines = np.arctanh(np.arange(lowest, HIGHEST_LINE, 0.0025))
    if below.size < LEAST_TAIL // 5:
        return float(np.tanh(lines[0]))
    start = below[-1]
    rate = max(SLOWEST, _rate(below[:-1] - start, edge - start))
    expected = (below.size - 1) / np.expm1(rate * (edge - start)) * np.exp(rate * (edge - lines))
    found = (heights[:, None] >= lines).sum(axis=0)
    accepted = expected <= np.maximum(accepts.pairs, accepts.share * found)
    return float(np.tanh(lines[np.argmax(accepted)])) if accepted.any() else HIGHEST_LINE


def _rate(heights: Array, top: float) -> float:
    """Maximum-likelihood rate of an exponential cut off at `top`, heights in 0..top."""
    from scipy.optimize import brentq

    mean = float(heights.mean()) / top

    def excess(rate: float) -> float:
        return float(1 / rate - 1 / np.expm1(rate) - mean)

    lowest, highest = 1e-3, 500.0
    if excess(lowest) <= 0:
        return lowest / top
    if excess(highest) >= 0:
        return highest / top
    return float(brentq(excess, lowest, highest)) / top


@dataclass(frozen=True)
class Scores:
    """Of P pairs, after alignment.

    Args:
        white: (P,) whitened correlation.
        plain: (P,) plain correlation.
        still: (P,) whether they lay on each other without a move.
        astray: (P,) whether the alignment ran into its limits: it found no place, so what
            it shows there says nothing.
    """

    white: Array
    plain: Array
    still: Array
    astray: Array

    def placed(self) -> Scores:
        """Those of the pairs whose alignment found a place."""
        kept = ~self.astray
        return Scores(self.white[kept], self.plain[kept], self.still[kept], self.astray[kept])


def score_pairs(pictures: Array, pairs: Pairs, likeness: Likeness) -> Scores:
    """Lay the second picture of each pair on the first, and say how alike they are then."""
    white, plain = (np.empty(len(pairs), dtype=np.float32) for _ in range(2))
    still, astray = (np.empty(len(pairs), dtype=bool) for _ in range(2))
    for start in range(0, len(pairs), BLOCK):
        own = slice(start, start + BLOCK)
        block = pairs.take(own)
        fixed = pictures[block.first].astype(np.float32)
        moving = pictures[block.second].astype(np.float32)
        settings = align(moving, fixed, start=WINDOWS[block.window])
        moved = warp(moving, settings)
        white[own] = (likeness.describe(moved) * likeness.describe(fixed)).sum(axis=1)
        plain[own] = (normalised(moved) * normalised(fixed)).mean(axis=(1, 2))
        still[own] = (np.abs(settings) <= IN_PLACE).all(axis=1)
        astray[own] = (np.abs(settings) >= FURTHEST).any(axis=1)
    return Scores(white, plain, still, astray)
