"""The head of a language model: how surprised it is by each next token.

Enters: features of tokens that know of those before them, and the tokens themselves. Leaves:
``surprise``, minus the log-probability of each token and of the text's end, ``counts`` and
``unknown``, and of the input ``offsets``, since who reads the answer must know where tokens stand.
Words are written with the vectors that they were read by (Press and Wolf 2017,
doi:10.18653/v1/E17-2025; Inan 2017, arXiv:1611.01462).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from bedside.modalities.text_tokens import BEGIN, END, PAD, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedside.models.features import Features

DROPOUT = 0.4
NEVER = -1e9
"""Logit of what is no next token."""
STEPS = 16
"""Places of all texts that are looked at together when nothing is learnt: of each, every token
of the vocabulary has a score."""


class NextTokenHead(nn.Module):
    """One linear layer to the width of the vectors, which then score every token.

    Args:
        width: F of the tokens, and E of the vectors.
        state: of the task `language`: ``source`` (the input) and ``size`` (V).
    """

    never: torch.Tensor

    def __init__(self, width: int, state: Mapping[str, Any]) -> None:
        super().__init__()
        self.source: str = state["source"]
        self.first = nn.Parameter(torch.zeros(width))
        self.meant = nn.Linear(width, width)
        self.bias = nn.Parameter(torch.zeros(int(state["size"])))
        self.dropout = nn.Dropout(DROPOUT)
        never = torch.zeros(int(state["size"]))
        never[[PAD, BEGIN]] = NEVER
        self.register_buffer("never", never, persistent=False)

    def carry(self, state: Mapping[str, Any]) -> None:
        """Nothing is calibrated: probabilities of tokens are what was learnt."""

    def forward(
        self, features: Features, inputs: dict[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        """Tokens (B, T, F) -> arrays (B, T + 1) and offsets (B, T, 2); see the module.

        While learning, ``surprise`` and ``counts`` hold the M tokens of the batch, (M,) each.
        """
        if features.tokens is None or features.table is None:
            raise ValueError("expected features of every token and the vectors they are read by")
        first = self.first.expand(features.tokens.shape[0], 1, -1)
        states = torch.cat([first.to(features.tokens.dtype), features.tokens], dim=1)
        wanted, counts = self._wanted(inputs, length=states.shape[1])
        if self.training:
            surprise = self._surprise(states[counts], wanted[counts], features.table)
            return {"surprise": surprise, "counts": torch.ones_like(surprise)}
        parts = [
            self._surprise(states[:, at : at + STEPS], wanted[:, at : at + STEPS], features.table)
            for at in range(0, states.shape[1], STEPS)
        ]
        there = counts.to(torch.float32)
        return {
            "surprise": torch.cat(parts, dim=1) * there,
            "counts": there,
            "unknown": there * (wanted == UNKNOWN).to(torch.float32),
            "offsets": inputs[f"{self.source}.offsets"].to(torch.float32),
        }

    def _wanted(
        self, inputs: dict[str, torch.Tensor], *, length: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, L) int64 the tokens and the end of each text, and where there are any."""
        tokens, mask = inputs[f"{self.source}.tokens"], inputs[f"{self.source}.mask"]
        whole = functional.pad(tokens.long() * mask, (0, 1))[:, :length]
        places = torch.arange(length, device=tokens.device)[None]
        count = mask.long().sum(dim=1, keepdim=True)
        ends = (places == count) & (count < mask.shape[1])
        return torch.where(ends, END, whole), (places < count) | ends

    def _surprise(
        self, states: torch.Tensor, wanted: torch.Tensor, table: torch.Tensor
    ) -> torch.Tensor:
        """States (..., F) and tokens (...) -> minus the log-probability of each (...)."""
        meant = self.dropout(self.meant(self.dropout(states)))
        scores = functional.linear(meant, table, self.bias).float() + self.never
        return -scores.log_softmax(dim=-1).gather(-1, wanted[..., None])[..., 0]
