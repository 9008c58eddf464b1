"""A small residual network for two CPU cores: the default for images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from bedside.models.features import Encoder, Features
from bedside.models.residual_trunk import DROPOUT, Trunk, average_and_maximum

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

WIDTHS = (32, 64, 128)
WORKING_SIDE = 40


class ResNet(Encoder):
    """Stem of 16 channels, three residual stages (32, 64, 128) from at most 40 pixels a side."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(shapes)
        self.trunk = Trunk(shapes["values"], WIDTHS, WORKING_SIDE)
        self.dropout = nn.Dropout(DROPOUT)
        self.width = 2 * self.trunk.width

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """``values`` (B, C, H, W) float -> pooled (B, 256), pyramid of the last maps."""
        maps = self.trunk(arrays["values"])
        return Features(self.dropout(average_and_maximum(maps)), pyramid=(maps,))
