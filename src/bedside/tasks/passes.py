"""Several looks of a network at one patch, each a little moved, averaged.

Enters: a network on patches and how many looks. Leaves: a network on patches whose logits are
the mean over looks. numpy alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from bedside.schema import Array
from bedside.tasks.sliding import Answer

MOST_PASSES = 9
_FAR = (1, 2)
"""Voxels that a look is moved by; one shifts the grid of the second level, two of the third."""


def averaged(answer: Answer, passes: int, *, mirror: bool) -> Answer:
    """The network, asked `passes` times.

    Args:
        answer: patches (B, C, d, h, w) -> logits (B, K, d, h, w).
        passes: 1 asks as ever; the first look is not moved.
        mirror: whether every second look is mirrored left to right as well, which only networks
            can bear that have learnt from mirrored volumes.
    """
    if passes == 1:
        return answer

    def asked(patches: Array) -> Array:
        total: Array | None = None
        for number, move in enumerate(_moves(passes, flat=patches.shape[-3] == 1)):
            flip = mirror and number % 2 == 1
            seen = moved(patches, move)
            logits = answer(np.ascontiguousarray(seen[..., ::-1] if flip else seen))
            back = moved(logits[..., ::-1] if flip else logits, tuple(-step for step in move))
            total = back if total is None else total + back
        assert total is not None
        return total / np.float32(passes)

    return asked


def _moves(passes: int, *, flat: bool) -> Iterator[tuple[int, ...]]:
    """The steps along D, H and W of each look: none, then towards the corners of a cube.

    Of one plane towards those of a square, first by other steps than in the second round.
    """
    yield (0, 0, 0)
    corners = sorted(product((1, -1), repeat=2 if flat else 3), key=lambda c: (abs(sum(c)), c))
    for number in range(passes - 1):
        around, corner = divmod(number, len(corners))
        far = _FAR[(number + around) % len(_FAR)]
        own = tuple(far * step for step in corners[corner])
        yield (0, *own) if flat else own


def moved(patches: Array, steps: tuple[int, ...]) -> Array:
    """(..., d, h, w) moved by whole voxels; at the edge the last ones are repeated."""
    for axis, step in zip((-3, -2, -1), steps, strict=True):
        size = patches.shape[axis]
        if step and size > 1:
            patches = patches.take(np.clip(np.arange(size) + step, 0, size - 1), axis)
    return patches
