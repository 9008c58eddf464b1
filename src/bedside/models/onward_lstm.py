"""A recurrent network that reads a text from its beginning alone: the default of language models.

Hochreiter and Schmidhuber 1997 (doi:10.1162/neco.1997.9.8.1735). What it says of a token knows
of those before it and of none behind, so that the next one can be predicted from it (Mikolov
2010, doi:10.21437/Interspeech.2010-343).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import nn

from bedside.models.features import Encoder, Features
from bedside.models.history import last_valid
from bedside.models.token_embedding import TokenEmbedding, masked_maximum

WIDTH = 256
DROPOUT = 0.4


class OnwardLstm(Encoder):
    """One LSTM of 256: last state and maximum over the text; its vectors serve the head too."""

    reads: ClassVar[str] = "tokens"
    one_way: ClassVar[bool] = True

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], symbols: Mapping[str, int]) -> None:
        super().__init__(shapes)
        self.embedding = TokenEmbedding(
            "onward-lstm", shapes, symbols, width=WIDTH, dropout=DROPOUT
        )
        self.layer = nn.LSTM(WIDTH, WIDTH, batch_first=True)
        self.dropout = nn.Dropout(DROPOUT)
        self.width = 2 * WIDTH
        self.token_width = WIDTH

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """``tokens`` and ``mask`` (B, T) -> pooled (B, 512), tokens (B, T, 256)."""
        vectors, mask = self.embedding(arrays)
        states, _ = self.layer(vectors)
        some = mask.any(dim=1, keepdim=True).to(vectors.dtype)  # of no token, nothing is said
        ends = last_valid(states, mask) * some
        pooled = self.dropout(torch.cat([ends, masked_maximum(states, mask)], dim=1))
        return Features(pooled, tokens=states, mask=mask, table=self.embedding.table.weight)
