"""Series on a regular grid: one patient's readings in, unbroken segments out.

Enters: times in whole minutes and values, in any spacing. Leaves: a `Series`, the
segments of all patients end to end, so that a window is a place in one array. What
was read and what was interpolated stays told apart. numpy alone, since serving cuts
a patient's stream by the same code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from bedside.schema import Array

How: TypeAlias = Literal["interpolated", "summed"]


@dataclass(frozen=True)
class Channel:
    """One column of a long table and how it comes onto the grid.

    Args:
        column: its name in the table.
        how: ``interpolated`` between neighbouring readings (glucose, heart rate), or
            ``summed`` over each step (carbohydrate, insulin; blank is nothing taken).
    """

    column: str
    how: How = "interpolated"


@dataclass(frozen=True)
class Grid:
    """How readings become segments.

    Args:
        every_minutes: step of the grid.
        longest_gap_minutes: a longer gap between two readings ends a segment; shorter
            ones are filled by straight lines.
        fewest_steps: shorter segments are dropped.
        channels: the first is the series itself, of which a segment has a reading at
            both ends; the others lie beside it.
    """

    every_minutes: int
    longest_gap_minutes: int
    fewest_steps: int
    channels: tuple[Channel, ...]


@dataclass(frozen=True)
class Stretch:
    """A patient's readings in the order of time, without a jump back of the clock.

    Args:
        minutes: (n,) int64 local clock minutes since 1970-01-01, never falling.
        values: (n, C) float, NaN where a cell was blank.
        codes: (n,) int8, a mark of each reading that its grid points inherit, or None.
    """

    minutes: Array
    values: Array
    codes: Array | None = None


@dataclass(frozen=True)
class Segment:
    """T grid points without a gap.

    Args:
        first_minute: local clock minutes of the first point.
        values: (T, C) float32; NaN where a channel beside the series has no reading near.
        observed: (T,) bool, True where a reading of the series lies within half a step.
        reach: (T,) uint16 minutes from a point to the reading ahead that it hangs on;
            0 where it hangs on readings up to itself alone.
        codes: (T,) int8, the mark of the last reading up to each point, or None.
    """

    first_minute: int
    values: Array
    observed: Array
    reach: Array
    codes: Array | None = None

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Series:
    """N segments end to end, T points in all.

    Args:
        values: (T, C) float32, as in `Segment`; in memory or on disk.
        observed: (T,) bool.
        reach: (T,) uint16.
        begins: (N + 1,) int64, where each segment begins, and T.
        minutes: (N,) int64, local clock minutes of each segment's first point.
        columns: names of the C channels.
        every_minutes: step of the grid.
        codes: (T,) int8 or None, as in `Segment`.
    """

    values: Array
    observed: Array
    reach: Array
    begins: Array
    minutes: Array
    columns: tuple[str, ...]
    every_minutes: int
    codes: Array | None = None

    def __len__(self) -> int:
        return len(self.minutes)

    @property
    def lengths(self) -> Array:
        """(N,) points of each segment."""
        return np.diff(self.begins)

    def rows(self, segment: int) -> slice:
        """Where a segment lies in `values`."""
        return slice(int(self.begins[segment]), int(self.begins[segment + 1]))

    @classmethod
    def joined(cls, segments: Sequence[Segment], grid: Grid) -> Series:
        """Put segments end to end."""
        width = len(grid.channels)
        lengths = [len(segment) for segment in segments]
        begins = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)
        values = np.empty((int(begins[-1]), width), dtype=np.float32)
        observed = np.empty(len(values), dtype=bool)
        reach = np.empty(len(values), dtype=np.uint16)
        for begin, segment in zip(begins, segments, strict=False):
            own = slice(int(begin), int(begin) + len(segment))
            values[own], observed[own] = segment.values, segment.observed
            reach[own] = segment.reach
        marks = [segment.codes for segment in segments if segment.codes is not None]
        return cls(
            values=values,
            observed=observed,
            reach=reach,
            begins=begins,
            minutes=np.array([s.first_minute for s in segments], dtype=np.int64),
            columns=tuple(channel.column for channel in grid.channels),
            every_minutes=grid.every_minutes,
            codes=np.concatenate(marks) if marks else None,
        )


def cut(stretch: Stretch, grid: Grid, *, to_last: bool = False) -> Iterator[Segment]:
    """Cut a stretch at its gaps and bring each piece onto the grid, however short.

    The grid starts at the first reading of each piece, so that later readings do not
    move earlier points; where a forecast is wanted now, it ends at the last reading
    (`to_last`), so that no minute of it is lost. Several readings in one minute count as
    their mean.
    """
    there = np.isfinite(stretch.values[:, 0])
    minutes, values = _one_a_minute(stretch.minutes[there], stretch.values[there, 0])
    if not len(minutes):
        return
    codes = None if stretch.codes is None else _last_a_minute(stretch, there)
    edges = np.flatnonzero(np.diff(minutes) > grid.longest_gap_minutes) + 1
    for begin, end in zip([0, *edges], [*edges, len(minutes)], strict=True):
        own, readings = minutes[begin:end], values[begin:end]
        points = np.arange(own[0], own[-1] + 1, grid.every_minutes)
        points += (own[-1] - points[-1]) * to_last
        channels = [np.interp(points, own, readings)]
        channels += [
            _beside(stretch, index, points=points, grid=grid)
            for index in range(1, len(grid.channels))
        ]
        before = np.searchsorted(own, points, side="right") - 1
        behind, ahead = points - own[before], own[np.searchsorted(own, points)] - points
        yield Segment(
            first_minute=int(points[0]),
            values=np.stack(channels, axis=1).astype(np.float32),
            observed=2 * np.minimum(ahead, behind) <= grid.every_minutes,
            reach=np.minimum(ahead, np.iinfo(np.uint16).max).astype(np.uint16),
            codes=None if codes is None else codes[begin:end][before],
        )


def ahead_of(segment: Segment, stretch: Stretch, grid: Grid, *, steps: int) -> Array:
    """(S, C) the points after a segment: planned amounts where they stand, else NaN.

    Args:
        segment: what was cut from the stretch.
        stretch: readings of the patient, and rows of planned amounts after the last one.
        grid: how it was cut.
        steps: S.
    """
    last = segment.first_minute + (len(segment) - 1) * grid.every_minutes
    points = last + grid.every_minutes * np.arange(steps + 1)
    values = np.full((steps, len(grid.channels)), np.nan, dtype=np.float32)
    for index, channel in enumerate(grid.channels):
        if channel.how == "summed":
            values[:, index] = _beside(stretch, index, points=points, grid=grid)[1:]
    return values


def _last_a_minute(stretch: Stretch, there: Array) -> Array:
    minutes = stretch.minutes[there]
    last = np.append(np.diff(minutes) > 0, True)
    codes: Array = np.asarray(stretch.codes)[there]
    return np.asarray(codes[last])


def _one_a_minute(minutes: Array, values: Array) -> tuple[Array, Array]:
    unique, place, counts = np.unique(minutes, return_inverse=True, return_counts=True)
    if len(unique) == len(minutes):
        return minutes, values
    return unique, np.bincount(place, weights=values) / counts


def _beside(stretch: Stretch, index: int, *, points: Array, grid: Grid) -> Array:
    """(T,) one of the channels beside the series on the points of a segment."""
    cells = stretch.values[:, index]
    there = np.isfinite(cells)
    minutes, step = stretch.minutes[there], grid.every_minutes
    if grid.channels[index].how == "summed":
        place = -(-(minutes - points[0]) // step)  # what is taken between two points, at the later
        inside = (place >= 0) & (place < len(points)) & (minutes > points[0] - step)
        taken = cells[there][inside]
        return np.asarray(np.bincount(place[inside], weights=taken, minlength=len(points)))
    if not len(minutes):
        return np.full(len(points), np.nan)
    own, readings = _one_a_minute(minutes, cells[there])
    after = np.searchsorted(own, points)
    before = np.searchsorted(own, points, side="right") - 1
    inside = (after < len(own)) & (before >= 0)
    gap = own[np.minimum(after, len(own) - 1)] - own[np.maximum(before, 0)]
    inside &= gap <= grid.longest_gap_minutes
    return np.where(inside, np.interp(points, own, readings), np.nan)
