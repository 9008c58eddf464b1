"""The training cases that lie nearest, and how they are kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bedside.errors import RunError
from bedside.explanation import neighbours
from bedside.explanation.neighbours import Memory, keep, normal, recall, remember
from bedside.models.network import pooled_features

from .spot_made import pictures, spot_question


def made() -> Memory:
    features = normal(np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]], dtype=np.float32))
    return Memory(np.array([4, 7, 9]), features)


def test_the_nearest_come_first_whatever_their_length() -> None:
    rows, cosines = made().nearest(np.array([[0.0, 5.0]]), count=2)
    assert rows.tolist() == [[9, 7]]
    np.testing.assert_allclose(cosines, [[1.0, 0.70711]], atol=1e-5)


def test_a_case_is_not_its_own_neighbour() -> None:
    rows, _ = made().nearest(np.array([[0.0, 5.0]]), count=2, but=9)
    assert rows.tolist() == [[7, 4]]


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    keep(made(), tmp_path / "training.npz")
    found = recall(tmp_path / "training.npz")
    assert found.rows.tolist() == [4, 7, 9]
    np.testing.assert_allclose(found.features, made().features, atol=1e-3)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "training.npz").write_bytes(b"PK\x03\x04 no more")
    with pytest.raises(RunError, match=r"training.npz: damaged"):
        recall(tmp_path / "training.npz")


def test_features_are_those_the_head_reads_and_many_cases_are_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = spot_question().network
    arrays = {name: values.numpy() for name, values in pictures(40).items()}
    assert pooled_features(network, arrays, np.array([3, 1])).shape == (2, 1)  # type: ignore[arg-type]
    monkeypatch.setattr(neighbours, "MOST_KEPT", 10)
    memory = remember(network, arrays, np.arange(100, 140), seed=1)  # type: ignore[arg-type]
    assert len(memory.rows) == 10
    assert set(memory.rows) <= set(range(100, 140))
