"""A bag of words and pairs: no order but that of neighbours. Fast, and hard to beat on few texts.

After Joulin 2017 (doi:10.18653/v1/E17-2068, pairs of neighbours in hashed groups) and Iyyer 2015
(doi:10.3115/v1/P15-1162, a layer above the mean); each token learns how much it counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import nn
from torch.nn import functional

from bedside.models.features import Encoder, Features
from bedside.models.token_embedding import TokenEmbedding, masked_maximum, masked_mean, shortest

WIDTH = 128
HIDDEN = 128
PAIRS = 2**14
"""Groups that pairs of neighbours fall into."""
FACTORS = (2_654_435_761, 2_246_822_519)
"""Odd numbers that scatter the first and the second token of a pair."""
DROPOUT = 0.3


class Bag(Encoder):
    """Weighted mean and maximum of the tokens' vectors, mean of the pairs', one dense layer."""

    reads: ClassVar[str] = "tokens"
    left: torch.Tensor
    right: torch.Tensor

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], symbols: Mapping[str, int]) -> None:
        super().__init__(shapes)
        self.embedding = TokenEmbedding("bag", shapes, symbols, width=WIDTH, dropout=DROPOUT)
        self.weight = nn.Embedding(symbols["tokens"], 1)
        nn.init.zeros_(self.weight.weight)
        numbers = torch.arange(symbols["tokens"])
        for name, factor in zip(("left", "right"), FACTORS, strict=True):
            # looked up and added: an engine that multiplies in 32 bits would scatter otherwise
            self.register_buffer(name, (numbers * factor >> 7) % (PAIRS // 2), persistent=False)
        self.pairs = nn.Embedding(PAIRS, WIDTH)
        nn.init.normal_(self.pairs.weight, std=self.embedding.table.weight.std().item())
        self.dense = nn.Linear(3 * WIDTH, HIDDEN)
        self.dropout = nn.Dropout(DROPOUT)
        self.width = 3 * WIDTH + HIDDEN

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """``tokens`` and ``mask`` (B, T) -> pooled (B, F), tokens (B, T, 128)."""
        vectors, mask = self.embedding(arrays)
        tokens, _ = shortest(arrays["tokens"], arrays["mask"], learning=self.training)
        heard = 2 * torch.sigmoid(self.weight(tokens))
        numbers = tokens.long()
        groups = self.left[numbers[:, :-1]] + self.right[numbers[:, 1:]]
        pairs = masked_mean(self.pairs(groups), mask[:, 1:])
        seen = [masked_mean(vectors * heard, mask), masked_maximum(vectors, mask), pairs]
        joined = self.dropout(torch.cat(seen, dim=1))
        deep = functional.relu(self.dense(joined))
        return Features(torch.cat([joined, deep], dim=1), tokens=vectors, mask=mask)
