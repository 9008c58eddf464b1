"""Volumes on another grid, and as a picture.

Enters: voxels (D, H, W) or (D, H, W, C). Leaves: the same, resampled, cut or filled up;
or three planes of one channel. numpy and scipy alone, since serving resamples as well.
"""

from __future__ import annotations

import numpy as np

from bedside.schema import Array

Size = tuple[int, int, int]

BLUR = 0.5
"""Standard deviation of the blur before shrinking, in source voxels per step beyond one."""


def resampled(values: Array, size: Size) -> Array:
    """Stretch to `size`; the same size is left alone, bit for bit.

    Linear between voxels whose outer faces coincide. Shrinking blurs first, so that thin
    structures do not alias. Linear interpolation never leaves the range of its input.

    Args:
        values: (D, H, W) or (D, H, W, C); uint8 stays uint8, all else becomes float32.
        size: (D, H, W).
    """
    if values.shape[:3] == size:
        return values
    if values.ndim == 4:
        channels = [resampled(values[..., c], size) for c in range(values.shape[3])]
        return np.stack(channels, axis=3)
    from scipy import ndimage

    factors = [want / have for want, have in zip(size, values.shape, strict=True)]
    smooth = values.astype(np.float32)
    sigma = [BLUR * max(0.0, 1 / factor - 1) for factor in factors]
    if any(sigma):
        smooth = ndimage.gaussian_filter(smooth, sigma, mode="nearest")
    found = ndimage.zoom(smooth, factors, order=1, mode="nearest", grid_mode=True)
    return np.rint(found).astype(np.uint8) if values.dtype == np.uint8 else found


def fitted(values: Array, size: Size) -> Array:
    """Cut to `size` about the middle; what is missing is filled with the lowest value."""
    for axis, want in enumerate(size):
        have = values.shape[axis]
        if have > want:
            start = (have - want) // 2
            values = np.take(values, range(start, start + want), axis=axis)
        elif have < want:
            before = (want - have) // 2
            around = [(0, 0)] * values.ndim
            around[axis] = (before, want - have - before)
            values = np.pad(values, around, constant_values=values.min())
    return values


def three_planes(values: Array) -> Array:
    """The middle axial, coronal and sagittal plane of (D, H, W) side by side, uint8.

    Head and front are up; the person's right, or in the sagittal plane the front, is on the left,
    as radiologists look at them.
    Grey runs from the 1st to the 99th percentile of the voxels.
    """
    low, high = np.percentile(values, (1, 99))
    if high <= low:
        low, high = float(values.min()), float(values.max())
    unit = np.clip((values.astype(np.float32) - low) / max(high - low, 1e-6), 0, 1)
    grey = np.rint(unit * 255).astype(np.uint8)
    depth, height, width = (side // 2 for side in grey.shape)
    # W runs to the person's right, H to the front
    planes = [grey[depth, ::-1, ::-1], grey[::-1, height, ::-1], grey[::-1, ::-1, width]]
    tallest = max(len(plane) for plane in planes)
    return np.concatenate([_filled_up(plane, tallest) for plane in planes], axis=1)


def _filled_up(plane: Array, height: int) -> Array:
    missing = height - len(plane)
    return np.pad(plane, ((missing // 2, missing - missing // 2), (0, 0)))
