"""Training volumes slightly turned, moved, rescaled and re-exposed, a whole batch at a time.

Enters: the tensors of one volume input and a generator. Leaves: the same keys, ``values``
as float32 in the units that came in.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch.nn import functional

from bedside.modalities.uniform_draws import uniform


@dataclass(frozen=True)
class Strength:
    """How far a volume may be changed; each draw is uniform between the ends.

    Args:
        rotation_degrees: either way, about each axis.
        translation: share of each side, either way.
        scale: relative size, either way.
        contrast: factor about the volume's mean, either way, on a log scale.
        noise: largest standard deviation of the added noise, in those of the volume.
    """

    rotation_degrees: float = 12.0
    translation: float = 0.06
    scale: float = 0.1
    contrast: float = 0.15
    noise: float = 0.05

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
    """Augment a batch; every volume gets its own draw.

    Args:
        batch: ``values`` (B, C, D, H, W), uint8 or float32; others pass.
        generator: the only source of randomness.
        mirror: also mirror left-right, every second volume on average.
        strength: None for the defaults.
    """
    strength = strength or Strength()
    values = batch["values"].float()
    placement = _placement(values, generator, strength=strength, mirror=mirror)
    grid = functional.affine_grid(placement, list(values.shape), align_corners=False)
    moved = functional.grid_sample(values, grid, padding_mode="border", align_corners=False)
    return {**batch, "values": _exposed(moved, generator, strength)}


def moved_together(
    values: torch.Tensor,
    labels: torch.Tensor,
    generator: torch.Generator,
    *,
    strength: Strength,
    share: float = 1.0,
    mirror: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Turn, move and scale volumes with their masks; every pair gets its own draw.

    Moved volumes are blurred and their labels jagged, which new ones are not: where `share`
    is below 1, the others stay bit for bit.

    Args:
        values: (B, C, D, H, W) float.
        labels: (B, D, H, W) whole numbers; each moved voxel takes the nearest one's.
        generator: the only source of randomness.
        strength: how far; rotation, translation and scale count.
        share: of the pairs that are moved, on average.
        mirror: also mirror left-right, every second volume on average.
    """
    placement = _placement(values, generator, strength=strength, mirror=mirror)
    grid = functional.affine_grid(placement, list(values.shape), align_corners=False)
    moved = functional.grid_sample(values, grid, padding_mode="border", align_corners=False)
    drawn = functional.grid_sample(
        labels[:, None].float(), grid, mode="nearest", padding_mode="border", align_corners=False
    )
    chosen = _lot(values, generator, share)
    return (
        torch.where(chosen, moved, values),
        torch.where(chosen[:, 0], drawn[:, 0].to(labels.dtype), labels),
    )


def reexposed(
    batch: dict[str, torch.Tensor], generator: torch.Generator
) -> dict[str, torch.Tensor]:
    """Change brightness, contrast, gamma, sharpness and noise of ``values`` (B, C, D, H, W).

    Each kind of change befalls a share of the volumes, by lot, as in Isensee et al. 2021.
    """
    values = batch["values"].float()
    axes = (2, 3, 4)
    mean, std = values.mean(dim=axes, keepdim=True), values.std(dim=axes, keepdim=True)
    unit = (values - mean) / std.clamp_min(1e-6)
    unit = torch.where(_lot(unit, generator, 0.15), _gamma(unit, generator), unit)
    unit = torch.where(_lot(unit, generator, 0.15), _blurred(unit), unit)
    contrast = torch.exp(_each(unit, generator, 0.3) * _lot(unit, generator, 0.3))
    brightness = _each(unit, generator, 0.3) * _lot(unit, generator, 0.3)
    noise = torch.randn(unit.shape, generator=generator, device=generator.device)
    height = _each(unit, generator, 0.15) * _lot(unit, generator, 0.2)
    unit = unit * contrast + brightness + noise.to(unit.device) * height
    return {**batch, "values": unit * std + mean}


