"""Volumes as an input: resampling, spacing, units, channels and the sentences that refuse."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from bedside.errors import DataError
from bedside.modalities.volume import Volume
from bedside.schema import Geometry, Reference, Sample

SIZE = (8, 10, 12)


def volume(**words: object) -> Volume:
    return Volume(size=SIZE, **words)  # type: ignore[arg-type]


def sample(values: np.ndarray) -> Sample:
    return Sample(values, Geometry(shape=values.shape[:3]))


def test_a_volume_on_the_grid_stays_bit_for_bit(rng: np.random.Generator) -> None:
    values = rng.integers(0, 256, SIZE, dtype=np.uint8)
    assert np.array_equal(volume().read(Reference("row 1", values)).values, values)


def test_spacing_keeps_sizes_in_mm(tmp_path: Path) -> None:
    block = np.zeros((30, 20, 10), np.int16)  # x, y, z of 1, 1 and 3 mm
    block[10:20, 5:15, 3:7] = 100  # 10 x 10 x 12 mm
    nibabel.save(nibabel.Nifti1Image(block, np.diag([1.0, 1, 3, 1])), tmp_path / "v.nii")
    found = volume(spacing_mm=(2, 2, 2)).read(Reference("row 1", tmp_path / "v.nii")).values
    assert found.shape == SIZE
    assert (found.sum() / 100) * 8 == pytest.approx(10 * 10 * 12, rel=0.15)


def test_spacing_that_nothing_states_is_refused(rng: np.random.Generator) -> None:
    values = rng.integers(0, 256, SIZE, dtype=np.uint8)
    with pytest.raises(DataError, match="row 1: expected a volume that states its spacing"):
        volume(spacing_mm=(1, 1, 1)).read(Reference("row 1", values))


def test_a_window_cuts_values_and_keeps_units() -> None:
    values = np.linspace(-2000, 2000, np.prod(SIZE), dtype=np.float32).reshape(SIZE)
    own = volume(window=(-100, 300))
    found = own.read(Reference("row 1", values))
    assert (found.values.min(), found.values.max()) == (-100, 300)
    state = own.fit([found])
    assert state["normalise"] == "cohort"
    assert np.array_equal(own.prepare(found, state)["values"][0], found.values)


def test_each_volume_is_standardised_by_itself_where_units_mean_nothing() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(50, 3, SIZE).astype(np.float32)
    own = volume()
    state = own.fit([sample(values), sample(values * 1e6)])
    assert state["normalise"] == "case"
    one, other = (own.prepare(sample(v), state)["values"] for v in (values, values * 1e6))
    assert one == pytest.approx(other, abs=1e-4)
    assert (one.mean(), one.std()) == pytest.approx((0, 1), abs=1e-4)
    flat = own.prepare(sample(np.full(SIZE, 7, np.float32)), state)["values"]
    assert np.isfinite(flat).all()


def test_mean_and_spread_are_those_of_all_training_voxels() -> None:
    rng = np.random.default_rng(0)
    stack = rng.integers(0, 256, (3, *SIZE), dtype=np.uint8)
    state = volume().fit(map(sample, stack))
    rule = state["standardise"]["values"]
    assert rule["mean"] == pytest.approx([stack.mean()])
    assert rule["std"] == pytest.approx([stack.std()])
    assert state["dtype"] == "uint8"


def test_other_channels_and_other_sizes_are_refused() -> None:
    own = volume()
    one, two = np.zeros(SIZE, np.float32), np.zeros((*SIZE, 2), np.float32)
    with pytest.raises(DataError, match="equally many channels, got some of 1, 2"):
        own.fit([sample(one), sample(two)])
    with pytest.raises(DataError, match="got none"):
        own.fit([])
    state = own.fit([sample(one)])
    with pytest.raises(DataError, match=r"expected 1 channel\(s\) of 8 x 10 x 12 voxels"):
        own.prepare(sample(two), state)
    with pytest.raises(DataError, match="voxels"):
        own.prepare(sample(np.zeros((8, 10, 11), np.float32)), state)


def test_deeper_volumes_than_those_of_training_are_brought_into_its_range() -> None:
    own = volume()
    state = own.fit([sample(np.full(SIZE, 9, np.uint8))])
    found = own.prepare(sample(np.full(SIZE, 300.4, np.float32)), state)["values"]
    assert found.dtype == np.uint8
    assert (found == 255).all()


def test_a_picture_shows_three_planes(rng: np.random.Generator) -> None:
    values = np.zeros(SIZE, np.float32)
    values[-2:, :, -3:] = 50  # towards the head, on the person's right
    picture = volume().picture(sample(values))
    assert picture.shape == (10, 12 + 12 + 10)
    assert picture.dtype == np.uint8
    coronal = picture[1:9, 12:24]
    assert coronal[:2, :3].min() > 200, "the head is up"
    assert not coronal[3:].any()
