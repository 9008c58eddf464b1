"""The small residual network at twice the resolution: for signs of a few pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from bedside.models.features import Encoder, Features
from bedside.models.residual_trunk import DROPOUT, Trunk, average_and_maximum

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

WIDTHS = (24, 48, 96, 160)
WORKING_SIDE = 80


class FineResNet(Encoder):
    """Four residual stages (24, 48, 96, 160) from at most 80 pixels a side.

    About twice the time of ``resnet`` an image, more where images are larger than 40 pixels.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(shapes)
        self.trunk = Trunk(shapes["values"], WIDTHS, WORKING_SIDE)
        self.dropout = nn.Dropout(DROPOUT)
        self.width = 2 * self.trunk.width

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """``values`` (B, C, H, W) float -> pooled (B, 320), pyramid of the last maps."""
        maps = self.trunk(arrays["values"])
        return Features(self.dropout(average_and_maximum(maps)), pyramid=(maps,))
