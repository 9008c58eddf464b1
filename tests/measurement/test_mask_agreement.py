"""Overlap and surface distances: worked by hand, on spheres, and against MONAI."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.measurement.mask_agreement import agreement, agreements, dice
from bedside.measurement.surfaces import box_of, surface_voxels

SPACING = (3.0, 1.0, 0.5)


def ball(radius: float, centre: tuple[float, float, float], *, spacing: float = 1.0) -> np.ndarray:
    places = np.indices((40, 40, 40)) * spacing - np.array(centre)[:, None, None, None]
    return np.square(places).sum(axis=0) <= radius**2


def test_two_blocks_worked_by_hand() -> None:
    truth, predicted = np.zeros((2, 6, 20, 20), bool)
    truth[2, 4:8, 4:8] = True
    predicted[2, 4:8, 5:9] = True  # moved by one voxel of 0.5 mm
    found = agreement(truth, predicted, spacing_mm=SPACING, tolerance_mm=0.4)
    assert found is not None
    assert found.dice == pytest.approx(2 * 12 / 32)
    # one slice: all its voxels are surface; four of sixteen have no partner in the same place
    assert found.hd95_mm == pytest.approx(0.5)
    assert found.assd_mm == pytest.approx(0.5 * 8 / 32)
    assert found.surface_dice == pytest.approx(24 / 32)
    assert found.volume_difference_ml == 0
    assert found.found == "both"


def test_concentric_spheres_are_as_far_apart_as_their_radii() -> None:
    inner, outer = ball(10, (19.5,) * 3), ball(14, (19.5,) * 3)
    found = agreement(inner, outer, spacing_mm=(1, 1, 1), tolerance_mm=5)
    assert found is not None
    assert found.assd_mm == pytest.approx(4, abs=0.25)  # a quarter of a voxel
    assert found.hd95_mm == pytest.approx(4, abs=0.6)
    assert found.surface_dice == 1
    assert found.dice == pytest.approx(2 * 10**3 / (10**3 + 14**3), rel=0.02)
    wanted = 4 / 3 * np.pi * (14**3 - 10**3) / 1000
    assert found.volume_difference_ml == pytest.approx(wanted, rel=0.02)


@pytest.mark.filterwarnings("ignore:monai.metrics:FutureWarning")  # of its own calls
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (3.0, 0.8, 0.5)])
def test_it_agrees_with_monai(rng: np.random.Generator, spacing: tuple[float, ...]) -> None:
    import torch
    from monai.metrics import (
        compute_average_surface_distance,
        compute_hausdorff_distance,
        compute_surface_dice,
    )
    from scipy import ndimage

    for seed in range(3):
        noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(2, 14, 18, 16)), 2)
        truth, predicted = noise[0] > 0.02, noise[0] + 0.3 * noise[1] > 0.02
        ours = agreement(truth, predicted, spacing_mm=spacing, tolerance_mm=1.0)
        assert ours is not None
        two = [torch.from_numpy(m[None, None].astype(np.float32)) for m in (predicted, truth)]
        hd95 = compute_hausdorff_distance(*two, include_background=True, percentile=95,
                                          spacing=spacing)  # fmt: skip
        assd = compute_average_surface_distance(*two, include_background=True, symmetric=True,
                                                spacing=spacing)  # fmt: skip
        share = compute_surface_dice(*two, class_thresholds=[1.0], include_background=True,
                                     spacing=spacing)  # fmt: skip
        assert ours.hd95_mm == pytest.approx(float(hd95), rel=1e-5)
        assert ours.assd_mm == pytest.approx(float(assd), rel=1e-5)
        assert ours.surface_dice == pytest.approx(float(share), rel=1e-5)


def test_a_missing_structure_is_the_worst_there_is_and_never_nothing() -> None:
    full, none = ball(5, (20, 20, 20)), np.zeros((40, 40, 40), bool)
    missed = agreement(full, none, spacing_mm=(1, 2, 3))
    invented = agreement(none, full, spacing_mm=(1, 2, 3))
    diagonal = 40 * np.sqrt(1 + 4 + 9)
    for found, name in ((missed, "missed"), (invented, "invented")):
        assert found is not None
        assert (found.dice, found.surface_dice, found.found) == (0, 0, name)
        assert (found.hd95_mm, found.assd_mm) == pytest.approx((diagonal, diagonal))
    assert missed is not None
    assert missed.volume_difference_ml == pytest.approx(-full.sum() * 6 / 1000)
    assert agreement(none, none, spacing_mm=(1, 1, 1)) is None
    with pytest.raises(ValueError, match="a voxel in at least one"):
        dice(none, none)
    with pytest.raises(ValueError, match="on one grid"):
        agreement(full, none[1:], spacing_mm=(1, 1, 1))


def test_labels_are_compared_one_by_one() -> None:
    truth = np.zeros((4, 4, 4), np.uint8)
    truth[0], truth[3] = 1, 2
    found = agreements(truth, np.where(truth == 2, 0, truth), (1, 2, 3), spacing_mm=(1, 1, 1))
    assert found[1] is not None
    assert found[2] is not None
    assert (found[1].dice, found[2].found, found[3]) == (1, "missed", None)


def test_a_surface_has_a_neighbour_outside_and_the_grid_ends_outside() -> None:
    block = np.zeros((5, 5, 5), bool)
    block[1:4, 1:4, 1:4] = True
    assert len(surface_voxels(block)) == 26
    assert len(surface_voxels(np.ones((3, 3, 3), bool))) == 26
    assert box_of(block) == (slice(1, 4),) * 3
    assert box_of(block & False) is None
    assert surface_voxels(block & False).shape == (0, 3)


def test_in_a_picture_the_surface_is_the_outline() -> None:
    square = np.zeros((1, 9, 9), bool)
    square[0, 2:7, 2:7] = True
    assert len(surface_voxels(square)) == 16
    found = agreement(square, np.roll(square, 1, axis=2), spacing_mm=(1, 0.5, 0.5))
    assert found is not None
    assert found.hd95_mm == pytest.approx(0.5)
    assert found.dice == pytest.approx(0.8)
