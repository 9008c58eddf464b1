"""Augmented volumes are moved and re-exposed as far as the strengths say, and no further."""

from __future__ import annotations

import pytest
import torch

from bedside.modalities.volume_augmentation import Strength, augmented

STILL = Strength(rotation_degrees=0, translation=0, scale=0, contrast=0, noise=0)


def batch(n: int = 4) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {"values": torch.rand((n, 2, 9, 11, 7), generator=generator)}


def varied(strength: Strength, *, mirror: bool = False, made=None) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return augmented(made or batch(), generator, mirror=mirror, strength=strength)["values"]


def test_without_strength_nothing_changes() -> None:
    assert varied(STILL) == pytest.approx(batch()["values"].numpy(), abs=1e-5)


def test_mirroring_turns_left_and_right_alone() -> None:
    values, found = batch(16)["values"], varied(STILL, mirror=True, made=batch(16))
    flipped = values.flip(4)
    same = [torch.allclose(a, b, atol=1e-5) for a, b in zip(found, values, strict=True)]
    turned = [torch.allclose(a, b, atol=1e-5) for a, b in zip(found, flipped, strict=True)]
    assert all(a != b for a, b in zip(same, turned, strict=True))
    assert any(same)
    assert any(turned)


def test_a_turn_does_not_shear_unequal_sides() -> None:
    places = torch.stack(torch.meshgrid(*(torch.arange(s) for s in (20, 40, 30)), indexing="ij"))
    centre = torch.tensor([9.5, 19.5, 14.5])[:, None, None, None]
    ball = torch.exp(-(places - centre).square().sum(dim=0) / 32)
    turned = varied(
        Strength(rotation_degrees=40, translation=0, scale=0, contrast=0, noise=0),
        made={"values": ball[None, None].repeat(6, 1, 1, 1, 1)},
    )
    assert (turned[:, 0] - ball).abs().mean() < 0.01
    assert turned.sum(dim=(1, 2, 3, 4)) == pytest.approx([float(ball.sum())] * 6, rel=0.03)


def test_noise_and_contrast_leave_the_mean() -> None:
    strength = Strength(rotation_degrees=0, translation=0, scale=0, contrast=0.5, noise=0.1)
    found, values = varied(strength), batch()["values"]
    assert found.mean(dim=(1, 2, 3, 4)) == pytest.approx(
        values.mean(dim=(1, 2, 3, 4)).numpy(), abs=0.02
    )
    assert not torch.allclose(found, values, atol=1e-3)
