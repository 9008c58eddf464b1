"""Two residual networks, one on the image and one on its half: small signs and the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from bedside.models.features import Encoder, Features
from bedside.models.residual_trunk import DROPOUT, Trunk, average_and_maximum

if TYPE_CHECKING:
    from collections.abc import Mapping

FINE_WIDTHS, FINE_SIDE = (16, 32, 64, 128), 80
COARSE_WIDTHS, COARSE_SIDE = (32, 64, 128), 40


class MultiScale(Encoder):
    """A fine trunk on at most 80 pixels a side beside a coarse one on the halved image."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(shapes)
        channels, height, width = shapes["values"]
        halved = (channels, (height + 1) // 2, (width + 1) // 2)
        self.fine = Trunk(shapes["values"], FINE_WIDTHS, FINE_SIDE)
        self.coarse = Trunk(halved, COARSE_WIDTHS, COARSE_SIDE)
        self.dropout = nn.Dropout(DROPOUT)
        self.width = 2 * (self.fine.width + self.coarse.width)

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """``values`` (B, C, H, W) float -> pooled (B, 512), pyramid of both trunks' last maps."""
        images = arrays["values"]
        fine = self.fine(images)
        coarse = self.coarse(functional.avg_pool2d(images, 2, ceil_mode=True))
        pooled = torch.cat([average_and_maximum(fine), average_and_maximum(coarse)], dim=1)
        return Features(self.dropout(pooled), pyramid=(fine, coarse))
