"""Two parts as one: the same rows as if they had been one array."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.schema import Targets
from bedside.training.joined_rows import JoinedRows, joined
from bedside.training.loader import Prepared, fingerprint


@pytest.fixture
def arrays() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    first = rng.integers(0, 255, (5, 1, 3, 2), dtype=np.uint8)
    return first, rng.integers(0, 255, (4, 1, 3, 2), dtype=np.uint8)


@pytest.mark.parametrize(
    "rows", [slice(None), slice(3, 7), np.array([8, 0, 4, 5, 0]), np.array([], dtype=int)]
)
def test_rows_are_those_of_both_in_the_order_asked_for(
    arrays: tuple[np.ndarray, np.ndarray], rows: slice | np.ndarray
) -> None:
    both, whole = JoinedRows(*arrays), np.concatenate(arrays)
    assert (len(both), both.shape, both.dtype) == (9, whole.shape, whole.dtype)
    assert np.array_equal(both[rows], whole[rows])


def test_parts_are_joined_with_their_rows_and_told_apart_by_content(
    arrays: tuple[np.ndarray, np.ndarray],
) -> None:
    nothing = Targets({}, ())
    parts = [Prepared({"x.values": own}, nothing, np.arange(len(own))) for own in arrays]
    both = joined(*parts, targets=nothing)
    assert len(both) == 9
    assert fingerprint(both.arrays) == fingerprint({"x.values": np.concatenate(arrays)})
    assert fingerprint(both.arrays) != fingerprint(joined(*parts[::-1], targets=nothing).arrays)
