"""The reference CNN of many tutorials: three convolutions, each pooled, one dense layer.

Kept as the plain network every better one must beat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from bedside.errors import StudyError, sentence
from bedside.models.features import Encoder, Features

if TYPE_CHECKING:
    from collections.abc import Mapping

CHANNELS = (32, 64, 128)
DENSE = 128
SMALLEST = 22


class Cnn(Encoder):
    """Conv 3x3 of 32, 64, 128 channels without padding, 2x2 max-pool after each, dense 128.

    ReLU comes after the pooling: max and ReLU commute, so the function is the
    usual conv-ReLU-pool one at a quarter of the ReLU's work.
    """

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
            layers += [nn.Conv2d(channels, filters, 3), nn.MaxPool2d(2), nn.ReLU()]
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
