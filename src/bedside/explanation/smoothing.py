"""Gaussian smoothing of maps of any number of axes, as a convolution along one after another."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

REACH = 3.0
"""Standard deviations after which a weight counts as nothing."""


def smoothed(maps: torch.Tensor, widths: Sequence[float]) -> torch.Tensor:
    """(B, C, ...) smoothed over its last axes; beyond an edge stands its last value.

    Args:
        maps: to smooth.
        widths: standard deviation in elements, one for each of the last axes; 0 leaves it.
    """
    first = maps.ndim - len(widths)
    for axis, width in enumerate(widths, start=first):
        if width > 0:
            maps = _along(maps, axis, width)
    return maps


def _along(maps: torch.Tensor, axis: int, width: float) -> torch.Tensor:
    reach = max(1, math.ceil(REACH * width))
    places = torch.arange(-reach, reach + 1, dtype=maps.dtype, device=maps.device)
    weights = torch.exp(-0.5 * (places / width) ** 2)
    moved = maps.movedim(axis, -1)
    lines = moved.reshape(-1, 1, moved.shape[-1])
    padded = functional.pad(lines, (reach, reach), mode="replicate")
    found = functional.conv1d(padded, (weights / weights.sum())[None, None])
    return found.reshape(moved.shape).movedim(-1, axis)
