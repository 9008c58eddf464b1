"""Clocks of long tables: times as written become seconds, and jumps of a clock are found.

Enters: cells such as ``2024-01-31 13:05``, then one patient's seconds in the table's
order. Leaves: the order in which readings were made, cut where the clock jumped back,
and which readings tell of what. numpy alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np

from bedside.schema import Array

MINUTE = 60
HOUR = 60 * MINUTE
SUMMER_TIME = (45 * MINUTE, 70 * MINUTE)
"""How far a clock jumps back when summer time ends, give or take a reading."""
FEW_JUMPS = 0.01
"""A larger share of readings that are earlier than the one before: the table is unordered."""
SHORTEST_FORM = len("2024-01-31")


@dataclass(frozen=True)
class Order:
    """One patient's readings in the order they were made.

    Args:
        stretches: positions of the readings, one array for each stretch without a jump
            back of the clock.
        unordered: positions of readings that stood after a later one.
        repeated: positions at which the clock jumped back by about an hour, as at the
            end of summer time.
        backwards: positions at which it jumped back otherwise, among readings it had
            passed already.
    """

    stretches: tuple[Array, ...]
    unordered: Array
    repeated: Array
    backwards: Array


def parse_seconds(cells: Sequence[str]) -> tuple[Array, Array]:
    """Local clock seconds since 1970-01-01, and which cells are readable; an offset is passed over.

    Returns:
        (n,) int64, 0 where unreadable; (n,) bool.
    """
    if all(len(cell) >= SHORTEST_FORM and _is_plain(cell) for cell in cells):
        try:
            times = np.array(cells, dtype="datetime64[s]")
        except (ValueError, OverflowError):
            return _one_by_one(cells)
        if not np.isnat(times).any():
            return times.astype(np.int64), np.ones(len(cells), dtype=bool)
    return _one_by_one(cells)


def _is_plain(cell: str) -> bool:
    """Whether numpy reads a cell: digits at both ends, and no offset from UTC."""
    ends = cell[0].isdigit() and cell[-1].isdigit()
    return ends and "+" not in cell and cell.count("-") == 2


def _one_by_one(cells: Sequence[str]) -> tuple[Array, Array]:
    seconds = np.zeros(len(cells), dtype=np.int64)
    readable = np.zeros(len(cells), dtype=bool)
    for place, cell in enumerate(cells):
        try:
            local = datetime.fromisoformat(cell.strip()).replace(tzinfo=UTC)
        except ValueError:
            continue
        seconds[place], readable[place] = int(local.timestamp()), True
    return seconds, readable


def in_order(seconds: Array) -> Order:
    """Put one patient's readings in the order they were made.

    A table with the newest reading first is turned round. Where single readings stand
    out of place, the time decides. A clock that jumped back, so that it passed some
    times twice, gives a new stretch: sorting would mix two hours into one.

    Args:
        seconds: (n,) in the table's order.
    """
    places = np.arange(len(seconds))
    falls = np.diff(seconds) < 0
    rises = np.diff(seconds) > 0
    if falls.sum() > rises.sum():
        places = places[::-1]
    times = seconds[places]
    jumps = np.flatnonzero(np.diff(times) < 0) + 1
    none = np.zeros(0, dtype=np.int64)
    if not len(jumps):
        return Order((places,), none, none, none)
    pieces = np.split(places, jumps)
    if len(jumps) > max(1, FEW_JUMPS * len(times)) or _disjoint([seconds[p] for p in pieces]):
        sorted_places = places[np.argsort(times, kind="stable")]
        return Order((sorted_places,), places[jumps], none, none)
    return _cut_at_jumps(seconds, places, jumps)


def _disjoint(pieces: Sequence[Array]) -> bool:
    """Whether pieces, each rising, lie one after another in time whatever their order."""
    spans = sorted((int(piece[0]), int(piece[-1])) for piece in pieces)
    return all(before[1] <= after[0] for before, after in pairwise(spans))


def _cut_at_jumps(seconds: Array, places: Array, jumps: Array) -> Order:
    times = seconds[places]
    sizes = times[jumps - 1] - times[jumps]
    small = sizes < SUMMER_TIME[0]
    repeated = ~small & (sizes <= SUMMER_TIME[1])
    backwards = sizes > SUMMER_TIME[1]
    stretches = [
        piece[np.argsort(seconds[piece], kind="stable")]
        for piece in np.split(places, jumps[~small])
    ]
    return Order(
        tuple(stretches),
        places[jumps[small]],
        places[jumps[repeated]],
        places[jumps[backwards]],
    )
