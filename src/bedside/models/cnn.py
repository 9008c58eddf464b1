"""The reference CNN of many tutorials: three convolutions, each pooled, one dense layer.

Kept as the plain network every better one must beat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from bedside.errors import StudyError, sentence
from bedside.models.features import Encoder, Features

if TYPE_CHECKING:
    from collections.abc import Mapping

CHANNELS = (32, 64, 128)
DENSE = 128
SMALLEST = 22


class PooledConvolution(nn.Conv2d):
    """Conv 3x3, 2x2 max-pool, ReLU; (B, C, H, W) -> (B, F, (H - 2) // 2, (W - 2) // 2).

    A maximum commutes with adding a number and with ReLU, rounding included, so both
    wait until the pooling has left a quarter of the values: the function of the usual
    conv-bias-ReLU-pool order, whose gradients cost a tenth more. In a tie the first
    value of a window, row by row, gets the gradient.
    """

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__(channels, filters, 3)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Convolve, pool, add the bias, cut off below zero."""
        if not self.training:  # engines fuse the bias into the convolution
            return functional.relu(functional.max_pool2d(super().forward(maps), 2))
        pooled = functional.max_pool2d(functional.conv2d(maps, self.weight), 2)
        bias = self.bias.to(pooled.dtype).view(-1, 1, 1)  # type: ignore[union-attr]
        return functional.relu_(pooled + bias)


class Cnn(Encoder):
    """Conv 3x3 of 32, 64, 128 channels without padding, 2x2 max-pool after each, dense 128."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(shapes)
        channels, height, width = shapes["values"]
        if min(height, width) < SMALLEST:
            raise StudyError(
                sentence(
                    "encoder 'cnn'",
                    expected=f"images of at least {SMALLEST}x{SMALLEST} pixels",
                    got=f"{height}x{width}",
                    remedy="Raise the input's size or choose the encoder 'resnet'",
                )
            )
        layers: list[nn.Module] = []
        for filters in CHANNELS:
            layers.append(PooledConvolution(channels, filters))
            channels, height, width = filters, (height - 2) // 2, (width - 2) // 2
        self.convolutions = nn.Sequential(*layers)
        self.dense = nn.Sequential(
            nn.Flatten(), nn.Linear(channels * height * width, DENSE), nn.ReLU()
        )
        self.width = DENSE

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """``values`` (B, C, H, W) float -> pooled (B, 128)."""
        maps = self.convolutions(arrays["values"])
        return Features(self.dense(maps), pyramid=(maps,))
