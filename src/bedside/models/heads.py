"""Heads: Features -> named outputs. A head carries its calibration and applies it in eval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from bedside.models.familiarity import Familiarity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedside.models.features import Features


class LogitHead(nn.Module):
    """One linear layer to K logits.

    In evaluation mode the answer is ``(logits - shift) / temperature``: `shift`
    (K,) undoes what class weights did to the odds, `temperature` (1,) or (K,) is
    fitted on validation data.
    """

    shift: torch.Tensor
    temperature: torch.Tensor

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, classes)
        self.familiarity: Familiarity | None = None
        self.register_buffer("shift", torch.zeros(classes))
        self.register_buffer("temperature", torch.ones(1))

    def carry(self, state: Mapping[str, Any]) -> None:
        """Set the calibration of a task's state."""
        self.calibrate(state["shift"], state["temperature"])

    def calibrate(self, shift: list[float], temperature: list[float]) -> None:
        """Set what evaluation mode applies."""
        self.shift = self.shift.new_tensor(shift)
        self.temperature = self.shift.new_tensor(temperature)

    def forward(
        self,
        features: Features,
        inputs: dict[str, torch.Tensor],  # noqa: ARG002 - other heads copy from the inputs
    ) -> dict[str, torch.Tensor]:
        """Pooled (B, F) -> ``logits`` (B, K) float32.

        Once it knows what training cases are like, in evaluation mode also ``strangeness``
        (B, 1), how far a case lies from them.
        """
        logits = self.linear(features.pooled).float()
        if self.training:
            return {"logits": logits}
        found = {"logits": (logits - self.shift) / self.temperature}
        if self.familiarity is not None:
            found["strangeness"] = self.familiarity(features.pooled)
        return found
