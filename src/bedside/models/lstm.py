"""The recurrent network of many tutorials: two layers of 64, the last step read out.

Hochreiter and Schmidhuber 1997 (10.1162/neco.1997.9.8.1735). The window is seen from
its last value, without which the network must first learn to copy a level.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from bedside.models.features import Encoder, Features
from bedside.models.history import (
    beside,
    beside_width,
    centred,
    check_history,
    last_valid,
    step_by_step,
)

WIDTH = 64
LAYERS = 2


class Lstm(Encoder):
    """Two LSTM layers of 64 over the history; beside it the level, what is planned and the clock.

    Padding, where there is a ``mask`` (B, T), stands at the end: it is run through and
    the last valid step is read, which exports with a free batch axis.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(shapes)
        channels, _ = check_history("lstm", shapes)
        planned = shapes["ahead"][0] if "ahead" in shapes else 0
        self.layers = nn.LSTM(channels + planned, WIDTH, num_layers=LAYERS, batch_first=True)
        self.width = WIDTH + beside_width(shapes, past=False)

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """The arrays of a signal -> pooled (B, F), tokens (B, T, 64)."""
        history, level = centred(arrays["values"], arrays.get("mask"))
        history = step_by_step(arrays, history)
        tokens, _ = self.layers(history.transpose(1, 2))
        last = last_valid(tokens, arrays.get("mask"))
        return Features(
            torch.cat([last, *beside(arrays, level, past=False)], dim=1),
            tokens=tokens,
            mask=arrays.get("mask"),
        )
