"""A cohort that does not fit into memory is read once, lies on disk and is found again."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from bedside.data.cache import Place
from bedside.errors import DataError
from bedside.modalities import reading
from bedside.modalities.image import Image
from bedside.modalities.reading import Readings, read_all, read_cohort
from bedside.modalities.sample_file import SampleFile
from bedside.progress import Progress
from bedside.schema import Reference, Sample

N = 11
READ: Counter[str] = Counter()


class Counted(Image):
    """Counts what it reads."""

    def read(self, reference: Reference) -> Sample:
        READ[reference.where] += 1
        return super().read(reference)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SLICE", 4)
    READ.clear()


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "fits_in_memory", lambda _: False)


@pytest.fixture
def references(tmp_path: Path, rng: np.random.Generator) -> list[Reference]:
    made = []
    for row in range(N):
        path = tmp_path / f"Doe_Jane_{row}.png"
        shape = (20, 20, 3) if row % 3 == 0 else (30, 24)
        Pillow.fromarray(rng.integers(0, 256, shape, dtype=np.uint8)).save(path)
        made.append(Reference(f"row {row} of cases.csv", path))
    return made


def place(folder: Path) -> Place:
    return Place(folder / "cache" / "one", "'x' as read", "Make room", Progress(quiet=True))


def read(folder: Path, references: list[Reference], **options: Any) -> Readings:
    words = {"modality": Counted(size=(16, 16)), "threads": 2, "progress": None} | options
    modality = words.pop("modality")
    return read_cohort(modality, references, place=place(folder), **words)


def same(one: Readings, other: Readings) -> bool:
    pairs = zip(one.samples, other.samples, strict=True)
    return one.problems == other.problems and all(
        (a is None and b is None)
        or (
            a is not None
            and b is not None
            and a.geometry == b.geometry
            and np.array_equal(a.values, b.values)
        )
        for a, b in pairs
    )


def test_a_small_cohort_stays_in_memory_and_leaves_nothing(
    tmp_path: Path, references: list[Reference]
) -> None:
    found = read(tmp_path, references)
    assert isinstance(found.samples, list)
    assert found.key is None
    assert not (tmp_path / "cache").exists()
    assert same(found, read_all(Counted(size=(16, 16)), references, threads=1))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.usefixtures("on_disk")
def test_a_large_one_lies_on_disk_and_each_file_is_read_once(
    tmp_path: Path, references: list[Reference], threads: int
) -> None:
    done: list[int] = []
    found = read(tmp_path, references, threads=threads, progress=done.append)
    assert isinstance(found.samples, SampleFile)
    assert set(READ.values()) == {1}
    assert len(READ) == N
    assert done == list(range(1, N + 1))
    assert same(found, read_all(Counted(size=(16, 16)), references, threads=1))
    names = {path.name for path in (tmp_path / "cache").rglob("*")}
    assert not [name for name in names if "Doe" in name]
    raw = b"".join(p.read_bytes() for p in (tmp_path / "cache").rglob("*") if p.is_file())
    assert b"Doe" not in raw


@pytest.mark.usefixtures("on_disk")
def test_it_is_found_again_without_reading(tmp_path: Path, references: list[Reference]) -> None:
    before = read(tmp_path, references)
    READ.clear()
    again = read(tmp_path, references)
    assert not READ
    assert same(before, again)
    assert again.key == before.key


def _touch(references: list[Reference]) -> list[Reference]:
    os.utime(str(references[5].content), (1, 1))
    return references


def _rewrite(references: list[Reference]) -> list[Reference]:
    path = references[9].content
    assert isinstance(path, Path)
    path.write_bytes(path.read_bytes() + b"\0")
    return references


CHANGES: dict[str, Callable[[list[Reference]], list[Reference]]] = {
    "time": _touch,
    "size": _rewrite,
    "order": lambda references: references[::-1],
    "fewer": lambda references: references[:-1],
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.usefixtures("on_disk")
def test_changed_files_are_read_anew(
    tmp_path: Path, references: list[Reference], change: str
) -> None:
    before = read(tmp_path, references)
    READ.clear()
    changed = CHANGES[change](references)
    after = read(tmp_path, changed)
    assert after.key != before.key
    assert len(READ) == len(changed)
    assert same(after, read_all(Image(size=(16, 16)), changed, threads=1))


def test_a_cohort_that_became_small_leaves_nothing_on_disk(
    tmp_path: Path, references: list[Reference], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "fits_in_memory", lambda size: size < N * 16 * 16)
    read(tmp_path, references)
    assert place(tmp_path).folder.exists()
    assert isinstance(read(tmp_path, references[1:3]).samples, list)
    assert not place(tmp_path).folder.exists()


@pytest.mark.usefixtures("on_disk")
def test_other_options_or_other_code_are_read_anew(
    tmp_path: Path, references: list[Reference], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [read(tmp_path, references).key]
    keys.append(read(tmp_path, references, modality=Counted(size=(18, 16))).key)
    monkeypatch.setattr(reading, "code_of", lambda _: "another version")
    keys.append(read(tmp_path, references).key)
    assert len(set(keys)) == 3


@pytest.mark.usefixtures("on_disk")
def test_a_cohort_with_unreadable_files_is_tried_again(
    tmp_path: Path, references: list[Reference]
) -> None:
    broken = references[7].content
    assert isinstance(broken, Path)
    whole = broken.read_bytes()
    broken.write_bytes(whole[:40])
    stamp = broken.stat()
    for _ in range(2):
        READ.clear()
        found = read(tmp_path, references)
        assert len(READ) == N
        assert list(found.problems) == [7]
        assert found.problems[7].startswith("row 7 of cases.csv: expected a whole PNG file")
        assert found.samples[7] is None
        assert np.flatnonzero(~found.readable).tolist() == [7]
        assert len(list(found.at([6, 7, 8]))) == 2
    broken.write_bytes(whole)
    os.utime(broken, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert read(tmp_path, references).problems == {}


@pytest.mark.usefixtures("on_disk")
def test_a_missing_file_that_comes_back_is_read(
    tmp_path: Path, references: list[Reference]
) -> None:
    path = references[2].content
    assert isinstance(path, Path)
    path.rename(tmp_path / "away")
    assert list(read(tmp_path, references).problems) == [2]
    (tmp_path / "away").rename(path)
    assert read(tmp_path, references).problems == {}


@pytest.mark.usefixtures("on_disk")
def test_arrays_and_texts_are_told_apart_by_content(tmp_path: Path) -> None:
    class Text(Counted):
        def read(self, reference: Reference) -> Sample:
            READ[reference.where] += 1
            content = reference.content
            return Sample(content if isinstance(content, str) else str(content))

    def asked(*contents: Any) -> list[Reference]:
        return [Reference(f"row {n}", content) for n, content in enumerate(contents)]

    array = np.arange(9.0)
    keys = {
        read(tmp_path, asked(*contents), modality=Text()).key
        for contents in [
            ("Befund", "other"),
            ("Befund", "more"),
            (array, array),
            (array, array + 1),
            ({"a": 1}, {"b": 2}),
            ({"a": 1}, {"b": 3}),
        ]
    }
    assert len(keys) == 6


@pytest.mark.usefixtures("on_disk")
def test_an_interrupt_while_reading_leaves_nothing(
    tmp_path: Path, references: list[Reference]
) -> None:
    class Interrupted(Counted):
        def read(self, reference: Reference) -> Sample:
            if reference.where.startswith("row 9"):
                raise KeyboardInterrupt
            return super().read(reference)

    with pytest.raises(KeyboardInterrupt):
        read(tmp_path, references, modality=Interrupted(size=(16, 16)))
    assert not list((tmp_path / "cache").rglob("*.bin"))


@pytest.mark.usefixtures("on_disk")
def test_values_that_lie_otherwise_in_memory_are_put_in_order(tmp_path: Path) -> None:
    class Turned(Image):
        def read(self, reference: Reference) -> Sample:
            sample = super().read(reference)
            assert isinstance(sample.values, np.ndarray)
            return Sample(sample.values.T)

    array = np.random.default_rng(0).integers(0, 256, (16, 16), dtype=np.uint8)
    asked = [Reference("row 1", array)]
    kept = read(tmp_path, asked, modality=Turned(size=(16, 16)))
    for found in (kept, read_all(Turned(size=(16, 16)), asked, threads=1)):
        (sample,) = found.samples
        assert sample is not None
        assert isinstance(sample.values, np.ndarray)
        assert sample.values.flags.c_contiguous
        assert np.array_equal(sample.values, array.T)


def test_no_samples_at_all(tmp_path: Path) -> None:
    assert read(tmp_path, []) == Readings([], {})
    with pytest.raises(DataError):
        reading.raise_unreadable(Readings([None], {0: "row 1: broken."}))
