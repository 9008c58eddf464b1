"""Samples on disk come back as they were, whatever their kind."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bedside.modalities.sample_file import SampleFile, write_samples
from bedside.schema import Geometry, Sample

FACTS = {"format": "DICOM", "bits": 12, "aspect": 1.1, "windowed": True, "names": ("a", ("b",))}
SAMPLES: dict[str, Sample | None] = {
    "grey": Sample(np.arange(12, dtype=np.uint8).reshape(3, 4), Geometry((300, 400))),
    "colour": Sample(np.random.default_rng(0).random((5, 4, 3)).astype(np.float32)),
    "turned": Sample(np.arange(12, dtype=np.float32).reshape(3, 4).T),
    "volume": Sample(
        np.arange(24, dtype=np.int16).reshape(2, 3, 4),
        Geometry((2, 3, 4), (0.1, 1 / 3, 2.0), affine=np.linspace(0, 1, 16).reshape(4, 4)),
    ),
    "series": Sample(
        np.array([1.5, np.nan, np.inf]), Geometry(times_seconds=np.array([0, 1, 9], np.float32))
    ),
    "text": Sample("Kein Befund – gemäß «früher»\n\ud800", Geometry(source={"language": "de"})),
    "facts": Sample(np.ones((2, 2), bool), Geometry(source=FACTS)),
    "nothing": None,
    "empty": Sample(np.empty((0, 3), np.float32)),
    "no text": Sample(""),
    "long": Sample(np.ones(3, np.uint8), Geometry(source={"note": "x" * 9000})),
}


@pytest.fixture
def stored(tmp_path: Path) -> SampleFile:
    write_samples(tmp_path, SAMPLES.values())
    return SampleFile(tmp_path)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return bool(one.dtype == other.dtype and np.array_equal(one, other, equal_nan=True))
    return bool(one == other and type(one) is type(other))


@pytest.mark.parametrize("kind", SAMPLES)
def test_each_kind_comes_back(stored: SampleFile, kind: str) -> None:
    before, after = SAMPLES[kind], stored[list(SAMPLES).index(kind)]
    if before is None:
        assert after is None
        return
    assert after is not None
    if isinstance(before.values, str):
        assert after.values == before.values
    else:
        assert isinstance(after.values, np.ndarray)
        assert after.values.dtype == before.values.dtype
        assert after.values.shape == before.values.shape
        assert after.values.tobytes() == before.values.tobytes()
        assert after.values.flags.writeable
    for field in fields(Geometry):
        mine, theirs = getattr(before.geometry, field.name), getattr(after.geometry, field.name)
        assert same(mine, theirs), field.name


def test_it_looks_like_a_list(stored: SampleFile) -> None:
    assert len(stored) == len(SAMPLES)
    assert [sample is None for sample in stored] == [s is None for s in SAMPLES.values()]
    last = stored[-1]
    assert last is not None
    assert last.geometry.source["note"] == "x" * 9000
    assert [each is None for each in stored[6:9]] == [False, True, False]
    for row in (len(SAMPLES), -len(SAMPLES) - 1):
        with pytest.raises(IndexError):
            stored[row]


def test_what_comes_back_is_a_copy(stored: SampleFile) -> None:
    first = stored[0]
    assert first is not None
    assert isinstance(first.values, np.ndarray)
    first.values[:] = 9
    again = stored[0]
    assert again is not None
    assert isinstance(again.values, np.ndarray)
    assert again.values[0, 1] == 1


def test_numbers_of_numpy_among_the_facts_become_plain(tmp_path: Path) -> None:
    write_samples(tmp_path, [Sample("a", Geometry(source={"bits": np.int64(8)}))])
    (sample,) = SampleFile(tmp_path)
    assert sample is not None
    assert sample.geometry.source == {"bits": 8}


def test_what_is_no_plain_fact_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="a object is no plain fact"):
        write_samples(tmp_path, [Sample("a", Geometry(source={"x": object()}))])


def test_nothing_can_be_kept_too(tmp_path: Path) -> None:
    write_samples(tmp_path, [])
    assert list(SampleFile(tmp_path)) == []
