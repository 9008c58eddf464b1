"""No layers at all: the features are the inputs, so that head and skip make a linear model."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from bedside.models.features import Encoder, Features
from bedside.models.history import beside, beside_width, centred, check_history


class Linear(Encoder):
    """History, level, planned amounts and time of day, side by side."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(shapes)
        channels, steps = check_history("linear", shapes)
        self.width = channels * steps + beside_width(shapes, past=True)

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """The arrays of a signal -> pooled (B, F)."""
        history, level = centred(arrays["values"])
        seen = [history.flatten(1), *beside(arrays, level, past=True)]
        return Features(torch.cat(seen, dim=1))
