"""The made-up body behind a chest X-ray: who has which shape, and where things lie.

Enters: a generator and a few attributes of the patient. Leaves: a `Body`, which
stays the same over all exams of a patient, a `Pose` for one exam, and the depth
of air and soft tissue along the ray through each point.

The chest frame: x to the viewer's right (the patient's left), y down, both
about -1..1 over the film; lengths are in units of half a film (about 18 cm).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bedside.schema import Array

View = Literal["PA", "AP"]
LUNG_APEX_X = 0.28
LUNG_MEDIAL_X = 0.06
NODULE_RADIUS = (0.055, 0.105)
NODULE_DENSITY = (0.6, 1.6)


@dataclass(frozen=True)
class Body:
    """One patient's anatomy in the chest frame.

    Args:
        width: half-width of the chest cavity.
        apex: y of the lung apices.
        dome: y of the right diaphragm dome; the left one lies `dome_gap` lower.
        dome_gap: how much lower the left dome lies.
        heart: scale of the heart, 1 = usual.
        heart_angle: tilt of the heart's long axis in radians.
        knob: radius of the aortic knob.
        fat: scale of the soft tissue around the cavity, 1 = usual.
        breast: thickness of the breast shadows, 0 without.
        rib_spacing: vertical distance of neighbouring ribs.
        rib_offset: y of the first rib at the spine.
        rib_drop: how far a rib descends from spine to side.
        bone: attenuation scale of bone, lower with age.
        clavicle_tilt: slope of the clavicles, rising outwards.
        scoliosis: sideways bend of the spine.
        bubble: size of the stomach's air bubble, 0 without.
        vessels: (V, 3) points x, y, radius along the vessels of both lungs.
    """

    width: float
    apex: float
    dome: float
    dome_gap: float
    heart: float
    heart_angle: float
    knob: float
    fat: float
    breast: float
    rib_spacing: float
    rib_offset: float
    rib_drop: float
    bone: float
    clavicle_tilt: float
    scoliosis: float
    bubble: float
    vessels: Array


@dataclass(frozen=True)
class Pose:
    """How the patient stood for one exam.

    Args:
        view: PA (standing, film in front) or AP (in bed: larger heart, higher diaphragm).
        angle: rotation in the film plane, radians.
        scale: magnification.
        shift: (x, y) of the chest's origin on the film.
        turn: rotation about the long axis; moves the mediastinum sideways.
        breath: rise of the diaphragm against full inspiration.
    """

    view: View
    angle: float
    scale: float
    shift: tuple[float, float]
    turn: float
    breath: float

    def to_chest(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Film coordinates -> chest frame."""
        x, y = (x - self.shift[0]) / self.scale, (y - self.shift[1]) / self.scale
        c, s = math.cos(self.angle), math.sin(self.angle)
        return c * x + s * y, c * y - s * x

    def to_film(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Chest frame -> film coordinates."""
        c, s = math.cos(self.angle), math.sin(self.angle)
        x, y = c * x - s * y, s * x + c * y
        return x * self.scale + self.shift[0], y * self.scale + self.shift[1]


@dataclass(frozen=True)
class Nodule:
    """A round, soft mass in a lung.

    Args:
        x, y: centre in the chest frame.
        radius: in units of half a film.
        density: attenuation through its middle.
    """

    x: float
    y: float
    radius: float
    density: float


def draw_body(rng: np.random.Generator, *, sex: str, age: int) -> Body:
    """Draw one patient's anatomy; sex and age shift its means a little."""
    female = sex == "F"
    old = (age - 55) / 30
    return Body(
        width=float(rng.normal(0.735 - 0.025 * female, 0.025)),
        apex=float(rng.normal(-0.75 + 0.02 * female, 0.025)),
        dome=float(rng.normal(0.46 - 0.02 * female, 0.035)),
        dome_gap=float(rng.uniform(0.02, 0.08)),
        heart=float(rng.normal(1.0 + 0.05 * old, 0.06)),
        heart_angle=float(rng.normal(0.62 - 0.08 * old, 0.08)),
        knob=float(np.clip(rng.normal(0.085 + 0.015 * old, 0.012), 0.05, 0.13)),
        fat=float(np.clip(rng.normal(1.0, 0.16), 0.65, 1.5)),
        breast=float(np.clip(rng.normal(0.58, 0.17), 0.2, 0.95)) * female,
        rib_spacing=float(rng.normal(0.156, 0.006)),
        rib_offset=float(rng.normal(-0.80, 0.03)),
        rib_drop=float(rng.normal(0.36, 0.035)),
        bone=float(np.clip(rng.normal(1.0 - 0.1 * old, 0.1), 0.7, 1.3)),
        clavicle_tilt=float(rng.normal(0.26, 0.06)),
        scoliosis=float(rng.normal(0.0, 0.018)),
        bubble=float(rng.uniform(0.05, 0.11)) * bool(rng.random() < 0.6),
        vessels=draw_vessels(rng),
    )


def draw_pose(rng: np.random.Generator, *, view: View) -> Pose:
    """Draw how a patient stood; AP films are rotated more and breathed less."""
    ap = view == "AP"
    spread = 1.6 if ap else 1.0
    return Pose(
        view=view,
        angle=float(rng.normal(0, 0.022 * spread)),
        scale=float(rng.normal(1.07 + 0.04 * ap, 0.03)),
        shift=(float(rng.normal(0, 0.025 * spread)), float(rng.normal(0.09, 0.03 * spread))),
        turn=float(rng.normal(0, 0.012 * spread)),
        breath=float(np.clip(rng.normal(0.03 + 0.08 * ap, 0.025), 0, 0.15)),
    )


def draw_vessels(rng: np.random.Generator) -> Array:
    """Grow both lungs' vessel trees outwards from the hila; (V, 3) x, y, radius.

    A generation is drawn at once: every branch wanders for `length`, tapers, and
    ends in two thinner branches.
    """
    x, y, angle, radius = _hilar_stems(rng)
    points = []
    for length in (0.17, 0.14, 0.11, 0.09, 0.08):
        steps = round(length / 0.012)
        wander = rng.normal(0, 0.10, (steps, x.size))
        heading = angle + np.cumsum(wander, axis=0)
        px = x + 0.012 * np.cumsum(np.cos(heading), axis=0)
        py = y + 0.012 * np.cumsum(np.sin(heading), axis=0)
        taper = radius * np.linspace(1, 0.78, steps)[:, None]
        points.append(np.stack([px, py, taper], axis=-1).reshape(-1, 3))
        fork = rng.uniform(0.12, 0.55, (2, x.size)) * np.array([[-1], [1]])
        share = rng.uniform(0.55, 0.95, (2, x.size))
        x, y = np.tile(px[-1], 2), np.tile(py[-1], 2)
        angle = (heading[-1] + fork).ravel()
        radius = (taper[-1] * share).ravel()
    return np.concatenate(points).astype(np.float32)


def draw_nodules(rng: np.random.Generator, body: Body) -> list[Nodule]:
    """Plant one or two nodules in aerated lung, clear of heart and borders, largest first.

    They stay visible in the worst pose: in bed, breathed out.
    """
    worst = Pose(view="AP", angle=0, scale=1, shift=(0, 0), turn=0, breath=0.15)
    x = rng.uniform(-0.72, 0.72, 400).astype(np.float32)
    y = rng.uniform(-0.70, 0.45, 400).astype(np.float32)
    rays = cast_rays(body, worst, x=x, y=y)
    free = (lung_depth(body, rays) > 0.75) & (heart_depth(body, worst, rays) < 0.01)
    free &= np.abs(x) - rays.medial > 0.10
    places = np.flatnonzero(free)[: 1 + int(rng.random() < 0.25)]
    radii = np.sort(rng.uniform(*NODULE_RADIUS, places.size))[::-1]
    faint, dense = (math.log(density) for density in NODULE_DENSITY)
    densities = np.exp(rng.uniform(faint, dense, places.size))
    return [
        Nodule(x=float(x[p]), y=float(y[p]), radius=float(r), density=float(d))
        for p, r, d in zip(places, radii, densities, strict=True)
    ]


def _hilar_stems(rng: np.random.Generator) -> tuple[Array, Array, Array, Array]:
    """Starts, directions and radii of the large vessels; the left hilum lies higher."""
    fan = np.deg2rad([-78, -55, -30, -5, 18, 38, 56, 72, 84])
    fan = np.concatenate([fan + rng.normal(0, 0.09, fan.size) for _ in range(2)])
    right = np.arange(fan.size) < fan.size // 2
    down = np.sin(fan)
    x = np.where(right, -0.15, 0.16) + rng.normal(0, 0.015, fan.size)
    y = np.where(right, -0.01, -0.05) + 0.07 * down + rng.normal(0, 0.015, fan.size)
    radius = 0.0175 + 0.006 * down + rng.uniform(-0.003, 0.003, fan.size)
    return x, y, np.where(right, np.pi - fan, fan), radius


@dataclass(frozen=True)
class Rays:
    """Points of the chest frame, with the chest's borders there, all of one shape.

    Args:
        x, y: the points.
        lateral, medial: a lung's outer and inner border at each y, as distance
            from the midline.
        floor: y of the diaphragm at each x.
    """

    x: Array
    y: Array
    lateral: Array
    medial: Array
    floor: Array


def cast_rays(body: Body, pose: Pose, *, x: Array, y: Array) -> Rays:
    """Look the chest's borders up at points of the chest frame, float32."""
    t = np.clip((_STEPS - body.apex) / 1.15, 1e-6, 1)
    opening = 1 - (1 - t) ** 2.6
    lateral = LUNG_APEX_X + (body.width - LUNG_APEX_X) * opening**0.5
    medial = LUNG_APEX_X - (LUNG_APEX_X - LUNG_MEDIAL_X) * opening**0.33
    row = ((y + 2) * 1024).astype(np.intp).clip(0, _STEPS.size - 1)
    column = ((x + 2) * 1024).astype(np.intp).clip(0, _STEPS.size - 1)
    floor = _diaphragm(body, pose)
    return Rays(x, y, lateral[row], medial[row], floor[column])


_STEPS = np.linspace(-2, 2, 4096, dtype=np.float32)
"""Borders are computed on a fine ruler, then looked up: far cheaper than over the film."""


def _diaphragm(body: Body, pose: Pose) -> Array:
    """Y of the two domes, falling to the costophrenic angles, along the ruler."""
    left = np.clip(_STEPS / 0.1 + 0.5, 0, 1)
    peak = np.where(left > 0.5, 0.30, -0.27).astype(np.float32)
    outward = np.where(left > 0.5, _STEPS - peak, peak - _STEPS)
    lateral = np.clip(outward / (body.width - np.abs(peak)), 0, 1.15)
    inward = np.clip(-outward / 0.30, 0, 1)
    fall = 0.09 * lateral**2 + 0.20 * lateral**5 + 0.07 * inward**2
    floor: Array = body.dome + body.dome_gap * left - pose.breath + fall
    return floor


def lung_depth(body: Body, rays: Rays) -> Array:
    """Depth of aerated lung along the ray, 0 outside to about 1 in mid-lung."""
    ax = np.abs(rays.x - body.scoliosis * 0.5)
    below = rays.floor - rays.y
    # Behind the dome some lung reaches deeper, so a little air shows below it.
    base = 0.9 * _edge(below, 0.06) + 0.1 * _edge(below + 0.10, 0.16)
    depth: Array = _edge(rays.lateral - ax, 0.30) * _edge(ax - rays.medial, 0.10) * base
    return depth


def _edge(distance: Array, radius: float) -> Array:
    """Depth under a rounded edge: 0 at the border, 1 from `radius` inwards."""
    inside = 1 - np.clip(distance / radius, 0, 1)
    depth: Array = np.sqrt(1 - inside * inside)
    return depth


def heart_depth(body: Body, pose: Pose, rays: Rays) -> Array:
    """Depth of heart and great vessels along the ray, 0 outside to about 1."""
    size = body.heart * (1.14 if pose.view == "AP" else 1.0)
    x = rays.x - (pose.turn + 0.5 * body.scoliosis)
    y = rays.y + 0.6 * pose.breath
    ventricle = _ellipse(x - 0.155, y - 0.28, (0.345 * size, 0.235 * size), body.heart_angle)
    atrium = _ellipse(x + 0.045, y - 0.24, (0.235 * size, 0.14 * size), 1.42)
    trunk = _ellipse(x - 0.085, y + 0.05, (0.20, 0.10), 1.25)
    knob = _ellipse(x - 0.07, y + 0.27, (body.knob * 1.15, body.knob), 1.2)
    great = _ellipse(x + 0.01, y + 0.26, (0.42, 0.115), np.pi / 2)
    base = _ellipse(x - 0.05, y - 0.42, (0.23, 0.15), 0.0)
    deepest = np.maximum(np.maximum(ventricle, 0.95 * atrium), np.maximum(0.75 * trunk, 0.8 * base))
    return np.maximum(deepest, np.maximum(0.7 * knob, 0.62 * great))


def _ellipse(x: Array, y: Array, axes: tuple[float, float], angle: float) -> Array:
    """Depth of a flattened ellipsoid: steep at the rim, level in the middle."""
    c, s = math.cos(angle), math.sin(angle)
    u, v = (c / axes[0]) * x + (s / axes[0]) * y, (c / axes[1]) * y - (s / axes[1]) * x
    inside = np.maximum(1 - u * u - v * v, 0)
    depth: Array = np.sqrt(np.sqrt(inside) * np.minimum(inside * 2, 1))
    return depth
