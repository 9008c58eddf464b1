"""Two parts as one, without copying the arrays of either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.training.loader import Prepared

if TYPE_CHECKING:
    from bedside.schema import Array, Rows, Targets


class JoinedRows:
    """The rows of one array, then those of another of the same form; see `schema.Rows`."""

    def __init__(self, first: Rows, second: Rows) -> None:
        self.shape: tuple[int, ...] = (len(first) + len(second), *first.shape[1:])
        self.dtype: np.dtype[Any] = first.dtype
        self._parts = first, second

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | Array, /) -> Array:
        """A slice or (n,) integers -> those rows (n, ...), a new array."""
        wanted = np.arange(len(self))[rows]
        found = np.empty((len(wanted), *self.shape[1:]), self.dtype)
        first, second = self._parts
        later = wanted >= len(first)
        found[~later], found[later] = first[wanted[~later]], second[wanted[later] - len(first)]
        return found


def joined(part: Prepared, more: Prepared, *, targets: Targets) -> Prepared:
    """The cases of two parts, one behind the other.

    Args:
        part: n cases.
        more: m cases with the same arrays.
        targets: of all n + m.
    """
    arrays = {name: JoinedRows(own, more.arrays[name]) for name, own in part.arrays.items()}
    return Prepared(arrays, targets, np.concatenate([part.rows, more.rows]))