def _each(values: torch.Tensor, generator: torch.Generator, reach: float) -> torch.Tensor:
    """(B, 1, 1, 1, 1) draws from -reach to reach."""
    return uniform(values, generator, reach).view(-1, 1, 1, 1, 1)


def _lot(values: torch.Tensor, generator: torch.Generator, share: float) -> torch.Tensor:
    """(B, 1, 1, 1, 1) bool, true for that share on average."""
    return _each(values, generator, 1.0) < 2 * share - 1


def _gamma(unit: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Grey raised to a power from 0.7 to 1.5 between the lowest and highest voxel."""
    axes = (2, 3, 4)
    low, high = unit.amin(dim=axes, keepdim=True), unit.amax(dim=axes, keepdim=True)
    share = (unit - low) / (high - low).clamp_min(1e-6)
    raised = share ** torch.exp(_each(unit, generator, 0.38))
    raised = raised - raised.mean(dim=axes, keepdim=True)
    return raised / raised.std(dim=axes, keepdim=True).clamp_min(1e-6)


def _blurred(unit: torch.Tensor) -> torch.Tensor:
    """Each voxel the mean of itself and its neighbours along each axis, weights 1 : 2 : 1."""
    for axis in (2, 3, 4):
        around = functional.pad(
            unit, [int(axis == a) for a in (4, 4, 3, 3, 2, 2)], mode="replicate"
        )
        size = unit.shape[axis]
        parts = [around.narrow(axis, start, size) for start in range(3)]
        unit = (parts[0] + 2 * parts[1] + parts[2]) / 4
    return unit


def _placement(
    values: torch.Tensor, generator: torch.Generator, *, strength: Strength, mirror: bool
) -> torch.Tensor:
    """(B, 3, 4) maps from output to input coordinates, all in -1..1, in the order W, H, D."""
    sides = torch.tensor(values.shape[:1:-1], dtype=torch.float32, device=values.device)
    turn = torch.eye(3, device=values.device).expand(len(values), 3, 3)
    planes = ((0, 1),) if values.shape[2] == 1 else ((0, 1), (0, 2), (1, 2))  # of a picture, one
    for first, second in planes:
        angle = torch.deg2rad(uniform(values, generator, strength.rotation_degrees))
        plane = torch.eye(3, device=values.device).repeat(len(values), 1, 1)
        plane[:, first, first] = plane[:, second, second] = torch.cos(angle)
        plane[:, first, second] = -torch.sin(angle)
        plane[:, second, first] = torch.sin(angle)
        turn = turn @ plane
    size = 1 / (1 + uniform(values, generator, strength.scale))
    # the axes have unequal units where the sides differ; without these factors it would shear
    turn = turn * size[:, None, None] * (sides[None, None, :] / sides[None, :, None])
    if mirror:
        flip = torch.where(uniform(values, generator, 1.0) < 0, -1.0, 1.0)
        turn = torch.cat([turn[:, :, :1] * flip[:, None, None], turn[:, :, 1:]], dim=2)
    shift = [uniform(values, generator, 2 * strength.translation) for _ in range(3)]
    return torch.cat([turn, torch.stack(shift, dim=1)[:, :, None]], dim=2)


def _exposed(values: torch.Tensor, generator: torch.Generator, strength: Strength) -> torch.Tensor:
    """Contrast and noise; the mean stays."""
    axes = (1, 2, 3, 4)
    mean, std = values.mean(dim=axes, keepdim=True), values.std(dim=axes, keepdim=True)
    contrast = torch.exp(uniform(values, generator, strength.contrast)).view(-1, 1, 1, 1, 1)
    noise = torch.randn(values.shape, generator=generator, device=generator.device)
    height = uniform(values, generator, strength.noise).view(-1, 1, 1, 1, 1)
    return (values - mean) * contrast + mean + noise.to(values.device) * height * std
