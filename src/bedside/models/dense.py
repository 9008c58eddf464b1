"""Dense layers on the history: for short histories and few patients hard to beat.

A window of some hours is a few dozen numbers, of which all matter at once; there is
little for a recurrence or a convolution to share.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from bedside.models.features import Encoder, Features
from bedside.models.history import beside, beside_width, centred, check_history

WIDTH = 128
LAYERS = 2
DROPOUT = 0.1


class Dense(Encoder):
    """Two dense layers of 128 on the history, its level, what is planned and the time of day."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(shapes)
        channels, steps = check_history("dense", shapes)
        width = channels * steps + beside_width(shapes, past=True)
        layers: list[nn.Module] = []
        for _ in range(LAYERS):
            layers += [nn.Linear(width, WIDTH), nn.GELU(), nn.Dropout(DROPOUT)]
            width = WIDTH
        self.layers = nn.Sequential(*layers)
        self.width = WIDTH

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """The arrays of a signal -> pooled (B, 128)."""
        history, level = centred(arrays["values"])
        seen = [history.flatten(1), *beside(arrays, level, past=True)]
        return Features(self.layers(torch.cat(seen, dim=1)))
