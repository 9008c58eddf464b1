"""A small residual network for two CPU cores.

He et al. 2016 (10.1109/CVPR.2016.90) with pre-activation blocks (He et al. 2016,
10.1007/978-3-319-46493-0_38), narrow, at a resolution the stem brings near 32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from bedside.models.features import Encoder, Features

if TYPE_CHECKING:
    from collections.abc import Mapping

WIDTHS = (32, 64, 128)
BLOCKS = (2, 2, 2)
WORKING_SIDE = 40
DROPOUT = 0.2


class Block(nn.Module):
    """Two 3x3 convolutions and a shortcut; (B, C, H, W) -> (B, F, H/stride, W/stride)."""

    def __init__(self, channels: int, filters: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Sequential(
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, filters, 3, stride, 1, bias=False),
        )
        self.second = nn.Sequential(
            nn.BatchNorm2d(filters), nn.ReLU(), nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or channels != filters:
            pool: list[nn.Module] = [nn.AvgPool2d(stride, ceil_mode=True)] if stride > 1 else []
            self.shortcut = nn.Sequential(*pool, nn.Conv2d(channels, filters, 1, bias=False))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Add what two convolutions find to what came in."""
        found: torch.Tensor = self.second(self.first(maps)) + self.shortcut(maps)
        return found


class ResNet(Encoder):
    """Stem, three stages of two blocks (32, 64, 128 channels), average and maximum pooled.

    The stem halves the image until its longer side is at most 40 pixels, so a
    128-pixel radiograph costs little more than a 28-pixel one. The maximum
    beside the average keeps a small sign (a nodule) from drowning.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(shapes)
        channels, height, width = shapes["values"]
        stem: list[nn.Module] = []
        side, filters = max(height, width), WIDTHS[0]
        stride = 2 if side > WORKING_SIDE else 1
        while True:
            stem += [nn.Conv2d(channels, filters, 3, stride, 1, bias=False)]
            side, channels = (side + 1) // 2 if stride > 1 else side, filters
            if side <= WORKING_SIDE:
                break
            stem += [nn.BatchNorm2d(filters), nn.ReLU()]
        self.stem = nn.Sequential(*stem)
        stages: list[nn.Module] = []
        for stage, (filters, blocks) in enumerate(zip(WIDTHS, BLOCKS, strict=True)):
            for block in range(blocks):
                stages.append(Block(channels, filters, 2 if stage and not block else 1))
                channels = filters
        self.stages = nn.Sequential(*stages, nn.BatchNorm2d(channels), nn.ReLU())
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
