"""The head of task `segment`: one logit a structure at every voxel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

from bedside.models.familiarity import Familiarity

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from bedside.models.features import Features


class VoxelHead(nn.Module):
    """A 1x1 convolution of the finest maps."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.convolution = nn.Conv3d(width, classes, 1)
        self.familiarity: Familiarity | None = None

    def carry(self, state: Mapping[str, Any]) -> None:
        """Nothing to carry: masks do not depend on the temperature, which the task applies."""

    def forward(
        self,
        features: Features,
        inputs: dict[str, torch.Tensor],  # noqa: ARG002 - other heads copy from the inputs
    ) -> dict[str, torch.Tensor]:
        """Maps (B, F, D, H, W) -> ``logits`` (B, K, D, H, W) float32.

        Once it knows what training patches are like, in evaluation mode also ``strangeness``
        (B, 1), by the mean and the maximum of the maps.
        """
        found = {"logits": self.convolution(features.pyramid[0]).float()}
        if self.familiarity is not None and not self.training:
            found["strangeness"] = self.familiarity(features.pooled)
        return found
