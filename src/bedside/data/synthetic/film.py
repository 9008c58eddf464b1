"""The film a made-up chest falls on: beam, scatter, noise, display curve, edges and marker.

Enters: attenuation along each ray (H, W) and a hospital's `Film`. Leaves: the
displayed picture, uint8, bright where the body is dense, as radiologists read it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, uniform_filter

from bedside.schema import Array


@dataclass(frozen=True)
class Film:
    """What a hospital's equipment does to every picture.

    Args:
        dose: quanta per ray in open air; noise falls with its root.
        scatter: share of scattered radiation.
        blur: focal blur in half-films.
        window: percentiles of attenuation shown black and white.
        gamma: curve of the display, above 1 darkens.
        sharpen: strength of the edge enhancement.
        heel: fall of intensity from one side to the other.
        border: (least, most) width of the collimated edge, in half-films.
        border_grey: grey of that edge, 0..1.
        marker: (x, y) of the side marker's lower left corner, in half-films.
        marker_grey: grey of the side marker, 0..1.
    """

    dose: float
    scatter: float
    blur: float
    window: tuple[float, float]
    gamma: float
    sharpen: float
    heel: float
    border: tuple[float, float]
    border_grey: float
    marker: tuple[float, float]
    marker_grey: float


def film_grid(size: int) -> tuple[Array, Array]:
    """Film coordinates of the pixel centres: x (1, W) and y (H, 1), -1..1."""
    steps = ((np.arange(size) + 0.5) * 2 / size - 1).astype(np.float32)
    return steps[None, :], steps[:, None]


def to_pixels(x: float, y: float, *, size: int) -> tuple[float, float]:
    """Film coordinates -> (row, column), pixel centres at whole numbers."""
    return (y + 1) * size / 2 - 0.5, (x + 1) * size / 2 - 0.5


def expose(total: Array, film: Film, rng: np.random.Generator) -> Array:
    """Expose a film.

    Args:
        total: (H, W) float32, attenuation along the ray through each pixel.
        film: the hospital's equipment.
        rng: noise, exposure, collimation and place of the marker come from it.

    Returns:
        (H, W) uint8, the picture as displayed.
    """
    size = total.shape[0]
    x, y = film_grid(size)
    beam: Array = np.exp(-gaussian_filter(total, film.blur * size / 2, truncate=3))
    scattered = uniform_filter(uniform_filter(beam, size // 6), size // 6)
    beam = (1 - film.scatter) * beam + film.scatter * scattered
    tilt = film.heel * float(rng.normal(0.7, 0.3))
    beam *= 1 + tilt * x - 0.10 * (x * x + y * y)
    noise: Array = rng.standard_normal((size, size), dtype=np.float32)
    # Part of the grain is coarser than a pixel, as film and phosphor spread light.
    noise = 0.7 * noise + 0.8 * gaussian_filter(noise, size / 160, truncate=2)
    quanta = film.dose * float(np.exp(rng.normal(0, 0.12)))
    beam += noise * np.sqrt(beam / quanta)
    dense = -np.log(np.maximum(beam, 1e-3))
    if film.sharpen:
        dense += film.sharpen * (dense - gaussian_filter(dense, size / 40, truncate=2))
    return _display(dense, film, rng)


def _display(dense: Array, film: Film, rng: np.random.Generator) -> Array:
    """Window, curve, collimation and marker, as the hospital's reader shows them."""
    size = dense.shape[0]
    middle = dense[size // 8 : -size // 8 : 2, size // 8 : -size // 8 : 2]
    low, high = (float(v) for v in np.percentile(middle, film.window))
    level = 0.12 + 0.88 * (dense - low) / (high - low) + rng.normal(0, 0.02)
    level = np.clip(level, 0, 1.15)
    grey = level ** float(film.gamma * np.exp(rng.normal(0, 0.06)))
    # A shoulder instead of a hard cut keeps the spine visible behind the heart.
    grey = np.where(grey > 0.7, 0.7 + 0.3 * np.tanh((grey - 0.7) / 0.3), grey)
    _mark(grey, film, rng)
    _collimate(grey, film, rng)
    picture: Array = np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)
    return picture


def _collimate(grey: Array, film: Film, rng: np.random.Generator) -> None:
    """Shut the edges of the field, each by its own width."""
    size = grey.shape[0]
    x, y = film_grid(size)
    # The widths are drawn even where nothing is shut, so that all sites draw alike.
    left, right, top, bottom = rng.uniform(*film.border, 4)
    slope = rng.normal(0, 0.012)
    shut = (x + slope * y < left - 1) | (x + slope * y > 1 - right)
    shut = shut | (y - slope * x < top - 1) | (y - slope * x > 1 - bottom)
    if film.border[1] > 0:
        grey[shut] = film.border_grey


def _mark(grey: Array, film: Film, rng: np.random.Generator) -> None:
    """Burn in the lead letter L on the patient's left; every film of a hospital has it."""
    size = grey.shape[0]
    long, thick = max(round(size * 0.055), 3), max(round(size * 0.012), 1)
    jitter = rng.integers(-1, 2, 2) * max(round(size / 128), 1)
    row, column = (int(v) for v in np.rint(to_pixels(*film.marker, size=size)))
    row, column = row + int(jitter[0]), column + int(jitter[1])
    grey[row - long : row, column : column + thick] = film.marker_grey
    grey[row - thick : row, column : column + round(long * 0.65)] = film.marker_grey
