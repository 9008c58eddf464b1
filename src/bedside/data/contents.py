"""Cases named by their raw content: the same case has the same name in every study.

Enters: a cohort and its split. Leaves: `Contents`, 16 bytes for each case and input, or for
each hour of a series. Names are made from the bytes of the file or the values of the array,
not from what was read of it, since that depends on the study: the same film at another size
is still the same film.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bedside.errors import DataError
from bedside.schema import Array, Reference

if TYPE_CHECKING:
    from bedside.data.cohort import Cohort
    from bedside.data.series import Series
    from bedside.data.spans import Spans
    from bedside.data.split import Split

DIGEST = "S16"
TELLING_SIZE = 64
"""A shorter text or list of numbers can be equal in two cases by chance."""
READ_WHOLE, BLOCKS, BLOCK = 2**20, 32, 2**13
SLICE = 512
"""Rows handed to the threads at a time: bounds what waits in memory."""
HOUR, FEWEST_READINGS = 60, 4


@dataclass(frozen=True)
class Contents:
    """U named pieces of a cohort.

    Args:
        rows: (U,) the case that each belongs to.
        parts: (U,) the part that each belongs to; blank for none.
        names: (U, K) one name for each input, empty where there is none.
        noun: what a piece is, in the singular.
    """

    rows: Array
    parts: Array
    names: Array
    noun: str = "case"

    def of(self, part: str) -> Array:
        """(n,) names of a part, sorted, each once."""
        found = np.unique(self.names[self.parts == part])
        return np.asarray(found[found != b""])

    def among(self, known: Array) -> Array:
        """(U,) bool: pieces with a name among these."""
        return np.asarray((np.isin(self.names, known) & (self.names != b"")).any(axis=1))


def name_contents(
    cohort: Cohort,
    split: Split,
    columns: Sequence[str | tuple[str, ...]],
    *,
    threads: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Contents:
    """Name every case by the raw content of some columns, or every hour of every series.

    Args:
        cohort: N cases.
        split: of these.
        columns: that hold inputs.
        threads: that read files.
        progress: called with the number of cases done so far.
    """
    if cohort.series is not None and split.spans is not None:
        return _hours(cohort.series, split.spans)
    found = np.zeros((len(cohort), len(columns)), dtype=DIGEST)

    def one(row: int) -> list[bytes]:
        return [_name(cohort, row, column) for column in columns]

    with ThreadPoolExecutor(max(threads, 1), thread_name_prefix="digest") as pool:
        for start in range(0, len(cohort), SLICE):
            rows = range(start, min(start + SLICE, len(cohort)))
            found[rows.start : rows.stop] = list(pool.map(one, rows))
            if progress is not None:
                progress(rows.stop)
    return Contents(np.arange(len(cohort)), split.parts, found)


def _name(cohort: Cohort, row: int, column: str | tuple[str, ...]) -> bytes:
    try:
        return content_name(cohort.reference(row, column))
    except (OSError, DataError):  # the audit names files that cannot be read
        return b""


def content_name(reference: Reference) -> bytes:
    """16 bytes that name the raw content; none where so little could be equal by chance."""
    content = reference.content
    if isinstance(content, Path):
        return _file_name(content)
    if isinstance(content, np.ndarray) and content.size >= TELLING_SIZE:
        digest = blake2b(f"{content.dtype.str}{content.shape}".encode(), digest_size=16)
        digest.update(np.ascontiguousarray(content).data)
        return digest.digest()
    if isinstance(content, Mapping):  # a row of few columns can be two people's
        content = ",".join(map(str, content.values())) if len(content) >= TELLING_SIZE else ""
    if isinstance(content, str) and len(content) >= TELLING_SIZE:
        return blake2b(content.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return b""


def _file_name(path: Path) -> bytes:
    """Of a large file its size and blocks from end to end: archives of terabytes stay unread."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        if size <= READ_WHOLE:
            return blake2b(stream.read(), digest_size=16).digest()
        digest = blake2b(str(size).encode(), digest_size=16)
        for number in range(BLOCKS):
            stream.seek((size - BLOCK) * number // (BLOCKS - 1))
            digest.update(stream.read(BLOCK))
    return digest.digest()


def _hours(series: Series, spans: Spans) -> Contents:
    """Every whole hour of the clock that lies in one stretch, by its minute and its readings.

    The hour in which a stretch begins or ends is left out, since it can belong to two parts,
    and an hour of one value, such as a sensor's highest, since two people can have it at once.
    """
    rows, parts, names = [], [], []
    steps = max(FEWEST_READINGS, HOUR // series.every_minutes)
    for part, own in spans.items():
        for segment, begin, end in own.tolist():
            first = int(series.minutes[segment])
            values = series.values[series.rows(segment)]
            late = -(first + begin * series.every_minutes) % (steps * series.every_minutes)
            for step in range(begin + -(-late // series.every_minutes), end - steps + 1, steps):
                hour = np.ascontiguousarray(values[step : step + steps, 0])
                if np.ptp(hour) == 0:
                    continue
                minute = first + step * series.every_minutes
                digest = blake2b(str(minute).encode(), digest_size=16)
                digest.update(hour.data)
                rows.append(segment)
                parts.append(part)
                names.append(digest.digest())
    return Contents(
        np.array(rows, dtype=np.int64),
        np.array(parts, dtype=str),
        np.array(names, dtype=DIGEST).reshape(-1, 1),
        noun="hour of readings",
    )
