"""Windows over a series: places in one array, looked up when asked for.

Enters: arrays of T points, and where N windows begin. Leaves: `schema.Rows`: a slice
or some integers give those windows as a new array, so a million windows cost the
megabytes of their places and no more. numpy alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from bedside.schema import Array


@dataclass(frozen=True)
class Windows:
    """N stretches of one length.

    Args:
        points: (T,) or (T, C), in memory or on disk.
        starts: (N,) int64, where each stretch begins.
        length: L, points of each.
        offset: added to every start.
    """

    points: Array
    starts: Array
    length: int
    offset: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, L), or (N, C, L) of several channels."""
        return (len(self.starts), *self.points.shape[1:], self.length)

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the points."""
        return self.points.dtype

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, rows: slice | Array, /) -> Array:
        """Those windows, copied."""
        starts = self.starts[rows] + self.offset
        if not len(starts):
            return np.empty((0, *self.shape[1:]), dtype=self.dtype)
        view = sliding_window_view(self.points, self.length, axis=0)
        return np.ascontiguousarray(view[starts])

    def content(self) -> Iterator[Array]:
        """What names these windows: their places, and the points they cover, once each."""
        yield self.starts
        yield self.points[covered(self.starts + self.offset, self.length, len(self.points))]


@dataclass(frozen=True)
class Picked:
    """One point of each of N windows.

    Args:
        points: (T,) or (T, C), in memory or on disk.
        starts: (N,) int64.
        offset: added to every start.
    """

    points: Array
    starts: Array
    offset: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """(N,), or (N, C) of several channels."""
        return (len(self.starts), *self.points.shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the points."""
        return self.points.dtype

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, rows: slice | Array, /) -> Array:
        """Those points, copied."""
        return np.asarray(self.points[self.starts[rows] + self.offset])

    def content(self) -> Iterator[Array]:
        """What names these points: their places, and themselves."""
        yield self.starts
        yield self[:]


@dataclass(frozen=True)
class Clock:
    """Local clock minutes of one point of each of N windows.

    Args:
        zeros: (M,) minutes that point 0 of the whole series would have, by segment.
        segments: (N,) which segment each window lies in.
        starts: (N,) int64.
        offset: added to every start.
        every_minutes: step of the series.
    """

    zeros: Array
    segments: Array
    starts: Array
    offset: int
    every_minutes: int

    @property
    def shape(self) -> tuple[int, ...]:
        """(N,)."""
        return (len(self.starts),)

    @property
    def dtype(self) -> np.dtype[Any]:
        """int64."""
        return np.dtype(np.int64)

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, rows: slice | Array, /) -> Array:
        """Those minutes."""
        steps = self.starts[rows] + self.offset
        return np.asarray(self.zeros[self.segments[rows]] + steps * self.every_minutes)


def covered(starts: Array, length: int, points: int) -> Array:
    """(T,) bool: the points that any of the windows takes."""
    depth = np.zeros(points + 1, dtype=np.int64)
    np.add.at(depth, starts, 1)
    np.add.at(depth, starts + length, -1)
    return np.asarray(np.cumsum(depth[:-1]) > 0)
