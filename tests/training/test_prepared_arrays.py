"""Prepared arrays are the same numbers in memory and on disk, and are made once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from bedside.data.cache import Place
from bedside.modalities.image import Image
from bedside.modalities.reading import Readings
from bedside.progress import Progress
from bedside.schema import Array, Arrays, Part, Sample, State
from bedside.training import prepared_arrays as module
from bedside.training.prepared_arrays import Input, prepare_arrays
from bedside.training.stored_rows import StoredRows

N = 30
PREPARED: Counter[str] = Counter()
ROWS: dict[Part, Array] = {
    "train": np.arange(0, 20, 2),
    "validation": np.array([1, 3, 25]),
    "test": np.array([29, 7, 8]),
}


class Counted(Image):
    """Counts what it prepares."""

    def prepare(self, sample: Sample, state: State) -> Arrays:
        PREPARED[self.column] += 1
        return super().prepare(sample, state) | {"bright": np.float32(np.mean(sample.values))}

    def collate(self, prepared: list[Arrays]) -> Arrays:  # type: ignore[override]
        stacked = super().collate(prepared)
        return stacked | {"bright": np.array([each["bright"] for each in prepared])}


class Ragged(Counted):
    """As long as the longest of the batch."""

    def collate(self, prepared: list[Arrays]) -> Arrays:  # type: ignore[override]
        values = super().collate(prepared)["values"]
        return {"values": values[:, :, :, : 8 + len(prepared)]}


@pytest.fixture(autouse=True)
def _few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 4)
    PREPARED.clear()


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "fits_in_memory", lambda _: False)


def made(
    column: str = "a", *, key: str | None = "files", kind: type[Counted] = Counted, size: int = 16
) -> Input:
    modality = kind(column=column, size=(16, size))
    samples = modality.fake(np.random.default_rng(len(column)), N)
    return Input(column, modality, modality.fit(samples[:20]), Readings(samples, {}, key))


def place(folder: Path) -> Place:
    return Place(folder / "prepared" / "arrays", "prepared", "Make room", Progress(quiet=True))


def same(one: dict[Part, dict[str, object]], other: dict[Part, dict[str, object]]) -> bool:
    return all(
        list(one[part]) == list(other[part])
        and all(
            np.array_equal(one[part][name][:], other[part][name][:])  # type: ignore[index]
            for name in one[part]
        )
        for part in ROWS
    )


def test_what_fits_stays_in_memory(tmp_path: Path) -> None:
    found = prepare_arrays([made(), made("bb")], ROWS, place=place(tmp_path))
    assert not (tmp_path / "prepared").exists()
    assert [list(own) for own in found.values()] == [
        ["a.bright", "a.values", "bb.bright", "bb.values"]
    ] * 3
    assert all(isinstance(v, np.ndarray) for own in found.values() for v in own.values())


@pytest.mark.usefixtures("on_disk")
def test_what_does_not_lies_on_disk_and_is_the_same(tmp_path: Path) -> None:
    inputs = [made("bb"), made()]
    memory = prepare_arrays(inputs, ROWS, place=None)
    PREPARED.clear()
    disk = prepare_arrays(inputs, ROWS, place=place(tmp_path))
    assert all(isinstance(v, StoredRows) for own in disk.values() for v in own.values())
    assert same(memory, disk)  # type: ignore[arg-type]
    assert disk["train"]["a.values"].dtype == np.uint8
    assert PREPARED["a"] == 16 + 4  # each case once, and four to see how large they are
    kept = sum(p.stat().st_size for p in (tmp_path / "prepared").rglob("*.npy"))
    assert kept == 2 * 16 * (16 * 16 + 4) + 12 * 128  # a header of 128 bytes each


def test_only_the_large_input_goes_to_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "fits_in_memory", lambda size: size < 16 * 16 * 32)
    found = prepare_arrays([made(), made("bb", size=64)], ROWS, place=place(tmp_path))
    kinds = {name: type(values) for name, values in found["test"].items()}
    assert kinds == {
        "a.bright": np.ndarray,
        "a.values": np.ndarray,
        "bb.bright": StoredRows,
        "bb.values": StoredRows,
    }


@pytest.mark.usefixtures("on_disk")
def test_they_are_found_again(tmp_path: Path) -> None:
    first = prepare_arrays([made()], ROWS, place=place(tmp_path))
    PREPARED.clear()
    again = prepare_arrays([made()], ROWS, place=place(tmp_path))
    assert PREPARED["a"] == 4
    assert same(first, again)  # type: ignore[arg-type]


@pytest.mark.usefixtures("on_disk")
def test_other_files_parts_or_fits_make_them_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare_arrays([made()], ROWS, place=place(tmp_path))
    own = made()
    changes = [
        (made(key="other files"), ROWS),
        (Input(own.name, own.modality, own.state | {"channels": 3}, own.readings), ROWS),
        (own, ROWS | {"test": np.array([29, 7, 9])}),
        (made(key=None), ROWS),
        (made(key=None), ROWS),
    ]
    for changed, rows in changes:
        PREPARED.clear()
        disk = prepare_arrays([changed], rows, place=place(tmp_path))
        assert PREPARED["a"] == 20
        assert same(disk, prepare_arrays([changed], rows, place=None))  # type: ignore[arg-type]
    monkeypatch.setattr(module, "code_of", lambda _: "another version")
    PREPARED.clear()
    prepare_arrays([own], ROWS, place=place(tmp_path))
    assert PREPARED["a"] == 20


@pytest.mark.usefixtures("on_disk")
def test_an_input_whose_blocks_differ_in_form_stays_in_memory(tmp_path: Path) -> None:
    inputs = [made("bb", kind=Ragged), made()]
    memory = prepare_arrays(inputs, ROWS, place=None)
    disk = prepare_arrays(inputs, ROWS, place=place(tmp_path))
    assert same(memory, disk)  # type: ignore[arg-type]
    assert isinstance(disk["train"]["bb.values"], np.ndarray)
    assert isinstance(disk["train"]["a.values"], StoredRows)
    assert not list((tmp_path / "prepared").rglob("*bb*"))


@pytest.mark.usefixtures("on_disk")
def test_an_input_whose_name_begins_anothers_is_not_mixed_up_with_it(tmp_path: Path) -> None:
    names = ("a", "a-b", "test-a", "a_")
    disk = prepare_arrays([made(name) for name in names], ROWS, place=place(tmp_path))
    for part in ROWS:
        assert list(disk[part]) == [
            f"{name}.{key}" for name in names for key in ("bright", "values")
        ]
