"""The U-shaped network on volumes: down to coarse maps and back up to every voxel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from monai.networks.nets.dynunet import DynUNet
from torch import nn

from bedside.models.features import Encoder, Features
from bedside.models.residual_trunk import average_and_maximum
from bedside.models.resnet3d import volume_shape

if TYPE_CHECKING:
    from collections.abc import Mapping

WIDTH, WIDEST = 16, 256
FEWEST_LEVELS, MOST_LEVELS = 3, 6
SMALLEST_SIDE = 4
"""An axis is halved as long as so many points are left."""


class UShape(nn.Module):
    """MONAI's DynUNet without its last layer, in two or three dimensions.

    Args:
        channels: of what comes in.
        kernels: of each level along each axis.
        strides: of each level along each axis; where those of the first are 1, the finest maps
            have the resolution of what comes in.
    """

    def __init__(self, channels: int, kernels: list[list[int]], strides: list[list[int]]) -> None:
        super().__init__()
        widths = [min(WIDEST, WIDTH * 2**level) for level in range(len(strides))]
        whole = DynUNet(
            len(strides[0]),
            channels,
            1,
            kernel_size=kernels,
            strides=strides,
            upsample_kernel_size=strides[1:],
            filters=widths,
            norm_name=("BATCH", {}),
        )
        self.first, self.bottom = whole.input_block, whole.bottleneck
        self.down, self.up = whole.downsamples, whole.upsamples
        self.map_width = widths[0]

    def forward(self, values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """(B, C, ...) -> maps (B, F, ...), the finest first."""
        maps = self.first(values)
        skips = [maps]
        for layer in self.down:
            maps = layer(maps)
            skips.append(maps)
        maps = self.bottom(maps)
        pyramid = []
        for layer, skip in zip(self.up, reversed(skips), strict=True):
            wider = layer.transp_conv(maps)  # by a voxel where a side was odd
            for axis in range(2, skip.ndim):
                wider = wider.narrow(axis, 0, skip.shape[axis])
            maps = layer.conv_block(torch.cat((wider, skip), dim=1))
            pyramid.append(maps)
        return (*reversed(pyramid),)


class UNet3d(Encoder):
    """MONAI's DynUNet on volumes: `map_width` channels at every voxel.

    Levels and strides follow from the shape, as in Isensee et al. 2021: an axis is halved
    while it is long enough; one that is much shorter than the others, as that of thick
    slices is, waits until they have come down to it, and is not convolved before.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(shapes)
        channels, *sides = volume_shape("unet3d", shapes)
        self.shape = UShape(channels, *levels_for(sides))
        self.map_width = self.shape.map_width
        self.width = 2 * self.map_width

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """``values`` (B, C, D, H, W) float -> pyramid, (B, 16, D, H, W) first; pooled."""
        pyramid = self.shape(arrays["values"])
        return Features(average_and_maximum(pyramid[0]), pyramid=pyramid)


def levels_for(sides: list[int]) -> tuple[list[list[int]], list[list[int]]]:
    """Kernel and stride of each level for a volume or picture; level 0 has stride 1."""
    left = list(sides)
    kernels = [[1 if 2 * side <= max(left) else 3 for side in left]]
    strides = [[1] * len(sides)]
    while len(strides) < MOST_LEVELS:
        halved = [2 if side >= 2 * SMALLEST_SIDE and 2 * side > max(left) else 1 for side in left]
        if max(halved) == 1:
            break
        strides.append(halved)
        left = [math.ceil(side / by) for side, by in zip(left, halved, strict=True)]
        kernels.append([1 if 2 * side <= max(left) else 3 for side in left])
    while len(strides) < FEWEST_LEVELS:  # too small to be halved any more
        strides.append([1] * len(sides))
        kernels.append(kernels[-1])
    return kernels, strides
