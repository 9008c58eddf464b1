"""A picture or volume as a coarse grid of cells, of which the outer ones are its border.

Enters: arrays with two or three axes. Leaves: mean, highest and lowest value of each cell, which
cells lie at the border, and words for where one lies.
"""

from __future__ import annotations

import numpy as np

from bedside.schema import Array

SIDE, SIDE_DEEP = 16, 8
"""Cells along each axis, of pictures and of volumes."""
RIM, RIM_DEEP = 2, 1
"""Cells from each edge that are border: an eighth of the side."""
WORDS = (("top", "bottom"), ("left", "right"))
DEEP_WORDS = ("at the first slices", "at the last slices")


def side_of(axes: int) -> int:
    """Cells along each of so many axes."""
    return SIDE if axes == 2 else SIDE_DEEP


def cells_of(values: Array, *, axes: int) -> Array:
    """(n, ...) with 2 or 3 axes more -> (n, 3, cells): mean, highest, lowest of each cell."""
    side = side_of(axes)
    found = []
    for ufunc in (np.add, np.maximum, np.minimum):
        coarse = values
        for axis in range(1, axes + 1):
            edges = np.linspace(0, values.shape[axis], side + 1).astype(int)[:-1]
            coarse = ufunc.reduceat(coarse, edges, axis=axis)
        if ufunc is np.add:
            coarse = coarse / (np.prod(values.shape[1 : axes + 1]) / side**axes)
        found.append(coarse.reshape(len(values), -1))
    return np.stack(found, axis=1).astype(np.float32)


def at_border(axes: int) -> Array:
    """(cells,) bool: which cells lie within an eighth of the side from an edge."""
    rim = RIM if axes == 2 else RIM_DEEP
    places = np.indices((side_of(axes),) * axes).reshape(axes, -1)
    return np.asarray(((places < rim) | (places >= side_of(axes) - rim)).any(axis=0))


def place_words(cell: int, *, axes: int) -> str:
    """``at the top left``, ``at the left edge``; of volumes with the slices."""
    side, rim = side_of(axes), RIM if axes == 2 else RIM_DEEP
    place = np.unravel_index(cell, (side,) * axes)
    corner = 2 * rim  # beside a corner counts as the corner
    flat = place[-2:]
    near = [
        low if at < corner else high if at >= side - corner else ""
        for at, (low, high) in zip(flat, WORDS, strict=True)
    ]
    told = [word for word in near if word]
    words = f"at the {' '.join(told)}{' edge' if len(told) == 1 else ''}" if told else ""
    if axes == 3 and not rim <= place[0] < side - rim:
        slices = DEEP_WORDS[int(place[0] >= side - rim)]
        return f"{words}, {slices}" if words else slices
    return words or "inside"
