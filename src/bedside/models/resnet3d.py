"""The small residual network on volumes: the default for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from bedside.errors import StudyError, sentence
from bedside.models.features import Encoder, Features
from bedside.models.residual_trunk import DROPOUT, Trunk, average_and_maximum

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

WIDTHS = (32, 64, 128)
WORKING_SIDE = 24


class ResNet3d(Encoder):
    """Stem of 16 channels, three residual stages (32, 64, 128) from at most 24 voxels a side."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(shapes)
        self.trunk = Trunk(volume_shape("resnet3d", shapes), WIDTHS, WORKING_SIDE)
        self.dropout = nn.Dropout(DROPOUT)
        self.width = 2 * self.trunk.width

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """``values`` (B, C, D, H, W) float -> pooled (B, 256), pyramid of the last maps."""
        maps = self.trunk(arrays["values"])
        return Features(self.dropout(average_and_maximum(maps)), pyramid=(maps,))


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
