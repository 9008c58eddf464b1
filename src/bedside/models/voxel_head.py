"""The head of task `segment`: one logit a structure at every voxel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from bedside.models.features import Features


class VoxelHead(nn.Module):
    """A 1x1 convolution of the finest maps."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.convolution = nn.Conv3d(width, classes, 1)

    def carry(self, state: Mapping[str, Any]) -> None:
        """Nothing to carry: masks do not depend on the temperature, which the task applies."""

    def forward(
        self,
        features: Features,
        inputs: dict[str, torch.Tensor],  # noqa: ARG002 - other heads copy from the inputs
    ) -> dict[str, torch.Tensor]:
        """Maps (B, F, D, H, W) -> ``logits`` (B, K, D, H, W) float32."""
        return {"logits": self.convolution(features.pyramid[0]).float()}
