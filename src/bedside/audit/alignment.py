"""Lay one picture on another by a small scale and shift.

Enters: pairs of small grey pictures (P, S, S). Leaves: settings (P, 4) of the window of
the one that looks like the other: scale down and across minus 1, shift down and across
in half-sides.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from bedside.schema import Array

STEPS = 8
FURTHEST = 0.12
"""Largest scale (as a share) and shift (in half-sides): a twentieth cut from every edge."""
BLUR = 32
"""The alignment looks at pictures blurred by this part of a side, so that it finds its way."""


def align(moving: Array, fixed: Array, *, start: Array) -> Array:
    """Find the window of each moving picture that looks like the fixed one.

    Gauss-Newton on the difference of the normalised pictures, all pairs at once.
    Brightness and contrast drop out. Source: Lucas and Kanade 1981; Baker and Matthews
    2004, doi:10.1023/B:VISI.0000011205.11775.fd.

    Args:
        moving: (P, S, S) float32, of which a window is sought.
        fixed: (P, S, S) float32.
        start: (P, 4) settings to begin with.

    Returns:
        (P, 4) float32 settings.
    """
    side = moving.shape[1]
    blur, edge = side / BLUR, 2 * side // BLUR
    inner = slice(edge, side - edge)  # beyond, the blur of a crop saw other surroundings
    moving = gaussian_filter(moving, (0, blur, blur))
    wanted = _flat(normalised(gaussian_filter(fixed, (0, blur, blur))[:, inner, inner]))
    slopes = np.gradient(moving, axis=(1, 2))
    grid = _grid(side)[inner]
    settings = start.astype(np.float32)
    for _ in range(STEPS):
        window = warp(moving, settings)[:, inner, inner]
        spread = window.std(axis=(1, 2))[:, None, None] + 1e-6
        shown = _flat(normalised(window))
        down, across = (warp(s, settings)[:, inner, inner] * (side / 2) / spread for s in slopes)
        moves = (down * grid[:, None], across * grid, down, across)
        jacobian = np.concatenate([_flat(move) for move in moves], axis=1)
        jacobian -= jacobian.mean(axis=2, keepdims=True)  # normalising takes out brightness
        jacobian -= (jacobian * shown).mean(axis=2, keepdims=True) * shown  # and contrast
        system = jacobian @ jacobian.transpose(0, 2, 1) + side * np.eye(4)
        step = np.linalg.solve(system, jacobian @ (wanted - shown).transpose(0, 2, 1))[..., 0]
        settings = np.clip(settings + step, -FURTHEST, FURTHEST).astype(np.float32)
    return settings


def warp(pictures: Array, settings: Array) -> Array:
    """Show the window (P, 4) of each picture (P, S, S) at full size, bilinearly."""
    side = pictures.shape[1]
    middle, half, grid = (side - 1) / 2, side / 2, _grid(side)
    down = ((1 + settings[:, :1]) * grid + settings[:, 2:3]) * half + middle
    across = ((1 + settings[:, 1:2]) * grid + settings[:, 3:4]) * half + middle
    # Scale and shift treat rows and columns apart: two small products instead of a look-up.
    rows, columns = _weights(down, side), _weights(across, side)
    return np.asarray(rows @ pictures.astype(np.float32) @ columns.transpose(0, 2, 1))


def normalised(pictures: Array) -> Array:
    """Each picture (P, S, S) with mean 0 and deviation 1; a flat one stays flat."""
    centred = pictures - pictures.mean(axis=(1, 2), keepdims=True)
    return np.asarray(centred / (centred.std(axis=(1, 2), keepdims=True) + 1e-6))


def _weights(places: Array, side: int) -> Array:
    """(P, S) places between pixels -> (P, S, S) weights; past the edge the edge goes on."""
    places = np.clip(places, 0, side - 1)[..., None]
    near = 1 - np.abs(places - np.arange(side, dtype=np.float32))
    return np.asarray(np.maximum(near, 0), dtype=np.float32)


def _flat(pictures: Array) -> Array:
    return np.asarray(pictures.reshape(len(pictures), 1, -1))


def _grid(side: int) -> Array:
    """Pixel centres from -1 to 1."""
    return np.asarray((np.arange(side) + 0.5) * 2 / side - 1, dtype=np.float32)
