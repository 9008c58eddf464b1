"""The U-shaped network on volumes at half their resolution: several times as fast."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from torch import nn

from bedside.models.features import Encoder, Features
from bedside.models.residual_trunk import average_and_maximum
from bedside.models.resnet3d import volume_shape
from bedside.models.unet3d import SMALLEST_SIDE, UShape, levels_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

FINEST = 8
"""Channels at every voxel."""


class HalfUNet3d(Encoder):
    """`unet3d` behind a first step of two voxels; a transposed convolution leads back.

    Most of the work of a U-shaped network lies at full resolution. Its outlines are finer than
    its maps, since every voxel has weights of its own in the last step.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(shapes)
        channels, *sides = volume_shape("half-unet3d", shapes)
        step = [2 if side >= 2 * SMALLEST_SIDE else 1 for side in sides]
        kernels, strides = levels_for(
            [math.ceil(side / skip) for side, skip in zip(sides, step, strict=True)]
        )
        self.shape = UShape(channels, kernels, [step, *strides[1:]])
        depth, height, width = step
        by = (depth, height, width)
        self.finest = nn.ConvTranspose3d(self.shape.map_width, FINEST, by, by)
        self.map_width = FINEST
        self.width = 2 * FINEST

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """``values`` (B, C, D, H, W) float -> pyramid, (B, 8, D, H, W) first; pooled."""
        values = arrays["values"]
        coarse = self.shape(values)
        finest = self.finest(coarse[0])
        for axis in (2, 3, 4):  # longer by a voxel where a side was odd
            finest = finest.narrow(axis, 0, values.shape[axis])
        return Features(average_and_maximum(finest), pyramid=(finest, *coarse))
