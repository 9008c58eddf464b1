"""What the residual encoders share: a stem, stages with maxima between them, two poolings.

He et al. 2016 (10.1109/CVPR.2016.90), narrow, with maximum pooling between its
stages: strided convolutions lost the small faint signs (a nodule of four pixels)
that maxima carry upwards, and cost more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STEM = 16
DROPOUT = 0.2


class Block(nn.Module):
    """Two 3x3 convolutions and a shortcut; (B, C, H, W) -> (B, F, H, W)."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(channels, filters, 3, padding=1, bias=False),
            nn.BatchNorm2d(filters),
            nn.ReLU(),
            nn.Conv2d(filters, filters, 3, padding=1, bias=False),
            nn.BatchNorm2d(filters),
        )
        self.shortcut = nn.Sequential(
            nn.Conv2d(channels, filters, 1, bias=False), nn.BatchNorm2d(filters)
        )

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Add what two convolutions find to what came in."""
        return torch.relu(self.convolutions(maps) + self.shortcut(maps))


class Trunk(nn.Module):
    """Stem at full resolution, halved by maxima to a working side, then residual stages.

    (B, C, H, W) -> (B, F, h, w); `width` is F. The longer side is halved until it is at
    most `working_side`, so a 128-pixel radiograph costs little more than a 28-pixel one.

    Args:
        shape: (C, H, W) of one image.
        widths: filters of each stage.
        working_side: pixels along the longer side that the first stage sees at most.
        block: makes a stage from its channels and its filters.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        widths: Sequence[int],
        working_side: int,
        *,
        block: Callable[[int, int], nn.Module] = Block,
    ) -> None:
        super().__init__()
        channels, height, width = shape
        stem: list[nn.Module] = [
            nn.Conv2d(channels, STEM, 3, padding=1, bias=False),
            nn.BatchNorm2d(STEM),
            nn.ReLU(),
        ]
        side, channels = max(height, width), STEM
        while side > working_side:
            stem.append(nn.MaxPool2d(2, ceil_mode=True))
            side = (side + 1) // 2
        self.stem = nn.Sequential(*stem)
        stages: list[nn.Module] = []
        for stage, filters in enumerate(widths):
            if stage:
                stages.append(nn.MaxPool2d(2, ceil_mode=True))
            stages.append(block(channels, filters))
            channels = filters
        self.stages = nn.Sequential(*stages)
        self.width = channels
        self.apply(_initialise)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images -> the maps of the last stage."""
        maps: torch.Tensor = self.stages(self.stem(images))
        return maps


def average_and_maximum(maps: torch.Tensor) -> torch.Tensor:
    """(B, F, h, w) -> (B, 2F): the maximum keeps a small sign that the average would drown."""
    return torch.cat([maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))], dim=1)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
