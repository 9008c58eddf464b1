"""Pictures of what a network looked at: a colour over the picture itself.

Enters: a case's prepared values and its map. Leaves: (H, W, 3) uint8. Beside the plain picture
stands the same with the map on it: orange speaks for the answer, blue against it, the ring
lies about the strongest place.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw

from bedside.schema import Array

FOR, AGAINST = (255, 122, 0), (60, 140, 255)
RING = (255, 255, 255)
SIDE = 260
"""Pixels of the longer side of one panel."""
SMOOTH_FROM = 48
"""Pixels of a side from which a picture is enlarged smoothly; smaller ones show their pixels."""
GAP = 6
STRONGEST = 0.75
"""Share of the colour where the map is strongest."""
QUIET = 0.12
"""What is weaker than this share of the strongest place is left as it is."""


def image_look(values: Array, marks: Array) -> Array:
    """A picture (C, H, W) and its map (H, W) -> the two panels side by side."""
    plain = _enlarged(_grey_or_colour(values), smooth=max(values.shape[1:]) >= SMOOTH_FROM)
    return _beside(plain, _coloured(plain, marks, ring=True))


def volume_look(values: Array, marks: Array) -> Array:
    """A volume (C, D, H, W) and its map (D, H, W) -> three planes through its strongest place."""
    grey = values[0]
    low, high = np.percentile(grey, (1, 99))
    unit = np.clip((grey - low) / max(float(high - low), 1e-6), 0, 1)
    place = np.unravel_index(int(np.argmax(marks)), marks.shape)
    top = float(np.abs(marks).max())
    panels = []
    for axis in range(3):
        cut, own = (np.take(each, place[axis], axis=axis) for each in (unit, marks))
        turned, drawn = (_upright(each, axis) for each in (cut, own))
        plain = _enlarged(np.repeat((turned * 255)[..., None], 3, axis=2).astype(np.uint8),
                          smooth=True)  # fmt: skip
        panels.append(_coloured(plain, drawn, ring=True, top=top))
    tallest = max(len(panel) for panel in panels)
    filled = [
        np.pad(panel, ((0, tallest - len(panel)), (0, GAP), (0, 0)), constant_values=255)
        for panel in panels
    ]
    return np.asarray(np.concatenate(filled, axis=1)[:, :-GAP])


def png_bytes(picture: Array) -> bytes:
    """A picture as a PNG file."""
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(stream, format="PNG", optimize=True)
    return stream.getvalue()


def heat_over(picture: Array, marks: Array) -> Array:
    """One panel: a mean picture (H, W) or (C, H, W) with the strength of many maps over it."""
    values = picture if picture.ndim == 3 else picture[None]
    plain = _enlarged(_grey_or_colour(values), smooth=True)
    return _coloured(plain, marks, ring=False)


def _upright(plane: Array, axis: int) -> Array:
    """Head and front up, as radiologists look at them."""
    return np.asarray(plane[::-1] if axis == 2 else plane[::-1, ::-1])


def _grey_or_colour(values: Array) -> Array:
    """(C, H, W) -> (H, W, 3) uint8; what is no byte is brought to its own range."""
    shown = values[:3] if len(values) >= 3 else values[:1]
    if shown.dtype != np.uint8:
        low, high = float(shown.min()), float(shown.max())
        shown = ((shown - low) / max(high - low, 1e-6) * 255).astype(np.uint8)
    moved = np.moveaxis(shown, 0, 2)
    return np.repeat(moved, 3, axis=2) if moved.shape[2] == 1 else moved


def _enlarged(picture: Array, *, smooth: bool) -> Array:
    height, width = picture.shape[:2]
    scale = SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    how = Image.Resampling.BICUBIC if smooth else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(np.ascontiguousarray(picture)).resize(size, how))


def _coloured(plain: Array, marks: Array, *, ring: bool, top: float | None = None) -> Array:
    """Lay a map over a panel; one that is nothing anywhere leaves it as it is."""
    strongest = float(np.abs(marks).max()) if top is None else top
    if strongest <= 0:
        return plain
    height, width = plain.shape[:2]
    grown = Image.fromarray((marks / strongest).astype(np.float32)).resize(
        (width, height), Image.Resampling.BILINEAR
    )
    share = np.asarray(grown)
    strength = np.clip((np.abs(share) - QUIET) / (1 - QUIET), 0, 1) ** 0.7 * STRONGEST
    colour = np.where(share[..., None] >= 0, np.array(FOR), np.array(AGAINST))
    mixed = plain * (1 - strength[..., None]) + colour * strength[..., None]
    found = Image.fromarray(mixed.astype(np.uint8))
    if ring and float(marks.max()) > 0:
        row, column = np.unravel_index(int(np.argmax(marks)), marks.shape)
        y, x = (
            (at + 0.5) * size / have
            for at, size, have in zip((row, column), (height, width), marks.shape, strict=True)
        )
        reach = 0.05 * max(height, width)
        box = (x - reach, y - reach, x + reach, y + reach)
        ImageDraw.Draw(found).ellipse(box, outline=RING, width=2)
    return np.asarray(found)


def _beside(left: Array, right: Array) -> Array:
    gap = np.full((len(left), GAP, 3), 255, dtype=np.uint8)
    return np.concatenate([left, gap, right], axis=1)
