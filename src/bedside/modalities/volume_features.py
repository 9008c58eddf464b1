"""Hand-made features of volumes, for the classical peers of a network.

Enters: prepared volumes (B, C, D, H, W). Leaves: (B, F) float32, always finite, F fixed
by C alone: intensity, edges, extent and shape of what is bright, and a coarse layout.
"""

from __future__ import annotations

import numpy as np

from bedside.modalities.volume_grid import resampled
from bedside.schema import Array

PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
LAYOUT = (6, 6, 6)


def describe_volumes(values: Array) -> Array:
    """Describe a batch (B, C, D, H, W) by (B, F) float32 features."""
    return np.stack([_describe_one(volume) for volume in values])


def _describe_one(volume: Array) -> Array:
    parts: list[Array] = []
    for channel in volume.astype(np.float32):
        parts += [_intensity(channel), _edges(channel), _extent(channel)]
        parts.append(resampled(channel, LAYOUT).reshape(-1))
    return np.asarray(np.nan_to_num(np.concatenate(parts)), dtype=np.float32)


def _intensity(channel: Array) -> Array:
    """Mean, deviation, skewness, excess kurtosis and percentiles."""
    mean, std = float(channel.mean(dtype=np.float64)), float(channel.std(dtype=np.float64))
    z = (channel - mean) / max(std, 1e-6)
    moments = [mean, std, float((z**3).mean()), float((z**4).mean()) - 3]
    return np.array([*moments, *np.percentile(channel, PERCENTILES)])


def _edges(channel: Array) -> Array:
    """Mean size of the gradient along each axis, and its spread."""
    found = [np.abs(np.diff(channel, axis=axis)) for axis in range(3)]
    return np.array([*(f.mean() for f in found), *(f.std() for f in found)])


def _extent(channel: Array) -> Array:
    """Of what lies above the middle of the range: share, centre, axes and surface.

    The axes are the standard deviations along the principal directions, longest first;
    the surface is the share of neighbouring voxels of which one alone is bright.
    """
    low, high = float(channel.min()), float(channel.max())
    bright = channel > (low + high) / 2
    if not bright.any():
        return np.zeros(10)
    sides = np.array(channel.shape)
    places = np.argwhere(bright) / sides
    centre = places.mean(axis=0)
    spread = np.cov((places - centre).T, bias=True) if len(places) > 1 else np.zeros((3, 3))
    axes = np.sqrt(np.maximum(np.linalg.eigvalsh(spread)[::-1], 0))
    surface = [float((np.diff(bright.astype(np.int8), axis=a) != 0).mean()) for a in range(3)]
    return np.array([bright.mean(), *centre, *axes, *surface])
