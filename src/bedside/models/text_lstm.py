"""A recurrent network that reads a text from both ends.

Hochreiter and Schmidhuber 1997 (doi:10.1162/neco.1997.9.8.1735), both directions after
Schuster and Paliwal 1997 (doi:10.1109/78.650093). The way back runs over the valid part, turned
round by index, which exports with a free batch axis where packed sequences do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import nn

from bedside.models.features import Encoder, Features
from bedside.models.history import last_valid
from bedside.models.token_embedding import TokenEmbedding, masked_maximum

EMBEDDED = 128
WIDTH = 96
DROPOUT = 0.3


class TextLstm(Encoder):
    """One LSTM of 96 in each direction: last state and maximum over the text of both."""

    reads: ClassVar[str] = "tokens"

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], symbols: Mapping[str, int]) -> None:
        super().__init__(shapes)
        self.embedding = TokenEmbedding(
            "text-lstm", shapes, symbols, width=EMBEDDED, dropout=DROPOUT
        )
        self.onward = nn.LSTM(EMBEDDED, WIDTH, batch_first=True)
        self.backward_layer = nn.LSTM(EMBEDDED, WIDTH, batch_first=True)
        self.dropout = nn.Dropout(DROPOUT)
        self.width = 4 * WIDTH
        self.token_width = 2 * WIDTH

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """``tokens`` and ``mask`` (B, T) -> pooled (B, 384), tokens (B, T, 192)."""
        vectors, mask = self.embedding(arrays)
        turn = turned(mask)
        ahead, _ = self.onward(vectors)
        back, _ = self.backward_layer(gathered(vectors, turn))
        ends = [last_valid(ahead, mask), last_valid(back, mask)]
        some = mask.any(dim=1, keepdim=True).to(vectors.dtype)  # of no token, nothing is said
        tokens = torch.cat([ahead, gathered(back, turn)], dim=2)
        pooled = torch.cat([torch.cat(ends, dim=1) * some, masked_maximum(tokens, mask)], dim=1)
        return Features(self.dropout(pooled), tokens=tokens, mask=mask)


def turned(mask: torch.Tensor) -> torch.Tensor:
    """Mask (B, T) -> index (B, T) that turns the valid part round and leaves padding in place."""
    places = torch.arange(mask.shape[1], device=mask.device)[None]
    count = mask.long().sum(dim=1, keepdim=True)
    return torch.where(places < count, count - 1 - places, places)


def gathered(vectors: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """(B, T, F) with its steps in the order of `index` (B, T)."""
    return vectors.gather(1, index[:, :, None].expand(-1, -1, vectors.shape[2]))
