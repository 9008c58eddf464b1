"""The head that tags words: scores of tags, and of one tag after another.

A linear-chain conditional random field (Lafferty 2001; on a recurrent network: Lample 2016,
doi:10.18653/v1/N16-1030). Enters: features of words. Leaves: ``emissions`` (B, T, K),
``transitions`` (B, K + 1, K), and of the input ``offsets`` (B, T, 2) and ``mask`` (B, T), since
who reads the answer must know where the words stand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from bedside.modalities.text_tags import UNTOLD, allowed_transitions, tag_count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedside.models.features import Features


FORBIDDEN = -1e4
"""Score of a step that no sequence may take."""


class ChainHead(nn.Module):
    """One linear layer to K tags, and what follows on what.

    In evaluation mode both scores are divided by the temperature of calibration.

    Args:
        width: F of the tokens.
        state: of the task `tag`.
    """

    allowed: torch.Tensor
    temperature: torch.Tensor

    def __init__(self, width: int, state: Mapping[str, Any]) -> None:
        super().__init__()
        labels = len(state["names"])
        self.source: str = state["source"]
        self.linear = nn.Linear(width, tag_count(labels))
        self.transitions = nn.Parameter(torch.zeros(tag_count(labels) + 1, tag_count(labels)))
        self.register_buffer(
            "allowed", torch.from_numpy(allowed_transitions(labels)), persistent=False
        )
        self.register_buffer("temperature", torch.ones(()))
        self.carry(state)

    def carry(self, state: Mapping[str, Any]) -> None:
        """Set the calibration that evaluation mode applies."""
        self.temperature = self.temperature.new_tensor(state["temperature"])

    def forward(
        self, features: Features, inputs: dict[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        """Tokens (B, T, F) -> the four arrays, float32; while learning T is the batch's longest."""
        if features.tokens is None or features.mask is None:
            raise ValueError("entities need features of every word")
        emissions = self.linear(features.tokens).float()
        transitions = torch.where(self.allowed, self.transitions, FORBIDDEN)
        if not self.training:
            emissions, transitions = emissions / self.temperature, transitions / self.temperature
        offsets = inputs[f"{self.source}.offsets"][:, : emissions.shape[1]]
        return {
            "emissions": emissions,
            "transitions": transitions[None].expand(emissions.shape[0], -1, -1),
            "offsets": offsets.float(),
            "mask": features.mask.float(),
        }


def chain_loss(outputs: Mapping[str, torch.Tensor], tags: torch.Tensor) -> torch.Tensor:
    """Negative log likelihood of true tags, by words; texts without a word add nothing.

    Args:
        outputs: as `ChainHead` leaves them.
        tags: (B, T) int64, `UNTOLD` where no word is.
    """
    emissions, transitions = outputs["emissions"], outputs["transitions"][0]
    tags = tags[:, : emissions.shape[1]]
    there = tags != UNTOLD
    true = tags.clamp_min(0)
    own = emissions.gather(2, true[:, :, None])[:, :, 0]
    before = torch.cat([torch.full_like(true[:, :1], transitions.shape[1]), true[:, :-1]], dim=1)
    score = ((own + transitions[before, true]) * there).sum(dim=1)
    total = transitions[-1] + emissions[:, 0]
    for t in range(1, emissions.shape[1]):
        here = torch.logsumexp(total[:, :, None] + transitions[:-1], dim=1) + emissions[:, t]
        total = torch.where(there[:, t, None], here, total)
    some = there[:, 0]
    loss = (torch.logsumexp(total, dim=1) - score) * some
    return loss.sum() / there.sum().clamp_min(1)
