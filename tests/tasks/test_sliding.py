"""A volume of any size through a network that sees boxes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bedside.tasks import sliding
from bedside.tasks.sliding import Window, regridded, slabs, thin


def told(patches: Any) -> Any:
    """A network that answers each voxel by itself: two logits that follow from its value."""
    return np.concatenate([patches, 1 - 2 * patches], axis=1)


@pytest.mark.parametrize("shape", [(8, 8, 8), (5, 6, 7), (20, 9, 8), (31, 17, 23), (5, 30, 6)])
@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.5, 0.8])
def test_what_each_voxel_answers_by_itself_comes_back(shape: Any, overlap: float) -> None:
    volume = np.random.default_rng(0).normal(size=(1, *shape)).astype(np.float16)
    found = np.concatenate(list(slabs(told, volume, Window((8, 8, 8), overlap))), axis=1)
    assert found.shape == (2, *shape)
    assert found.dtype == np.float32
    assert found == pytest.approx(told(volume[None].astype(np.float32))[0], abs=1e-5, rel=1e-4)


def test_the_middle_of_a_patch_counts_more_than_its_edge() -> None:
    window = Window((9, 9, 9))
    weights = window.weights()
    assert weights[4, 4, 4] == 1
    assert weights[0, 4, 4] == weights[8, 4, 4] < 0.002

    def edges_wrong(patches: Any) -> Any:
        found = np.ones_like(patches)
        found[:, :, 0] = found[:, :, -1] = -1.0
        return found

    found = np.concatenate(list(slabs(edges_wrong, np.zeros((1, 30, 9, 9)), window)), axis=1)
    assert (found[0, 1:-1] > 0.9).all()


def test_what_is_held_is_as_deep_as_a_patch() -> None:
    sizes = [slab.shape[1] for slab in slabs(told, np.zeros((1, 100, 8, 8)), Window((8, 8, 8)))]
    assert sum(sizes) == 100
    assert max(sizes) <= 8


def test_slabs_are_thinned_by_the_room_that_they_take(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = np.random.default_rng(2).normal(size=(3, 40, 6, 5)).astype(np.float32)
    monkeypatch.setattr(sliding, "LOGITS_HELD", 3 * 12 * 10 * 4)
    parts = list(thin(iter(np.split(whole, [24], axis=1)), want=(80, 12, 10)))
    assert [part.shape[1] for part in parts] == [4] * 10
    assert (np.concatenate(parts, axis=1) == whole).all()
    assert len(list(thin(iter([whole]), want=(40 * 64, 12, 10)))) == 1  # or too many are kept of
    found = np.concatenate(list(regridded(iter(parts), (40, 6, 5), (80, 12, 10))), axis=1)
    assert found == pytest.approx(_stretched(whole, (80, 12, 10)), abs=1e-5)


@pytest.mark.parametrize("want", [(20, 30, 14), (40, 15, 28), (7, 11, 5), (20, 15, 14), (1, 1, 1)])
@pytest.mark.parametrize("cuts", [[20], [3, 1, 1, 10, 5]])
def test_another_grid_is_reached_slab_by_slab(want: Any, cuts: list[int]) -> None:
    have = (20, 15, 14)
    whole = np.random.default_rng(1).normal(size=(2, *have)).astype(np.float32)
    parts = iter(np.split(whole, np.cumsum(cuts)[:-1], axis=1))
    found = np.concatenate(list(regridded(parts, have, want)), axis=1)
    assert found.shape == (2, *want)
    assert found == pytest.approx(_stretched(whole, want), abs=1e-5)


def _stretched(whole: Any, want: Any) -> Any:
    """The same by scipy, the outer faces of the voxels on each other."""
    from scipy import ndimage

    factors = [w / h for w, h in zip(want, whole.shape[1:], strict=True)]
    return np.stack(
        [
            ndimage.zoom(one, factors, order=1, mode="nearest", grid_mode=True)
            for one in whole.astype(np.float64)
        ]
    )
