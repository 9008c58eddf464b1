"""Arrays of unequal size as the rows of one: in memory, or one after the other in one file.

Enters: arrays of one dtype. Leaves: `Ragged`, `Rows` whose elements are these arrays, each
looked up when asked for; of one on disk, only what is touched is read.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from bedside.schema import Array


class _Arrays(Protocol):
    def __len__(self) -> int: ...

    def __getitem__(self, row: int, /) -> Array: ...


class Ragged:
    """N arrays; see `schema.Rows`. Its dtype is object, since its rows are arrays themselves."""

    dtype: np.dtype[Any] = np.dtype(object)

    def __init__(self, arrays: _Arrays) -> None:
        self._arrays = arrays
        self.shape: tuple[int, ...] = (len(arrays),)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | Array, /) -> Array:
        """A slice or (n,) integers -> (n,) object array of arrays."""
        wanted = np.arange(len(self))[rows]
        found = np.empty(len(wanted), dtype=object)
        for place, row in enumerate(wanted):
            found[place] = self.one(int(row))
        return found

    def one(self, row: int) -> Array:
        """One of the arrays, not to be changed."""
        return self._arrays[row]

    def content(self) -> Iterator[Array]:
        """Every array in order with its shape, for a fingerprint of them all."""
        for row in range(len(self)):
            yield np.asarray(self.one(row).shape)
            yield self.one(row)


class StoredArrays:
    """Arrays that `write_arrays` wrote into one file."""

    def __init__(self, path: Path, shapes: Sequence[tuple[int, ...]], dtype: str) -> None:
        self._shapes, self._dtype, self._path = shapes, np.dtype(dtype), path
        sizes = [math.prod(shape) for shape in shapes]
        self._starts = np.concatenate([[0], np.cumsum(sizes)]) if sizes else np.zeros(1)
        self._flat = np.memmap(path, self._dtype, mode="r") if sum(sizes) else np.zeros(0)

    def __len__(self) -> int:
        return len(self._shapes)

    def __getitem__(self, row: int, /) -> Array:
        start, end = int(self._starts[row]), int(self._starts[row + 1])
        found: Array = self._flat[start:end].reshape(self._shapes[row])
        return found


def write_arrays(path: Path, arrays: Iterable[Array]) -> Ragged:
    """Write arrays of one dtype, one after the other; they come back from the disk."""
    shapes, dtype = [], "uint8"
    with path.open("wb") as stream:
        for array in arrays:
            shapes.append(array.shape)
            dtype = array.dtype.str
            stream.write(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return Ragged(StoredArrays(path, shapes, dtype))
