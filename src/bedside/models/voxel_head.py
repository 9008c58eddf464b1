"""The head of task `segment`: one logit a structure at every voxel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedside.models.features import Features


class VoxelHead(nn.Module):
    """A 1x1 convolution of the finest maps; in evaluation mode over ``temperature``."""

    temperature: torch.Tensor

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.convolution = nn.Conv3d(width, classes, 1)
        self.register_buffer("temperature", torch.ones(1))

    def carry(self, state: Mapping[str, Any]) -> None:
        """Set the calibration of a task's state."""
        self.temperature = self.temperature.new_tensor([state["temperature"]])

    def forward(
        self,
        features: Features,
        inputs: dict[str, torch.Tensor],  # noqa: ARG002 - other heads copy from the inputs
    ) -> dict[str, torch.Tensor]:
        """Maps (B, F, D, H, W) -> ``logits`` (B, K, D, H, W) float32."""
        logits = self.convolution(features.pyramid[0]).float()
        return {"logits": logits if self.training else logits / self.temperature}
