"""Volumes that keep their own size."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from bedside.errors import DataError
from bedside.modalities.volume import Volume
from bedside.modalities.volume_whole import Seen, common_spacing, prepare_whole
from bedside.schema import Geometry, Reference, Sample


def sample(values: Any, spacing: Any = (1.0, 1.0, 1.0)) -> Sample:
    return Sample(values, Geometry(shape=values.shape[:3], spacing_mm=spacing))


def noise(shape: Any, seed: int = 0, *, mean: float = 50.0, std: float = 10.0) -> Any:
    return np.random.default_rng(seed).normal(mean, std, shape).astype(np.float32)


@pytest.mark.parametrize(
    ("spacings", "shapes", "expected"),
    [
        ([(1, 1, 1), (2, 1, 1), (3, 1, 1)], [(30, 30, 30)] * 3, [2, 1, 1]),
        ([(6, 1, 1), (5, 1, 1), (3, 1, 1)], [(20, 200, 200)] * 3, [3.4, 1, 1]),
        ([(6, 1, 1), (5, 1, 1), (3, 1, 1)], [(150, 200, 200)] * 3, [5, 1, 1]),
    ],
)
def test_the_spacing_is_the_median_but_for_thick_slices(
    spacings: Any, shapes: Any, expected: list[float]
) -> None:
    assert common_spacing(spacings, shapes) == pytest.approx(expected)


def test_mr_is_standardised_by_itself_and_ct_by_its_structures() -> None:
    mr = Volume(size="whole").fit([sample(noise((8, 9, 10), n)) for n in range(3)])
    assert (mr["normalise"], mr["channels"], mr["spacing_mm"]) == ("case", 1, [1, 1, 1])
    assert json.loads(json.dumps(mr)) == mr
    values = Volume(size="whole").prepare(sample(noise((8, 9, 10), 7)), mr)["values"]
    assert values.dtype == np.float16
    assert values.shape == (1, 8, 9, 10)
    assert float(values.astype(np.float32).mean()) == pytest.approx(0, abs=2e-3)
    assert float(values.astype(np.float32).std()) == pytest.approx(1, abs=2e-3)

    ct = noise((12, 12, 12), 1, mean=-900, std=20)
    ct[4:8, 4:8, 4:8] = noise((4, 4, 4), 2, mean=60, std=5)
    seen = Seen()
    seen.note(sample(ct), where=ct > 0)
    state = seen.state(None, normalise="auto", name="image")
    assert state["normalise"] == "cohort"
    assert 45 < state["intensity"]["low"][0] < 55
    assert 55 < state["intensity"]["mean"][0] < 65
    made = prepare_whole(sample(ct), state, name="image")["values"].astype(np.float32)
    assert made[0, 5, 5].std() < 3
    assert np.unique(made[0, 0]).size == 1  # air lies below the range


def test_a_volume_is_brought_to_the_common_spacing_and_knows_where_it_came_from() -> None:
    volume = Volume(size="whole", spacing_mm=(2, 1, 1), normalise="case")
    state = volume.fit([sample(noise((10, 10, 10)))])
    assert state["spacing_mm"] == [2, 1, 1]
    made = volume.prepare(sample(noise((10, 12, 7)), (4.0, 1.0, 0.5)), state)
    assert made["values"].shape == (1, 20, 12, 4)
    assert made["source"].tolist() == [10, 12, 7]
    assert made["spacing"].tolist() == [4, 1, 0.5]
    other = volume.prepare(sample(noise((5, 6, 7))), state)
    batch = volume.collate([made, other])
    assert batch["values"].dtype == object
    assert [v.shape for v in batch["values"]] == [(1, 20, 12, 4), (1, 2, 6, 7)]
    assert batch["source"].shape == (2, 3)


def test_channels_stand_side_by_side() -> None:
    volume = Volume(size="whole")
    both = np.stack([noise((6, 6, 6), 1), noise((6, 6, 6), 2, mean=5000, std=900)], axis=3)
    state = volume.fit([sample(both)])
    made = volume.prepare(sample(both), state)["values"].astype(np.float32)
    assert made.shape == (2, 6, 6, 6)
    assert made.std(axis=(1, 2, 3)) == pytest.approx([1, 1], abs=2e-3)


def test_what_cannot_be_prepared_is_refused() -> None:
    volume = Volume(size="whole")
    state = volume.fit([sample(noise((6, 6, 6)))])
    with pytest.raises(DataError, match=r"expected 1 channel\(s\), got 2"):
        volume.prepare(sample(noise((6, 6, 6, 2))), state)
    with pytest.raises(DataError, match="expected volumes that state their spacing"):
        volume.prepare(sample(noise((6, 6, 6)), None), state)
    with pytest.raises(DataError, match="expected volumes that state their spacing"):
        volume.fit([sample(noise((6, 6, 6)), None)])
    with pytest.raises(DataError, match="some of 1, 2 channels"):
        volume.fit([sample(noise((6, 6, 6))), sample(noise((6, 6, 6, 2)))])
    with pytest.raises(DataError, match="got none"):
        volume.fit([])


def test_a_constant_volume_and_huge_values_stay_finite() -> None:
    volume = Volume(size="whole", normalise="case")
    state = volume.fit([sample(noise((6, 6, 6)))])
    flat = volume.prepare(sample(np.full((6, 6, 6), 3e6, np.float32)), state)["values"]
    spike = np.zeros((60, 60, 60), np.float32)
    spike[0, 0, 0] = 1e9
    assert not flat.any()
    assert np.isfinite(volume.prepare(sample(spike), state)["values"]).all()


def test_it_reads_at_full_size_and_cuts_to_its_window() -> None:
    values = noise((7, 8, 9))
    read = Volume(size="whole", window=(45, 55)).read(Reference("here", values))
    assert read.values.shape == (7, 8, 9)  # type: ignore[union-attr]
    assert 45 <= read.values.min() <= read.values.max() <= 55  # type: ignore[union-attr]
    assert Volume(size="whole", window=(45, 55)).whole_words == (None, "cohort", "image")
    fakes = Volume(size="whole").fake(np.random.default_rng(0), 2)
    assert all(fake.geometry.spacing_mm == (1, 1, 1) for fake in fakes)


def test_augmentation_changes_intensities_and_not_places() -> None:
    import torch

    values = torch.zeros(32, 1, 10, 10, 10)
    values[:, :, 3:7, 3:7, 3:7] = 1.0
    made = Volume(size="whole").augment({"values": values}, torch.Generator().manual_seed(0))
    found = made["values"]
    assert found.shape == values.shape
    assert not torch.equal(found, values)
    inside = found[:, :, 4:6, 4:6, 4:6].mean((1, 2, 3, 4))
    outside = found[:, :, :2].mean((1, 2, 3, 4))
    assert bool((inside > outside + 0.3).all())
    again = Volume(size="whole").augment({"values": values}, torch.Generator().manual_seed(0))
    assert torch.equal(again["values"], found)
