"""What the residual encoders share: a stem, stages with maxima between them, two poolings.

He et al. 2016 (10.1109/CVPR.2016.90), narrow, with maximum pooling between its
stages: strided convolutions lost the small faint signs (a nodule of four pixels)
that maxima carry upwards, and cost more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STEM = 16
DROPOUT = 0.2


@dataclass(frozen=True)
class Layers:
    """The layers of so many dimensions."""

    convolution: type[nn.Module]
    normal: type[nn.Module]
    maximum: type[nn.Module]


FLAT = Layers(nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d)
SOLID = Layers(nn.Conv3d, nn.BatchNorm3d, nn.MaxPool3d)


class Block(nn.Module):
    """Two convolutions of side 3 and a shortcut; (B, C, [D,] H, W) -> (B, F, [D,] H, W)."""

    def __init__(self, channels: int, filters: int, layers: Layers = FLAT) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            layers.convolution(channels, filters, 3, padding=1, bias=False),
            layers.normal(filters),
            nn.ReLU(),
            layers.convolution(filters, filters, 3, padding=1, bias=False),
            layers.normal(filters),
        )
        self.shortcut = nn.Sequential(
            layers.convolution(channels, filters, 1, bias=False), layers.normal(filters)
        )

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Add what two convolutions find to what came in."""
        return torch.relu(self.convolutions(maps) + self.shortcut(maps))


class Trunk(nn.Module):
    """Stem at full resolution, halved by maxima to a working side, then residual stages.

    (B, C, [D,] H, W) -> (B, F, [d,] h, w); `width` is F. The longest side is halved until it
    is at most `working_side`, so a 128-pixel radiograph costs little more than a 28-pixel one.

    Args:
        shape: (C, H, W) of one image, or (C, D, H, W) of one volume.
        widths: filters of each stage.
        working_side: pixels along the longest side that the first stage sees at most.
        block: makes a stage from its channels, its filters and the layers.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        widths: Sequence[int],
        working_side: int,
        *,
        block: Callable[[int, int, Layers], nn.Module] = Block,
    ) -> None:
        super().__init__()
        channels, *sides = shape
        layers = SOLID if len(sides) == 3 else FLAT
        stem: list[nn.Module] = [
            layers.convolution(channels, STEM, 3, padding=1, bias=False),
            layers.normal(STEM),
            nn.ReLU(),
        ]
        side, channels = max(sides), STEM
        while side > working_side:
            stem.append(layers.maximum(2, ceil_mode=True))
            side = (side + 1) // 2
        self.stem = nn.Sequential(*stem)
        stages: list[nn.Module] = []
        for stage, filters in enumerate(widths):
            if stage:
                stages.append(layers.maximum(2, ceil_mode=True))
            stages.append(block(channels, filters, layers))
            channels = filters
        self.stages = nn.Sequential(*stages)
        self.width = channels
        self.apply(_initialise)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images -> the maps of the last stage."""
        maps: torch.Tensor = self.stages(self.stem(images))
        return maps


def average_and_maximum(maps: torch.Tensor) -> torch.Tensor:
    """(B, F, ...) -> (B, 2F): the maximum keeps a small sign that the average would drown."""
    places = tuple(range(2, maps.ndim))
    return torch.cat([maps.mean(dim=places), maps.amax(dim=places)], dim=1)


def _initialise(module: nn.Module) -> None:
    # of images alone: what is known of volumes was measured with torch's own first weights
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
