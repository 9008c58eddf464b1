"""Fusion: the features of several inputs become one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from bedside.models.features import Features, Fusion

if TYPE_CHECKING:
    from collections.abc import Sequence


class Concat(Fusion):
    """Pooled vectors side by side, tokens one behind the other; a single input passes whole."""

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__(widths)
        self.width = sum(widths)

    def forward(self, features: list[Features]) -> Features:
        """Concatenate (B, F1), (B, F2), ... to (B, F1 + F2 + ...)."""
        if len(features) == 1:
            return features[0]
        pooled = torch.cat([one.pooled for one in features], dim=1)
        whole = [one for one in features if one.tokens is not None and one.mask is not None]
        if len({one.tokens.shape[2] for one in whole if one.tokens is not None}) != 1:
            return Features(pooled)
        tokens = torch.cat([one.tokens for one in whole if one.tokens is not None], dim=1)
        mask = torch.cat([one.mask for one in whole if one.mask is not None], dim=1)
        return Features(pooled, tokens=tokens, mask=mask)
