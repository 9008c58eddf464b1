"""The radiograph of a made-up chest, before any film: attenuation along each ray.

Enters: a `Body`, a `Pose` and nodules. Leaves: attenuation (H, W), the sum over all
that the ray crosses; by the Beer-Lambert law intensity falls with its exponential.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from bedside.data.synthetic.anatomy import (
    Body,
    Nodule,
    Pose,
    Rays,
    cast_rays,
    heart_depth,
    lung_depth,
)
from bedside.data.synthetic.film import film_grid
from bedside.data.synthetic.skeleton import bone_attenuation
from bedside.schema import Array

REFERENCE_SIZE = 128
# Tuned by eye, so that lungs, ribs and vessels stand to each other as on real films.
CHEST_DEPTH = 3.4
AIR = 2.1
VESSEL = 420.0


def attenuation(body: Body, pose: Pose, nodules: list[Nodule], *, size: int) -> Array:
    """Attenuation along the ray through each pixel, (H, W) float32."""
    x, y = pose.to_chest(*film_grid(size))
    rays = cast_rays(body, pose, x=x, y=y)
    lung = lung_depth(body, rays)
    heart = heart_depth(body, pose, rays)
    air = AIR * lung * (1 - np.clip(0.93 * heart, 0, 1))
    total = soft_tissue(body, pose, rays)
    total -= air
    total -= airways(body, x, y)
    total += 0.55 * heart
    total += bone_attenuation(body, pose, rays)
    # Vessels show against air only; behind the heart they fade with it.
    total += np.minimum(air, 1) * vessels(body, pose, size=size)
    for nodule in nodules:
        total += nodule_attenuation(nodule, x, y)
    return np.maximum(total, 0)


def soft_tissue(body: Body, pose: Pose, rays: Rays) -> Array:
    """Trunk, neck, shoulders and breasts, as if there were no air in the lungs."""
    x, y = rays.x, rays.y
    ax = np.abs(x)
    fat = 0.10 + 0.08 * body.fat
    shoulder = np.clip((y - body.apex + 0.30 - 0.42 * (ax - 0.25)) / 0.30, 0, 1)
    trunk = np.maximum(rays.lateral, 0.62) + fat + 0.42 * np.clip((0.05 - y) / 0.9, 0, 1)
    across = np.clip(1 - (ax / trunk) ** 2, 0, 1)
    neck = np.clip(1 - (ax / 0.27) ** 2, 0, 1)
    depth = np.sqrt(across) * np.sqrt(shoulder)
    depth = np.maximum(depth, 0.72 * np.sqrt(neck))
    total: Array = CHEST_DEPTH * (0.93 + 0.07 * body.fat) * depth
    below = np.clip((y - rays.floor) / 0.5, 0, 1)
    total += 0.5 * below * depth
    if body.bubble:
        gas = 1 - ((x - 0.30) / (1.5 * body.bubble)) ** 2
        dome = body.dome + body.dome_gap - pose.breath + 0.035 + body.bubble
        gas = gas - ((y - dome) / body.bubble) ** 2
        total -= 0.75 * np.sqrt(np.clip(gas, 0, 1))
    if body.breast:
        total += body.breast * breasts(body, ax, y)
    return total


def breasts(body: Body, ax: Array, y: Array) -> Array:
    """Two shadows with a sharp curved lower border that fade upwards."""
    u = (ax - 0.47) / 0.36
    v = (y - 0.20) / (0.27 + 0.15 * body.breast)
    inside = np.clip(1 - u * u - v * v, 0, 1)
    return np.sqrt(inside) * np.clip(0.75 + 0.6 * v, 0.1, 1.2)


def airways(body: Body, x: Array, y: Array) -> Array:
    """Air in windpipe and main bronchi."""
    x = x - 0.4 * body.scoliosis
    carina = -0.17
    pipe = np.clip(1 - ((x + 0.005) / 0.05) ** 2, 0, 1) * np.clip((carina - y) / 0.05, 0, 1)
    below = y - carina
    reach = np.clip(below / 0.02 + 1, 0, 1) * np.clip((0.13 - below) / 0.05, 0, 1)
    right = np.clip(1 - ((x + 0.02 + 0.65 * below) / 0.032) ** 2, 0, 1)
    left = np.clip(1 - ((x - 0.02 - 1.0 * below) / 0.032) ** 2, 0, 1)
    return 0.75 * np.sqrt(pipe) + 0.5 * reach * np.sqrt(np.maximum(right, left))


def vessels(body: Body, pose: Pose, *, size: int) -> Array:
    """Attenuation of the lung vessels, drawn at three widths, (H, W)."""
    x, y = pose.to_film(body.vessels[:, 0], body.vessels[:, 1])
    radius = body.vessels[:, 2] * pose.scale
    total = np.zeros((size, size), np.float32)
    for low, high in ((0.0, 0.006), (0.006, 0.011), (0.011, 1.0)):
        of_width = (radius >= low) & (radius < high)
        if not of_width.any():
            continue
        r = radius[of_width]
        drawn = _splat(x[of_width], y[of_width], VESSEL * r**1.6, size=size)
        total += gaussian_filter(drawn, float(np.mean(r)) * size / 3, truncate=3)
    return total


def _splat(x: Array, y: Array, mass: Array, *, size: int) -> Array:
    """Spread each point's mass over its four pixels, per pixel area, (H, W)."""
    row, column = (y + 1) * size / 2 - 0.5, (x + 1) * size / 2 - 0.5
    inside = (row >= 0) & (column >= 0) & (row < size - 1) & (column < size - 1)
    row, column, mass = row[inside], column[inside], mass[inside] * (size / REFERENCE_SIZE) ** 2
    top, left = row.astype(np.intp), column.astype(np.intp)
    down, right = row - top, column - left
    cell = top * size + left
    cells = np.concatenate([cell, cell + 1, cell + size, cell + size + 1])
    parts = [(1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right]
    weights = np.concatenate([mass * part for part in parts])
    return np.bincount(cells, weights, size * size).reshape(size, size).astype(np.float32)


def nodule_attenuation(nodule: Nodule, x: Array, y: Array) -> Array:
    """A ball with a soft rim."""
    squared = ((x - nodule.x) ** 2 + (y - nodule.y) ** 2) / nodule.radius**2
    return nodule.density * np.clip(1 - squared, 0, 1) ** 0.75
