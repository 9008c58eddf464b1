"""Augmentation: seeded, whole-batch, in the units given, and the mask moves along."""

from __future__ import annotations

import pytest
import torch

from bedside.modalities.image_augmentation import Strength, augmented

STILL = Strength(
    rotation_degrees=0, translation=0, scale=0, brightness=0, contrast=0, gamma=0, noise=0
)


def generator(seed=0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def batch(n=8, *, channels=1, height=32, width=40) -> torch.Tensor:
    return torch.randint(0, 256, (n, channels, height, width), generator=generator(9)).byte()


@pytest.mark.parametrize("channels", [1, 3])
def test_same_seed_same_result_and_other_seed_another(channels):
    values = batch(channels=channels)
    first = augmented({"values": values}, generator(1))["values"]
    assert torch.equal(first, augmented({"values": values}, generator(1))["values"])
    assert not torch.equal(first, augmented({"values": values}, generator(2))["values"])


def test_global_randomness_is_neither_used_nor_changed():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first = augmented({"values": batch()}, generator(1), mirror=True)["values"]
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(1)
    assert torch.equal(augmented({"values": batch()}, generator(1), mirror=True)["values"], first)


def test_units_and_dtype_stay():
    values = batch()
    original = values.clone()
    from_bytes = augmented({"values": values}, generator())["values"]
    from_floats = augmented({"values": values.float() / 255}, generator())["values"]
    assert from_bytes.dtype == from_floats.dtype == torch.float32
    assert from_bytes.shape == values.shape
    assert from_bytes.max() > 100
    assert from_bytes.min() >= 0
    assert from_bytes.max() <= 255
    torch.testing.assert_close(from_floats * 255, from_bytes)
    assert torch.equal(values, original)


def test_no_strength_changes_nothing():
    values = batch()
    still = augmented({"values": values}, generator(), strength=STILL)["values"]
    torch.testing.assert_close(still, values.float(), atol=0.02, rtol=0)


def test_each_image_gets_its_own_draw():
    same = batch(1).expand(4, -1, -1, -1)
    moved = augmented({"values": same}, generator())["values"]
    assert all(not torch.equal(moved[0], moved[n]) for n in range(1, 4))


def test_mirror_flips_about_half_and_only_if_asked():
    values = batch(200, height=16, width=16)
    flipped = augmented({"values": values}, generator(), mirror=True, strength=STILL)["values"]
    is_mirror = (flipped - values.flip(3).float()).abs().amax(dim=(1, 2, 3)) < 0.1
    is_same = (flipped - values.float()).abs().amax(dim=(1, 2, 3)) < 0.1
    assert torch.all(is_mirror ^ is_same)
    assert 70 < int(is_mirror.sum()) < 130


def test_a_mask_moves_with_its_image():
    values = torch.zeros(16, 1, 48, 64)
    values[:, :, 10:30, 20:44] = 1.0
    mask = torch.where(values[:, 0] > 0, 7, 2)
    quiet = Strength(brightness=0, contrast=0, gamma=0, noise=0)
    for given in (mask, mask.unsqueeze(1), (mask == 7)):
        result = augmented(
            {"values": values, "mask": given}, generator(3), mirror=True, strength=quiet
        )
        moved = result["mask"]
        assert moved.dtype == given.dtype
        assert moved.shape == given.shape
        assert set(moved.unique().tolist()) == set(given.unique().tolist())
        inside = moved.reshape(16, 48, 64) == given.max()
        image = result["values"][:, 0]
        # Nearest and bilinear agree to half a pixel each way: a quarter at a corner.
        assert bool((image[inside] >= 0.25 - 1e-3).all())
        assert bool((image[~inside] <= 0.75 + 1e-3).all())
        assert not torch.equal(moved, given)


def test_rotation_keeps_shapes_when_height_is_not_width():
    rows, columns = torch.meshgrid(torch.arange(64), torch.arange(128), indexing="ij")
    disc = (((rows - 31.5) ** 2 + (columns - 63.5) ** 2) < 20**2).float()[None, None]
    only = Strength(rotation_degrees=45, translation=0, scale=0, brightness=0, contrast=0, gamma=0)
    turned = augmented(
        {"values": disc.expand(8, -1, -1, -1)},
        generator(),
        strength=Strength(**{**vars(only), "noise": 0.0}),
    )["values"]
    assert (turned - disc).abs().mean() < 0.01  # a disc stays a disc


def test_moves_stay_within_the_strength():
    values = torch.zeros(64, 1, 100, 100)
    values[:, :, 50, 50] = 1.0
    reach = Strength(rotation_degrees=0, scale=0, brightness=0, contrast=0, gamma=0, noise=0)
    moved = augmented({"values": values}, generator(), strength=reach)["values"][:, 0]
    peak = moved.flatten(1).argmax(dim=1)
    rows, columns = peak // 100 - 50, peak % 100 - 50
    assert int(rows.abs().max()) <= 6
    assert int(columns.abs().max()) <= 6
    assert int(rows.abs().max()) >= 4
    assert rows.unique().numel() > 5


def test_other_tensors_pass():
    extra = torch.arange(8)
    assert augmented({"values": batch(), "age": extra}, generator())["age"] is extra
