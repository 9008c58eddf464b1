"""Fusion: the features of several inputs become one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from bedside.models.features import Features, Fusion

if TYPE_CHECKING:
    from collections.abc import Sequence


class Concat(Fusion):
    """Pooled vectors side by side; a single input passes through whole."""

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__(widths)
        self.width = sum(widths)

    def forward(self, features: list[Features]) -> Features:
        """Concatenate (B, F1), (B, F2), ... to (B, F1 + F2 + ...)."""
        if len(features) == 1:
            return features[0]
        return Features(torch.cat([one.pooled for one in features], dim=1))
