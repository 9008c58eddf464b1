"""The small residual network with squeeze-and-excitation: each block weighs its own channels.

Hu et al. 2018 (10.1109/CVPR.2018.00745).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from bedside.models.features import Encoder, Features
from bedside.models.residual_trunk import DROPOUT, Block, Layers, Trunk, average_and_maximum

if TYPE_CHECKING:
    from collections.abc import Mapping

WIDTHS = (32, 64, 128)
WORKING_SIDE = 40
REDUCTION = 8
FEWEST = 8


class WeighedBlock(nn.Module):
    """A residual block whose convolutions' channels are weighed by what they found overall."""

    def __init__(self, channels: int, filters: int, layers: Layers) -> None:
        super().__init__()
        self.block = Block(channels, filters, layers)
        squeezed = max(FEWEST, filters // REDUCTION)
        self.weigh = nn.Sequential(
            nn.Linear(filters, squeezed), nn.ReLU(), nn.Linear(squeezed, filters), nn.Sigmoid()
        )

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) -> (B, F, H, W)."""
        found = self.block.convolutions(maps)
        weights = self.weigh(found.mean(dim=(2, 3)))[:, :, None, None]
        return torch.relu(found * weights + self.block.shortcut(maps))


class SeResNet(Encoder):
    """Three weighed residual stages (32, 64, 128) from at most 40 pixels a side."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(shapes)
        self.trunk = Trunk(shapes["values"], WIDTHS, WORKING_SIDE, block=WeighedBlock)
        self.dropout = nn.Dropout(DROPOUT)
        self.width = 2 * self.trunk.width

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """``values`` (B, C, H, W) float -> pooled (B, 256), pyramid of the last maps."""
        maps = self.trunk(arrays["values"])
        return Features(self.dropout(average_and_maximum(maps)), pyramid=(maps,))
