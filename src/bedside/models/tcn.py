"""A temporal convolution network: each step sees a window of the past that doubles by layer.

Bai, Kolter and Koltun 2018 (arXiv:1803.01271), narrow, without weight norm.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional

from bedside.models.features import Encoder, Features
from bedside.models.history import (
    beside,
    beside_width,
    centred,
    check_history,
    last_valid,
    step_by_step,
)

WIDTH = 32
KERNEL = 3
DROPOUT = 0.1


class Block(nn.Module):
    """One dilated convolution that looks back only, and a shortcut; (B, C, T) -> (B, F, T)."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.reach = (KERNEL - 1) * dilation
        self.convolution = nn.Conv1d(channels, WIDTH, KERNEL, dilation=dilation)
        self.shortcut = nn.Conv1d(channels, WIDTH, 1)

    def forward(self, signal: torch.Tensor) -> torch.Tensor:
        """Add what the convolution finds to what came in."""
        found = self.convolution(functional.pad(signal, (self.reach, 0)))
        added: torch.Tensor = functional.gelu(found) + self.shortcut(signal)
        return added


class Tcn(Encoder):
    """Blocks of 32 channels with dilations 1, 2, 4, ... until the last step sees all."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(shapes)
        channels, steps = check_history("tcn", shapes)
        planned = shapes["ahead"][0] if "ahead" in shapes else 0
        channels += planned
        blocks, seen, dilation = [], 1, 1
        while seen < steps:
            blocks.append(Block(channels, dilation))
            seen += (KERNEL - 1) * dilation
            channels, dilation = WIDTH, 2 * dilation
        self.blocks = nn.Sequential(*blocks)
        self.dropout = nn.Dropout(DROPOUT)
        self.width = WIDTH + beside_width(shapes, past=False)

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        """The arrays of a signal -> pooled (B, F), tokens (B, T, 32)."""
        history, level = centred(arrays["values"], arrays.get("mask"))
        history = step_by_step(arrays, history)
        tokens = self.blocks(history).transpose(1, 2)
        last = self.dropout(last_valid(tokens, arrays.get("mask")))
        return Features(
            torch.cat([last, *beside(arrays, level, past=False)], dim=1),
            tokens=tokens,
            mask=arrays.get("mask"),
        )
