"""Bones of the made-up chest: ribs, clavicles, spine and shoulder blades.

Enters: a `Body`, a `Pose` and points of the chest frame. Leaves: the length of
bone that the ray through each point crosses, as attenuation.
"""

from __future__ import annotations

import numpy as np

from bedside.data.synthetic.anatomy import Body, Pose, Rays
from bedside.schema import Array

RIBS = 10


def bone_attenuation(body: Body, pose: Pose, rays: Rays) -> Array:
    """All bones together, in units of attenuation."""
    bones = 0.30 * ribs(body, rays)
    bones += 0.52 * clavicles(body, pose, rays)
    bones += 0.62 * spine(body, rays)
    bones += 0.30 * shoulders(body, pose, rays)
    return body.bone * bones


def ribs(body: Body, rays: Rays) -> Array:
    """Posterior arcs over the whole cage and, fainter and steeper, the anterior ones.

    All ribs of one kind come from one expression: the rib number at a point is
    how far its arc, followed back to the spine, starts below the first one.
    """
    x, y = rays.x, rays.y
    wall = rays.lateral + 0.035
    ax = np.abs(x - body.scoliosis)
    across = np.minimum(ax / wall, 1)
    bend = np.sqrt(1 - across * across)
    inside = np.clip((wall - ax) / 0.02, 0, 1)
    drop = body.rib_drop
    posterior = y - drop * (1 - bend) - 0.06 * across - body.rib_offset
    behind = _tube(posterior / body.rib_spacing, 0.23, count=RIBS)
    behind *= np.clip((ax - 0.05) / 0.05, 0, 1) * (0.8 + 0.2 * across)
    # In front a rib goes on from the side, downwards to its cartilage, where it fades.
    front = y - drop - 0.46 * bend - (0.06 + body.rib_offset)
    ahead = _tube(front / body.rib_spacing, 0.27, count=RIBS - 3)
    ahead *= np.clip((across - 0.40) / 0.14, 0, 1)
    return inside * (behind + 0.72 * ahead)


def _tube(phase: Array, radius: float, *, count: int) -> Array:
    """Bone along the ray through hollow rods lying at each whole number of `phase`."""
    nearest = np.clip(np.rint(phase), 0, count - 1)
    across = (phase - nearest) / radius
    return _shell(across * across)


def _shell(squared: Array) -> Array:
    """Path through a rod's cortex and, thinner, its marrow; 0 outside, rim brightest."""
    outer = np.sqrt(np.clip(1 - squared, 0, 1))
    inner = np.sqrt(np.clip(0.66 - squared, 0, 1))
    path: Array = 1.25 * outer - 0.62 * inner
    return path


def clavicles(body: Body, pose: Pose, rays: Rays) -> Array:
    """Two S-shaped rods from the breast bone up to the shoulders."""
    ax = np.abs(rays.x - 1.6 * pose.turn)
    tilt = body.clavicle_tilt * (0.45 if pose.view == "AP" else 1.0)
    along = np.clip((ax - 0.07) / 0.72, 0, 1)
    centre = body.apex + 0.275 - tilt * along
    centre = centre + 0.045 * np.sin(2 * np.pi * along)
    thick = 0.039 + 0.016 * (1 - along) ** 3
    rod = _shell(((rays.y - centre) / thick) ** 2)
    return rod * np.clip((ax - 0.055) / 0.03, 0, 1) * np.clip((0.86 - ax) / 0.05, 0, 1)


def spine(body: Body, rays: Rays) -> Array:
    """Vertebral bodies with darker discs, pedicles and spinous processes."""
    y = rays.y
    x = rays.x - body.scoliosis * np.sin(2.2 * y)
    across = np.clip(1 - (x / 0.098) ** 2, 0, 1) ** 0.35
    phase = (y - body.rib_offset) / (body.rib_spacing * 0.98)
    level = phase - np.rint(phase)
    squared = level * level
    bodies = across * (0.62 + 0.38 * np.clip((0.42 - np.abs(level)) / 0.08, 0, 1))
    ax = np.abs(x)
    pedicle = np.exp(-(((ax - 0.062) / 0.017) ** 2) - squared / 0.018)
    process = np.exp(-((x / 0.014) ** 2) - (level - 0.25) ** 2 / 0.03)
    sides = np.clip(1 - ((ax - 0.12) / 0.06) ** 2, 0, 1) * np.exp(-squared / 0.03)
    return bodies + 0.22 * pedicle + 0.22 * process + 0.25 * sides


def shoulders(body: Body, pose: Pose, rays: Rays) -> Array:
    """Blades (turned out of the lungs on PA films, over them on AP) and arm heads."""
    ax, y = np.abs(rays.x - pose.turn), rays.y
    over = 0.16 if pose.view == "AP" else 0.035
    top = body.apex + 0.08
    # The blade's inner border runs obliquely down and out to its lower angle.
    inner = rays.lateral - over + 0.25 * np.clip(y - top - 0.45, 0, 1)
    blade = _rise(ax - inner, 0.03) * _rise(top + 0.78 - y - 0.9 * (ax - inner), 0.05)
    blade *= _rise(y - top + 0.25 * (ax - 0.5), 0.05)
    rim = blade * np.exp(-(((ax - inner - 0.02) / 0.022) ** 2))
    head = np.clip(1 - ((ax - 1.0) / 0.15) ** 2 - ((y - top - 0.05) / 0.16) ** 2, 0, 1)
    return 0.45 * blade + 0.5 * rim + 1.5 * np.sqrt(head)


def _rise(distance: Array, width: float) -> Array:
    """A soft step from 0 to 1 over `width`."""
    return np.clip(distance / width + 0.5, 0, 1)
