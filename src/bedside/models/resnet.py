"""A small residual network for two CPU cores.

He et al. 2016 (10.1109/CVPR.2016.90), narrow, with maximum pooling between its
stages: strided convolutions lost the small faint signs (a nodule of four pixels)
that maxima carry upwards, and cost more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from bedside.models.features import Encoder, Features

if TYPE_CHECKING:
    from collections.abc import Mapping

STEM = 16
WIDTHS = (32, 64, 128)
WORKING_SIDE = 40
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


class ResNet(Encoder):
    """Stem of 16 channels, three residual stages (32, 64, 128), average and maximum pooled.

    The stem sees the image at full resolution and halves it by maxima until its
    longer side is at most 40 pixels, so a 128-pixel radiograph costs little more
    than a 28-pixel one. The maximum beside the average at the end keeps a small
    sign from drowning.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(shapes)
        channels, height, width = shapes["values"]
        stem: list[nn.Module] = [
            nn.Conv2d(channels, STEM, 3, padding=1, bias=False),
            nn.BatchNorm2d(STEM),
            nn.ReLU(),
        ]
        side, channels = max(height, width), STEM
        while side > WORKING_SIDE:
            stem.append(nn.MaxPool2d(2, ceil_mode=True))
            side = (side + 1) // 2
        self.stem = nn.Sequential(*stem)
        stages: list[nn.Module] = []
        for stage, filters in enumerate(WIDTHS):
            if stage:
                stages.append(nn.MaxPool2d(2, ceil_mode=True))
            stages.append(Block(channels, filters))
            channels = filters
        self.stages = nn.Sequential(*stages)
        self.dropout = nn.Dropout(DROPOUT)
        self.width = 2 * channels
        self.apply(_initialise)

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """``values`` (B, C, H, W) float -> pooled (B, 256), pyramid of the last maps."""
        maps = self.stages(self.stem(arrays["values"]))
        pooled = torch.cat([maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))], dim=1)
        return Features(self.dropout(pooled), pyramid=(maps,))


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
