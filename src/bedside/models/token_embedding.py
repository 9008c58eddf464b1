"""What all encoders of a text do with its arrays first: numbers of tokens become vectors.

Enters: ``tokens`` (B, T) int32 and ``mask`` (B, T) bool. Leaves: vectors (B, T, E), zero where
no token stands, and the mask. While learning, a batch is cut to its longest text, since
what lies behind is padding for all.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from bedside.errors import StudyError, sentence

SPREAD = 0.1
"""Standard deviation of new embeddings: small beside what one step of training moves them."""


class TokenEmbedding(nn.Module):
    """A learnt vector for each of V tokens, some entries of all of a text's left out in training.

    Args:
        encoder: its name, for messages.
        shapes: of one case's arrays.
        symbols: array -> V, as the text's fitted state tells.
        width: E.
        dropout: share of vectors' entries that are left out while learning.
    """

    def __init__(
        self,
        encoder: str,
        shapes: Mapping[str, tuple[int, ...]],
        symbols: Mapping[str, int],
        *,
        width: int,
        dropout: float,
    ) -> None:
        super().__init__()
        if not {"tokens", "mask"} <= set(shapes) or "tokens" not in symbols:
            raise StudyError(
                sentence(
                    f"encoder '{encoder}'",
                    expected="a text (tokens and their mask)",
                    got=f"arrays {', '.join(sorted(shapes))}",
                    remedy="Choose another encoder for this input",
                )
            )
        self.table = nn.Embedding(symbols["tokens"], width)
        nn.init.normal_(self.table.weight, std=SPREAD)
        self.dropout = nn.Dropout(dropout)

    def forward(self, arrays: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """Arrays of a text -> vectors (B, T, E), mask (B, T) bool; T the longest while learning."""
        tokens, mask = shortest(arrays["tokens"], arrays["mask"], learning=self.training)
        vectors = self.table(tokens)
        there = mask[:, :, None].to(vectors.dtype)
        if self.training:  # the same entries of all tokens of a text, or their mean would heal it
            there = there * self.dropout(torch.ones_like(vectors[:, :1]))
        return vectors * there, mask


def shortest(
    tokens: torch.Tensor, mask: torch.Tensor, *, learning: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cut (B, T) arrays to the batch's longest text while learning; one token at least."""
    if not learning:
        return tokens, mask
    longest = max(int(mask.sum(dim=1).max()), 1) if len(mask) else 1
    return tokens[:, :longest], mask[:, :longest]


def masked_mean(vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """(B, T, F), (B, T) -> (B, F): mean over what is valid; 0 where nothing is."""
    weights = mask[:, :, None].to(vectors.dtype)
    return (vectors * weights).sum(dim=1) / weights.sum(dim=1).clamp_min(1.0)


def masked_maximum(vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """(B, T, F), (B, T) -> (B, F): maximum over what is valid; 0 where nothing is."""
    lowest = torch.full_like(vectors, -1e4)
    highest = torch.where(mask[:, :, None], vectors, lowest).amax(dim=1)
    return highest * mask.any(dim=1, keepdim=True).to(vectors.dtype)
