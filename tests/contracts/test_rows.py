"""Whatever takes arrays of a part takes rows on disk and rows made on the way just as well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bedside.baselines.features import describe_inputs
from bedside.modalities.image import Image
from bedside.models.network import StudyNetwork, as_callable
from bedside.schema import Array, Rows, Targets
from bedside.training import loader
from bedside.training.loader import Prepared, epoch_generator, epoch_rows, take

N, SIDE, INPUT = 20, 24, "type"
MOST = 8
"""Rows that may be asked for at a time."""


@dataclass(frozen=True)
class Made:
    """Rows that are looked up when asked for; a few at a time, and never turned into an array."""

    source: Array
    asked: list[int] = field(default_factory=list)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.source.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.source.dtype

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, rows: slice | Array, /) -> Array:
        found = self.source[rows].copy()
        self.asked.append(len(found))
        assert len(found) <= MOST, "too many rows at once"
        return found

    def __array__(self, *_: object, **__: object) -> Array:
        raise AssertionError("rows were turned into one array")


def _mapped(values: Array, folder: Path) -> Array:
    path = folder / f"{values.dtype}-{values.ndim}.npy"
    np.save(path, values)
    return np.asarray(np.load(path, mmap_mode="r"))


@pytest.fixture
def pictures(rng: np.random.Generator) -> Array:
    return rng.integers(0, 256, (N, 1, SIDE, SIDE), dtype=np.uint8)


def part(pictures: Rows, truth: Rows) -> Prepared:
    return Prepared({f"{INPUT}.values": pictures}, Targets({"truth": truth}, ("a", "b")), rows())


def rows() -> Array:
    return np.arange(N) + 100


@pytest.fixture(params=["mapped", "made"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Array], Rows]:
    """The same rows in another form."""
    if request.param == "made":
        return Made
    return lambda values: _mapped(values, tmp_path)


@pytest.fixture
def both(pictures: Array, other: Callable[[Array], Rows]) -> tuple[Prepared, Prepared]:
    truth = (np.arange(N) % 2).astype(np.float32)[:, None]
    return part(pictures, truth), part(other(pictures), other(truth))


def test_the_fingerprint_is_the_same_and_is_made_block_by_block(
    both: tuple[Prepared, Prepared], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, same = both
    whole = plain.fingerprint()
    for size in (1, 3 * SIDE * SIDE):  # a row at a time; three pictures, six truths
        monkeypatch.setattr(loader, "BLOCK_BYTES", size)
        assert loader.fingerprint(same.arrays) == loader.fingerprint(plain.arrays)
    monkeypatch.setattr(loader, "BLOCK_BYTES", 4 * MOST)
    assert same.fingerprint() == whole


def test_batches_and_targets_are_the_same(both: tuple[Prepared, Prepared]) -> None:
    plain, same = both
    order = epoch_rows(len(both[0]), 6, epoch_generator(1, 1))
    batches = [[take(p, rows) for rows in order] for p in both]
    count = 0
    for ours, theirs in zip(*batches, strict=True):
        count += 1
        for one, another in zip(ours, theirs, strict=True):
            assert one.keys() == another.keys()
            assert all(torch.equal(one[key], another[key]) for key in one)
    assert count == 4
    chosen = np.array([5, 2, 19])
    assert torch.equal(
        take(plain, chosen)[0][f"{INPUT}.values"], take(same, chosen)[0][f"{INPUT}.values"]
    )
    kept, also = plain.targets.take(chosen), same.targets.take(chosen)
    assert kept.arrays["truth"].tolist() == also.arrays["truth"].tolist() == [[1], [0], [1]]


def test_a_batch_may_be_changed_without_changing_the_rows(
    both: tuple[Prepared, Prepared], pictures: Array
) -> None:
    before = pictures.copy()
    for each in both:
        inputs, targets = take(each, np.array([1, 2]))
        inputs[f"{INPUT}.values"].zero_()
        targets["truth"].zero_()
        assert np.array_equal(each.arrays[f"{INPUT}.values"][:3], before[:3])
        assert each.targets.arrays["truth"][1:2].tolist() == [[1]]


def test_a_network_answers_the_same(
    both: tuple[Prepared, Prepared], build: Callable[..., StudyNetwork]
) -> None:
    call = as_callable(build("cnn", {"values": (1, SIDE, SIDE)}), batch_size=7)
    ours, theirs = (call(each.arrays)["logits"] for each in both)
    assert ours.shape == (N, 2)
    assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("threads", [1, 2])
def test_features_are_the_same(both: tuple[Prepared, Prepared], threads: int) -> None:
    modalities = {INPUT: Image(size=(SIDE, SIDE))}
    ours, theirs = (
        describe_inputs(modalities, each.arrays, batch=5, threads=threads) for each in both
    )
    assert ours.shape[0] == N
    assert np.array_equal(ours, theirs)
