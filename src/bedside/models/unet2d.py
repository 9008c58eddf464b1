"""The U-shaped network on pictures: that on volumes with one axis less."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedside.errors import StudyError, sentence
from bedside.models.features import Encoder, Features
from bedside.models.residual_trunk import average_and_maximum
from bedside.models.unet3d import UShape, levels_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch


class UNet2d(Encoder):
    """MONAI's DynUNet in two dimensions: `map_width` channels at every pixel.

    Pictures come as (B, C, H, W), or as volumes of one plane, and the maps are of the same form.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(shapes)
        channels, *sides = shapes.get("values", (0,))
        self.planes = len(sides) == 3
        if not (len(sides) == 2 or (self.planes and sides[0] == 1)):
            raise StudyError(
                sentence(
                    "encoder 'unet2d'",
                    expected="a picture (C, H, W)",
                    got=f"shape {shapes.get('values', ())}",
                    remedy="Use it for an input of modality image",
                )
            )
        kernels, strides = levels_for(sides[-2:])
        self.shape = UShape(channels, kernels, strides)
        self.map_width = self.shape.map_width
        self.width = 2 * self.map_width

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """``values`` (B, C, [1,] H, W) float -> pyramid, (B, 16, [1,] H, W) first; pooled."""
        values = arrays["values"].squeeze(2) if self.planes else arrays["values"]
        pyramid = self.shape(values)
        pooled = average_and_maximum(pyramid[0])
        return Features(
            pooled, pyramid=tuple(m.unsqueeze(2) for m in pyramid) if self.planes else pyramid
        )
