"""Rows on disk are the rows that were written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bedside.schema import Array
from bedside.training.stored_rows import RowWriter, StoredRows

ARRAYS = {
    "pictures": np.random.default_rng(0).integers(0, 256, (13, 1, 5, 4), dtype=np.uint8),
    "numbers": np.random.default_rng(1).normal(size=(13, 3)).astype(np.float32),
    "masks": np.arange(13) % 2 == 0,
    "empty": np.empty((13, 0), np.int64),
}
CHOICES: list[slice | Array] = [
    slice(None),
    slice(4, 9),
    slice(11, 99),
    slice(7, 7),
    slice(None, None, 3),
    slice(-2, None),
    np.array([3, 4, 5, 1, 0, 12, 12]),
    np.array([-1, 2]),
    np.array([], dtype=np.int64),
]


def stored(path: Path, values: Array, *, step: int = 5) -> StoredRows:
    writer = RowWriter(path, values[:step], len(values))
    for start in range(0, len(values), step):
        assert writer.write(values[start : start + step])
    writer.close()
    return StoredRows(path)


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_rows_come_back(tmp_path: Path, name: str, choice: slice | Array) -> None:
    values = ARRAYS[name]
    rows = stored(tmp_path / "a.npy", values)
    assert (rows.shape, rows.dtype, len(rows)) == (values.shape, values.dtype, len(values))
    found = rows[choice]
    assert found.dtype == values.dtype
    assert np.array_equal(found, values[choice])
    found[...] = 0
    assert np.array_equal(rows[choice], values[choice])


def test_a_row_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    rows = stored(tmp_path / "a.npy", ARRAYS["numbers"])
    with pytest.raises(IndexError):
        rows[np.array([13])]


def test_numpy_reads_the_file(tmp_path: Path) -> None:
    stored(tmp_path / "a.npy", ARRAYS["pictures"][::2].swapaxes(2, 3))
    assert np.array_equal(np.load(tmp_path / "a.npy"), ARRAYS["pictures"][::2].swapaxes(2, 3))


def test_rows_of_another_form_are_refused(tmp_path: Path) -> None:
    values = ARRAYS["numbers"]
    writer = RowWriter(tmp_path / "a.npy", values, 26)
    assert writer.write(values)
    assert not writer.write(values[:, :2])
    assert not writer.write(values.astype(np.float64))
    assert writer.write(values)
    writer.close()
    assert np.array_equal(StoredRows(tmp_path / "a.npy")[:], np.concatenate([values, values]))
