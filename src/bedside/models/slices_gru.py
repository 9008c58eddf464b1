"""A CNN on every slice, then an RNN over the slices: how a radiologist scrolls.

Enters: a volume. Leaves: what a bidirectional reading of its slices, from feet to head and
back, says at its ends and on the way. Compare Donahue et al. 2015
(10.1109/CVPR.2015.7298878).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from bedside.models.features import Encoder, Features
from bedside.models.residual_trunk import DROPOUT, Trunk, average_and_maximum
from bedside.models.resnet3d import volume_shape

if TYPE_CHECKING:
    from collections.abc import Mapping

WIDTHS = (16, 32, 64)
WORKING_SIDE = 40
HIDDEN = 64


class SlicesGru(Encoder):
    """A narrow residual network on each axial slice, then a GRU of 64 in both directions."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(shapes)
        channels, _, height, width = volume_shape("slices-gru", shapes)
        self.trunk = Trunk((channels, height, width), WIDTHS, WORKING_SIDE)
        self.gru = nn.GRU(2 * self.trunk.width, HIDDEN, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(DROPOUT)
        self.width = 4 * HIDDEN

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """``values`` (B, C, D, H, W) float -> pooled (B, 256), tokens (B, D, 128)."""
        values = arrays["values"]
        channels, depth, height, width = self.shapes["values"]
        slices = values.transpose(1, 2).reshape(-1, channels, height, width)
        seen = average_and_maximum(self.trunk(slices)).reshape(-1, depth, 2 * self.trunk.width)
        tokens, _ = self.gru(seen)
        pooled = torch.cat([tokens.mean(dim=1), tokens.amax(dim=1)], dim=1)
        return Features(self.dropout(pooled), tokens=tokens)
