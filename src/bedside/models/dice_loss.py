"""What outlines are taught by: their overlap with the truth, and the surprise at every voxel."""

from __future__ import annotations

import torch
from torch.nn import functional

SMOOTH = 1e-5
"""Keeps the overlap of two empty outlines defined."""


def dice_and_surprise(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """One minus soft Dice, the mean over structures, plus cross-entropy; a scalar.

    Overlaps are summed over the batch, so that a patch without a structure teaches nothing
    wrong about it.

    Args:
        logits: (B, K + 1, D, H, W) float32, background first.
        labels: (B, D, H, W) whole numbers, 0 to K.
    """
    labels = labels.long()
    surprise = functional.cross_entropy(logits, labels)
    axes = (0, 2, 3, 4)
    probability = torch.softmax(logits, dim=1)
    truth = functional.one_hot(labels, logits.shape[1]).movedim(-1, 1).to(probability.dtype)
    both = (probability * truth).sum(dim=axes)
    sizes = probability.sum(dim=axes) + truth.sum(dim=axes)
    dice = (2 * both + SMOOTH) / (sizes + SMOOTH)
    loss: torch.Tensor = 1 - dice[1:].mean() + surprise
    return loss
