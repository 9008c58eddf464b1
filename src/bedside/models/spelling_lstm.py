"""A recurrent network that reads words by how they are spelt: the default for entities in a text.

Embeddings of the hashed word, its beginnings, endings and shape (as in the embedding layers
of Honnibal's spaCy) and of its pieces (Bojanowski 2017), mixed by one layer, then an LSTM from
both ends (Schuster and Paliwal 1997, doi:10.1109/78.650093; for entities: Huang 2015,
arXiv:1508.01991).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import nn

from bedside.errors import StudyError, sentence
from bedside.modalities.text_spelling import FORMS
from bedside.models.features import Encoder, Features
from bedside.models.history import last_valid
from bedside.models.text_lstm import gathered, turned
from bedside.models.token_embedding import SPREAD, masked_maximum, shortest

EMBEDDED = 64
MIXED = 160
WIDTH = 128
DROPOUT = 0.4
HIDDEN_WORDS, HIDDEN_FORMS = 0.1, 0.03
"""Share of words, and of each other form of them, that are hidden while learning: what stands
around a word must do then, as it must for a word that training never saw."""


class SpellingLstm(Encoder):
    """Six embeddings a word and the mean of its pieces', mixed, then an LSTM of 128 each way."""

    reads: ClassVar[str] = "spelling"

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], symbols: Mapping[str, int]) -> None:
        super().__init__(shapes)
        if not {"spelling", "mask"} <= set(shapes) or "spelling" not in symbols:
            raise StudyError(
                sentence(
                    "encoder 'spelling-lstm'",
                    expected="a text with its spelling",
                    got=f"arrays {', '.join(sorted(shapes))}",
                    remedy="Write spelling: true at the input, or choose another encoder",
                )
            )
        parts = len(FORMS) + 1
        self.table = nn.Embedding(symbols["spelling"], EMBEDDED)
        nn.init.normal_(self.table.weight, std=SPREAD)
        self.mix = nn.Sequential(
            nn.Linear(parts * EMBEDDED, MIXED), nn.LayerNorm(MIXED), nn.GELU(), nn.Dropout(DROPOUT)
        )
        self.onward = nn.LSTM(MIXED, WIDTH, batch_first=True)
        self.backward_layer = nn.LSTM(MIXED, WIDTH, batch_first=True)
        self.dropout = nn.Dropout(DROPOUT)
        self.width = 4 * WIDTH
        self.token_width = 2 * WIDTH

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """``spelling`` (B, T, F) and ``mask`` (B, T) -> pooled (B, 512), tokens (B, T, 256)."""
        spelling, mask = shortest(arrays["spelling"], arrays["mask"], learning=self.training)
        vectors = self.mix(self._embedded(spelling).flatten(2))
        turn = turned(mask)
        ahead, _ = self.onward(vectors)
        back, _ = self.backward_layer(gathered(vectors, turn))
        ends = [last_valid(ahead, mask), last_valid(back, mask)]
        some = mask.any(dim=1, keepdim=True).to(vectors.dtype)
        tokens = self.dropout(torch.cat([ahead, gathered(back, turn)], dim=2))
        pooled = torch.cat([torch.cat(ends, dim=1) * some, masked_maximum(tokens, mask)], dim=1)
        return Features(pooled, tokens=tokens, mask=mask)

    def _embedded(self, spelling: torch.Tensor) -> torch.Tensor:
        """(B, T, C) -> (B, T, 7, E), the last one of the pieces; some are hidden in training."""
        forms, pieces = spelling[..., : len(FORMS)], spelling[..., len(FORMS) :]
        there = (pieces != 0).to(self.table.weight.dtype)[..., None]
        mean = (self.table(pieces) * there).sum(dim=2) / there.sum(dim=2).clamp_min(1.0)
        vectors = torch.cat([self.table(forms), mean[:, :, None]], dim=2)
        if not self.training:
            return vectors
        share = torch.full(vectors.shape[2:3], HIDDEN_FORMS, device=spelling.device)
        share[0] = HIDDEN_WORDS
        shown = torch.rand(vectors.shape[:3], device=spelling.device) >= share
        return vectors * shown[..., None].to(vectors.dtype)
