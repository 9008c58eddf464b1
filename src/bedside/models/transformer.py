"""A small transformer over a text (Vaswani 2017, arXiv:1706.03762), two layers of width 128.

One vector of the network's own stands before the text: it gathers what the head reads, and gives
attention something to look at where a text is empty.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import nn
from torch.nn import functional

from bedside.models.features import Encoder, Features
from bedside.models.token_embedding import TokenEmbedding, masked_mean

WIDTH, HEADS, LAYERS, INNER = 128, 4, 2, 256
DROPOUT = 0.2
LONGEST_WAVE = 10_000.0


class Transformer(Encoder):
    """Attention before normalisation's residual; the gathering vector and the mean are read out."""

    reads: ClassVar[str] = "tokens"

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], symbols: Mapping[str, int]) -> None:
        super().__init__(shapes)
        self.embedding = TokenEmbedding(
            "transformer", shapes, symbols, width=WIDTH, dropout=DROPOUT
        )
        self.first = nn.Parameter(torch.randn(1, 1, WIDTH) / math.sqrt(WIDTH))
        self.layers = nn.ModuleList(AttentionLayer(WIDTH, HEADS, INNER) for _ in range(LAYERS))
        self.normal = nn.LayerNorm(WIDTH)
        self.width = 2 * WIDTH
        self.token_width = WIDTH

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """``tokens`` and ``mask`` (B, T) -> pooled (B, 256), tokens (B, T, 128)."""
        vectors, mask = self.embedding(arrays)
        vectors = vectors + waves(mask.shape[1], WIDTH, vectors)
        first = self.first.to(vectors.dtype).expand(vectors.shape[0], 1, WIDTH)
        states = torch.cat([first, vectors], dim=1)
        there = torch.cat([torch.ones_like(mask[:, :1]), mask], dim=1)
        for layer in self.layers:
            states = layer(states, there)
        states = self.normal(states)
        tokens = states[:, 1:]
        pooled = torch.cat([states[:, 0], masked_mean(tokens, mask)], dim=1)
        return Features(pooled, tokens=tokens, mask=mask)


class AttentionLayer(nn.Module):
    """Self-attention and two dense layers, each normalised before and added to what came in."""

    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.form = (heads, width // heads)
        self.before = nn.LayerNorm(width)
        self.asked = nn.Linear(width, 3 * width)
        self.joined = nn.Linear(width, width)
        self.between = nn.LayerNorm(width)
        self.dense = nn.Sequential(
            nn.Linear(width, inner), nn.GELU(), nn.Dropout(DROPOUT), nn.Linear(inner, width)
        )
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, states: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        """(B, T, F) and mask (B, T) -> (B, T, F)."""
        parts = self.asked(self.before(states)).unflatten(2, (3, *self.form))
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        seen = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=there[:, None, None, :]
        )
        joined = self.joined(seen.transpose(1, 2).flatten(2))
        states = states + self.dropout(joined)
        told: torch.Tensor = states + self.dropout(self.dense(self.between(states)))
        return told


def waves(steps: int, width: int, like: torch.Tensor) -> torch.Tensor:
    """(1, T, F): where a token stands, as sines and cosines of falling frequency."""
    places = torch.arange(steps, device=like.device, dtype=torch.float32)[:, None]
    falling = torch.arange(0, width, 2, device=like.device, dtype=torch.float32)
    angles = places * torch.exp(falling * (-math.log(LONGEST_WAVE) / width))
    found = torch.stack([torch.sin(angles), torch.cos(angles)], dim=2).reshape(1, steps, width)
    return (found * SIZE_OF_WAVES).to(like.dtype)


SIZE_OF_WAVES = 0.1
"""As large as new embeddings are."""
