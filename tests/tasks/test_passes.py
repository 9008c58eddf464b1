"""Several looks at a patch: each moved, answered, moved back, and averaged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bedside.tasks.outlining import entropy
from bedside.tasks.passes import MOST_PASSES, averaged, moved

PATCH = np.random.default_rng(0).normal(size=(2, 1, 8, 9, 10)).astype(np.float32)


def twice(patches: Any) -> Any:
    """A network that sees each voxel by itself."""
    return np.concatenate([2 * patches, 1 - patches], axis=1)


@pytest.mark.parametrize(("passes", "mirror"), [(1, False), (3, False), (MOST_PASSES, True)])
def test_a_network_of_single_voxels_answers_as_ever_away_from_the_edge(
    passes: int, mirror: bool
) -> None:
    asked = averaged(twice, passes, mirror=mirror)
    inner = (..., slice(2, -2), slice(2, -2), slice(2, -2))
    assert asked(PATCH)[inner] == pytest.approx(twice(PATCH)[inner], abs=1e-5)


def test_each_look_at_one_plane_is_moved_otherwise() -> None:
    seen: list[bytes] = []

    def network(patches: Any) -> Any:
        seen.append(patches.tobytes())
        return patches

    averaged(network, MOST_PASSES, mirror=False)(PATCH[:, :, :1])
    assert len(set(seen)) == MOST_PASSES


def test_each_look_is_moved_otherwise_and_half_are_mirrored() -> None:
    seen: list[Any] = []

    def network(patches: Any) -> Any:
        seen.append(patches.copy())
        return patches

    averaged(network, MOST_PASSES, mirror=False)(PATCH)
    assert np.array_equal(seen[0], PATCH)
    assert len({look.tobytes() for look in seen}) == MOST_PASSES
    assert np.array_equal(moved(PATCH, (0, 1, 0))[..., :-1, :], PATCH[..., 1:, :])
    looks = list(seen)
    seen.clear()
    averaged(network, 4, mirror=True)(PATCH)
    assert [np.array_equal(a, b) for a, b in zip(seen, looks, strict=False)] == [1, 0, 1, 0]
    assert np.array_equal(seen[1], looks[1][..., ::-1])


def test_a_network_that_minds_where_a_voxel_lies_is_averaged() -> None:
    """Of a grid of every second voxel, one look sees half of what all looks see."""

    def network(patches: Any) -> Any:
        found = np.zeros_like(patches)
        found[..., ::2, ::2, ::2] = 8
        return found

    asked = averaged(network, 2, mirror=False)(PATCH)[..., 2:-2, 2:-2, 2:-2]
    assert set(np.unique(asked)) == {0, 4}
    assert (asked == 4).mean() > (network(PATCH) > 0).mean()


def test_a_picture_is_not_moved_across_its_one_plane() -> None:
    flat = PATCH[:, :, :1]
    assert np.array_equal(moved(flat, (1, 0, 0)), flat)


def test_entropy_is_a_share_of_the_largest() -> None:
    logits = np.array([[0.0, 40, 0], [0, 0, 0], [0, 0, np.log(2)]])
    half = -(0.25 * np.log(0.25) * 2 + 0.5 * np.log(0.5)) / np.log(3)
    assert entropy(logits).tolist() == [255, 0, round(255 * half)]
