"""Convolutions over words, the strongest sign of each kept (Kim 2014, doi:10.3115/v1/D14-1181)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import nn
from torch.nn import functional

from bedside.models.features import Encoder, Features
from bedside.models.token_embedding import TokenEmbedding, masked_maximum

WIDTH = 128
FILTERS = 100
REACHES = (3, 4, 5)
DROPOUT, DROPOUT_INPUT = 0.5, 0.2


class TextCnn(Encoder):
    """100 filters over 3, 4 and 5 neighbouring tokens each, maximum over the text.

    Filters are centred on a token and see blanks beyond the ends, so that a text shorter
    than a filter has its maximum as well, and padding does not move it.
    """

    reads: ClassVar[str] = "tokens"

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], symbols: Mapping[str, int]) -> None:
        super().__init__(shapes)
        self.embedding = TokenEmbedding(
            "text-cnn", shapes, symbols, width=WIDTH, dropout=DROPOUT_INPUT
        )
        self.filters = nn.ModuleList(
            nn.Conv1d(WIDTH, FILTERS, reach, padding=reach // 2) for reach in REACHES
        )
        self.dropout = nn.Dropout(DROPOUT)
        self.width = FILTERS * len(REACHES)

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """``tokens`` and ``mask`` (B, T) -> pooled (B, 300), tokens (B, T, 300)."""
        vectors, mask = self.embedding(arrays)
        across = vectors.transpose(1, 2)
        length = mask.shape[1]
        found = [functional.relu(layer(across))[:, :, :length] for layer in self.filters]
        signs = torch.cat(found, dim=1).transpose(1, 2)
        pooled = self.dropout(masked_maximum(signs, mask))
        return Features(pooled, tokens=signs, mask=mask)
