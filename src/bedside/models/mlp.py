"""Dense layers on the columns of a table, beside the columns themselves.

After Cheng 2016 (arXiv:1606.07792), wide and deep: the head sees the standardised columns as a
logistic regression does, and what two dense layers make of them. Of few hundred cases the
straight line is most of what can be learnt.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from bedside.errors import StudyError, sentence
from bedside.models.features import Encoder, Features

WIDTH = 64
LAYERS = 2
DROPOUT = 0.3
FARTHEST = 8.0
"""Standard deviations: what lies farther out counts as if it lay there."""


class Mlp(Encoder):
    """Two dense layers of 64 with dropout, and all columns past them."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(shapes)
        shape = shapes["values"]
        if len(shape) != 1:
            raise StudyError(
                sentence(
                    "encoder 'mlp'",
                    expected="a table, one row of numbers a case",
                    got=f"an array of shape {shape}",
                    remedy="Choose another encoder for this input",
                )
            )
        width = shape[0]
        layers: list[nn.Module] = []
        for _ in range(LAYERS):
            layers += [nn.Linear(width, WIDTH), nn.GELU(), nn.Dropout(DROPOUT)]
            width = WIDTH
        self.layers = nn.Sequential(*layers)
        self.width = WIDTH + shape[0]

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """``values`` (B, F) -> pooled (B, 64 + F)."""
        columns = arrays["values"].clamp(-FARTHEST, FARTHEST)
        return Features(torch.cat([self.layers(columns), columns], dim=1))
