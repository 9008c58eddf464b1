"""Training images slightly moved and re-exposed, a whole batch at a time.

Enters: the tensors of one image input and a generator. Leaves: the same keys,
``values`` as float32 in the units that came in. The strengths suit radiographs:
what patient positioning, exposure and detector noise do between two films.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch.nn import functional

from bedside.modalities.uniform_draws import uniform

BYTE_RANGE = 255.0


@dataclass(frozen=True)
class Strength:
    """How far an image may be changed; each draw is uniform between the ends.

    Args:
        rotation_degrees: either way.
        translation: share of height and width, either way.
        scale: relative size, either way (0.1: 0.9 to 1.1).
        brightness: added, share of the grey range, either way.
        contrast: factor about the image's mean, either way.
        gamma: exponent, either way, on a log scale.
        noise: largest standard deviation of the added noise, share of the range.
    """

    rotation_degrees: float = 10.0
    translation: float = 0.06
    scale: float = 0.1
    brightness: float = 0.08
    contrast: float = 0.15
    gamma: float = 0.15
    noise: float = 0.02

    def times(self, factor: float) -> Strength:
        """Every reach so many times as far."""
        return Strength(**{own.name: factor * getattr(self, own.name) for own in fields(self)})


def augmented(
    batch: dict[str, torch.Tensor],
    generator: torch.Generator,
    *,
    mirror: bool = False,
    strength: Strength | None = None,
) -> dict[str, torch.Tensor]:
    """Augment a batch; every image gets its own draw.

    Args:
        batch: ``values`` (B, C, H, W), uint8 or float32 in 0..1; ``mask``
            (B, H, W) or (B, C, H, W), if present, moves with its image;
            other tensors pass.
        generator: the only source of randomness.
        mirror: also mirror left-right, every second image on average.
        strength: None for the defaults.

    Returns:
        The same keys; ``values`` float32, in 0..255 where uint8 came in, else
        in 0..1; ``mask`` keeps its dtype and its set of values.
    """
    strength = strength or Strength()
    values = batch["values"]
    unit = values.float()
    if values.dtype == torch.uint8:
        unit = unit / BYTE_RANGE
    placement = _placement(unit, generator, strength=strength, mirror=mirror)
    unit = _moved(unit, placement, mode="bilinear")
    unit = _exposed(unit, generator, strength)
    result = {**batch, "values": unit * BYTE_RANGE if values.dtype == torch.uint8 else unit}
    if "mask" in batch:
        result["mask"] = _moved_mask(batch["mask"], placement)
    return result


def _placement(
    unit: torch.Tensor, generator: torch.Generator, *, strength: Strength, mirror: bool
) -> torch.Tensor:
    """(B, 2, 3) maps from output to input coordinates, both in -1..1."""
    height, width = unit.shape[2:]
    angle = torch.deg2rad(uniform(unit, generator, strength.rotation_degrees))
    size = 1 / (1 + uniform(unit, generator, strength.scale))
    # A share of the side is twice that on the axis from -1 to 1.
    right = uniform(unit, generator, 2 * strength.translation)
    down = uniform(unit, generator, 2 * strength.translation)
    side = torch.ones_like(angle)
    if mirror:
        side = torch.where(uniform(unit, generator, 1.0) < 0, -side, side)
    cos, sin = torch.cos(angle) * size, torch.sin(angle) * size
    # The axes have unequal units where H is not W; without these factors a
    # rotation would shear.
    across = torch.stack([cos * side, -sin * (height / width), right], dim=1)
    along = torch.stack([sin * side * (width / height), cos, down], dim=1)
    return torch.stack([across, along], dim=1)


def _moved(images: torch.Tensor, placement: torch.Tensor, *, mode: str) -> torch.Tensor:
    grid = functional.affine_grid(placement, list(images.shape), align_corners=False)
    return functional.grid_sample(
        images, grid, mode=mode, padding_mode="border", align_corners=False
    )


def _moved_mask(mask: torch.Tensor, placement: torch.Tensor) -> torch.Tensor:
    planes = mask.unsqueeze(1) if mask.ndim == 3 else mask
    # float64 holds every class number and identifier up to 2**53 exactly.
    moved = _moved(planes.double(), placement.double(), mode="nearest").to(mask.dtype)
    return moved.squeeze(1) if mask.ndim == 3 else moved


def _exposed(unit: torch.Tensor, generator: torch.Generator, strength: Strength) -> torch.Tensor:
    """Gamma, contrast, brightness and noise, then clipped to 0..1."""

    def draw(reach: float) -> torch.Tensor:
        return uniform(unit, generator, reach)[:, None, None, None]

    unit = unit.clamp(0, 1) ** torch.exp(draw(strength.gamma))
    mean = unit.mean(dim=(1, 2, 3), keepdim=True)
    unit = (unit - mean) * (1 + draw(strength.contrast)) + mean + draw(strength.brightness)
    noise = torch.randn(unit.shape, generator=generator, device=generator.device).to(unit.device)
    return (unit + noise * draw(strength.noise)).clamp(0, 1)
