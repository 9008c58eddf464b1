"""Prepared arrays on disk: written block by block, read row by row.

Enters: blocks of rows. Leaves: an ``.npy`` file, and `StoredRows`, which look up in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bedside.data.cache import OpenFile
from bedside.schema import Array


class StoredRows:
    """The rows of an ``.npy`` file in C order; see `schema.Rows`."""

    def __init__(self, path: Path) -> None:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        self.shape: tuple[int, ...] = mapped.shape
        self.dtype: np.dtype[Any] = mapped.dtype
        self._start: int = mapped.offset
        self._file = OpenFile(path)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | Array, /) -> Array:
        """A slice or (n,) integers -> those rows (n, ...), a new array."""
        wanted = np.arange(len(self))[rows]
        found = np.empty((len(wanted), *self.shape[1:]), self.dtype)
        flat = found.reshape(-1).view(np.uint8)
        size = flat.size // max(len(wanted), 1)
        for first, last in _runs(wanted):
            start = self._start + int(wanted[first]) * size
            self._file.read(flat[first * size : last * size], start)
        return found


def _runs(wanted: Array) -> Iterator[tuple[int, int]]:
    """Where rows that lie side by side begin and end: each is read at once."""
    ends = [*(np.flatnonzero(np.diff(wanted) != 1) + 1).tolist(), len(wanted)]
    start = 0
    for end in ends:
        if end > start:
            yield start, end
        start = end


class RowWriter:
    """Writes one array of N rows, block by block, and refuses rows of another form."""

    def __init__(self, path: Path, first: Array, count: int) -> None:
        self._form = (first.shape[1:], first.dtype)
        self._stream = path.open("wb")
        header = {
            "descr": np.lib.format.dtype_to_descr(first.dtype),
            "fortran_order": False,
            "shape": (count, *first.shape[1:]),
        }
        np.lib.format.write_array_header_1_0(self._stream, header)

    def write(self, block: Array) -> bool:
        """Add rows; False, and nothing is added, where they differ in shape or dtype."""
        if (block.shape[1:], block.dtype) != self._form:
            return False
        self._stream.write(np.ascontiguousarray(block).reshape(-1).view(np.uint8).data)
        return True

    def close(self) -> None:
        """Write what is still in the buffer."""
        self._stream.close()
