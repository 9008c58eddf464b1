"""A small residual network on volumes: the default for them.

He et al. 2016 (10.1109/CVPR.2016.90) in three dimensions, with maximum pooling between the
stages, as the network for images has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from bedside.errors import StudyError, sentence
from bedside.models.features import Encoder, Features

if TYPE_CHECKING:
    from collections.abc import Mapping

STEM = 16
WIDTHS = (32, 64, 128)
WORKING_SIDE = 24
DROPOUT = 0.2


class Block(nn.Module):
    """Two 3x3x3 convolutions and a shortcut; (B, C, D, H, W) -> (B, F, D, H, W)."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv3d(channels, filters, 3, padding=1, bias=False),
            nn.BatchNorm3d(filters),
            nn.ReLU(),
            nn.Conv3d(filters, filters, 3, padding=1, bias=False),
            nn.BatchNorm3d(filters),
        )
        self.shortcut = nn.Sequential(
            nn.Conv3d(channels, filters, 1, bias=False), nn.BatchNorm3d(filters)
        )

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Add what two convolutions find to what came in."""
        return torch.relu(self.convolutions(maps) + self.shortcut(maps))


class ResNet3d(Encoder):
    """Stem of 16 channels, halved to at most 24 voxels a side, three residual stages."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(shapes)
        channels, *sides = volume_shape("resnet3d", shapes)
        stem: list[nn.Module] = [
            nn.Conv3d(channels, STEM, 3, padding=1, bias=False),
            nn.BatchNorm3d(STEM),
            nn.ReLU(),
        ]
        side, channels = max(sides), STEM
        while side > WORKING_SIDE:
            stem.append(nn.MaxPool3d(2, ceil_mode=True))
            side = (side + 1) // 2
        self.stem = nn.Sequential(*stem)
        stages: list[nn.Module] = []
        for stage, filters in enumerate(WIDTHS):
            if stage:
                stages.append(nn.MaxPool3d(2, ceil_mode=True))
            stages.append(Block(channels, filters))
            channels = filters
        self.stages = nn.Sequential(*stages)
        self.dropout = nn.Dropout(DROPOUT)
        self.width = 2 * channels

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """``values`` (B, C, D, H, W) float -> pooled (B, 256), pyramid of the last maps."""
        maps = self.stages(self.stem(arrays["values"]))
        axes = (2, 3, 4)
        pooled = torch.cat([maps.mean(dim=axes), maps.amax(dim=axes)], dim=1)
        return Features(self.dropout(pooled), pyramid=(maps,))


def volume_shape(name: str, shapes: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    """(C, D, H, W) of one volume.

    Raises:
        StudyError: the input is no volume.
    """
    shape = shapes.get("values", ())
    if len(shape) != 4:
        raise StudyError(
            sentence(
                f"encoder '{name}'",
                expected="a volume (C, D, H, W)",
                got=f"shape {shape}",
                remedy="Use it for an input of modality volume",
            )
        )
    return shape
