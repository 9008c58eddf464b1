"""A bag of words and pairs: no order but that of neighbours. Fast, and hard to beat on few texts.

After Joulin 2017 (doi:10.18653/v1/E17-2068): a linear model on the mean of learnt vectors, of
tokens and of pairs of neighbours in hashed groups. Each token learns how much it counts, and
the means are brought to one size, since that of many small vectors is tiny.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import nn

from bedside.models.features import Encoder, Features
from bedside.models.token_embedding import SPREAD, TokenEmbedding, masked_mean, shortest

WIDTH = 128
PAIRS = 2**14
"""Groups that pairs of neighbours fall into."""
FACTORS = (2_654_435_761, 2_246_822_519)
"""Odd numbers that scatter the first and the second token of a pair."""
DROPOUT = 0.5
LEAST_WEIGHT = 1e-6


class Bag(Encoder):
    """Weighted mean of the tokens' vectors beside that of the pairs', each value of one size."""

    reads: ClassVar[str] = "tokens"
    left: torch.Tensor
    right: torch.Tensor

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], symbols: Mapping[str, int]) -> None:
        super().__init__(shapes)
        self.embedding = TokenEmbedding("bag", shapes, symbols, width=WIDTH, dropout=0.0)
        self.weight = nn.Embedding(symbols["tokens"], 1)
        nn.init.zeros_(self.weight.weight)
        numbers = torch.arange(symbols["tokens"])
        for name, factor in zip(("left", "right"), FACTORS, strict=True):
            # looked up and added: an engine that multiplies in 32 bits would scatter otherwise
            self.register_buffer(name, (numbers * factor >> 7) % (PAIRS // 2), persistent=False)
        self.pairs = nn.Embedding(PAIRS, WIDTH)
        nn.init.normal_(self.pairs.weight, std=SPREAD)
        self.size = nn.LayerNorm(2 * WIDTH)
        self.dropout = nn.Dropout(DROPOUT)
        self.width = 2 * WIDTH

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """``tokens`` and ``mask`` (B, T) -> pooled (B, 256), tokens (B, T, 128)."""
        vectors, mask = self.embedding(arrays)
        tokens, _ = shortest(arrays["tokens"], arrays["mask"], learning=self.training)
        there = mask[:, :, None].to(vectors.dtype)
        weights = torch.exp(self.weight(tokens)) * there
        words = (vectors * weights).sum(dim=1) / weights.sum(dim=1).clamp_min(LEAST_WEIGHT)
        numbers = tokens.long()
        groups = self.left[numbers[:, :-1]] + self.right[numbers[:, 1:]]
        pairs = masked_mean(self.pairs(groups), mask[:, 1:])
        pooled = self.size(torch.cat([words, pairs], dim=1))
        return Features(self.dropout(pooled), tokens=vectors, mask=mask)
