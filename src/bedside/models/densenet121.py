"""DenseNet-121, the network of MONAI: every layer reads what all layers before it found.

Huang et al. 2017 (10.1109/CVPR.2017.243); in chest X-rays the customary reference since
CheXNet (Rajpurkar 2017, arXiv:1711.05225). Large for a CPU: the registry's slowest encoder.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import torch
from torch import nn

from bedside.errors import StudyError, sentence
from bedside.models.features import Encoder, Features

with warnings.catch_warnings():  # its import puts in a handler of its own, which goes again here
    from monai.networks.nets.densenet import DenseNet121 as MonaiDenseNet121

if TYPE_CHECKING:
    from collections.abc import Mapping

SMALLEST = 16
WHOLE = 64
"""From this side on the network is MONAI's to the letter; smaller images keep the stem's maxima."""


class DenseNet121(Encoder):
    """MONAI's features, average pooled; its weights fit by name and shape.

    The stem of the network takes a quarter of each side, which leaves nothing of small
    images: those with a side under 64 pixels skip its pooling, which has no weights.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(shapes)
        channels, height, width = shapes["values"]
        if min(height, width) < SMALLEST:
            raise StudyError(
                sentence(
                    "encoder 'densenet121'",
                    expected=f"images of at least {SMALLEST}x{SMALLEST} pixels",
                    got=f"{height}x{width}",
                    remedy="Raise the input's size or choose the encoder 'resnet'",
                )
            )
        network = MonaiDenseNet121(spatial_dims=2, in_channels=channels, out_channels=1)
        self.features = network.features
        if min(height, width) < WHOLE:
            self.features.pool0 = nn.Identity()
        self.width = network.class_layers.out.in_features

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """``values`` (B, C, H, W) float -> pooled (B, 1024), pyramid of the last maps."""
        maps = torch.relu(self.features(arrays["values"]))
        return Features(maps.mean(dim=(2, 3)), pyramid=(maps,))
