"""Lettering in a picture, without reading it: rows of small, even, high-contrast strokes.

Enters: one grey picture (H, W) in 0..1. Leaves: the boxes of lines that look like text.
Made for annotations that a device burns into the pixels: white or black, upright, in one
line, brighter or darker than anything near. A single letter (L, R) is no line of text.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import find_objects, grey_closing, grey_opening, label

from bedside.schema import Array

LEAST_SIDE = 96
"""Below it letters have hardly five pixels; nothing is looked for."""
MOST_SIDE = 768
STROKE = 0.012
"""Widest stroke as a share of the shorter side; at least 5 pixels of window."""
CONTRAST = 0.30
"""Of the range between the 1st percentile and the maximum."""
HEIGHTS = (5, 0.07)
"""Least height of a letter in pixels, greatest as a share of the shorter side."""
FILLED = (0.15, 0.95)
LETTERS = 4
EVEN = 0.45
GAP = 1.6


@dataclass(frozen=True)
class Line:
    """One line of lettering: its box in pixels and how many letters it has."""

    top: int
    left: int
    bottom: int
    right: int
    letters: int


def find_lettering(picture: Array) -> list[Line]:
    """Lines of four letters or more.

    Args:
        picture: (H, W) float32 in 0..1, at least 96 pixels a side, best its full size.
    """
    if min(picture.shape) < LEAST_SIDE:
        return []
    step = -(-max(picture.shape) // MOST_SIDE)
    picture = _shrunk(picture, step) if step > 1 else picture
    window = max(5, 2 * round(STROKE * min(picture.shape)) + 1)
    low, high = (float(v) for v in np.percentile(picture, (1, 100)))
    need = CONTRAST * max(high - low, 0.1)
    lines = []
    for strokes in (
        picture - grey_opening(picture, (window, window)),
        grey_closing(picture, (window, window)) - picture,
    ):
        lines += _lines(_letters(strokes > need, min(picture.shape)))
    return [
        Line(o.top * step, o.left * step, o.bottom * step, o.right * step, o.letters) for o in lines
    ]


def _letters(strokes: Array, side: int) -> Array:
    """(n, 4) boxes (top, left, bottom, right) of connected strokes shaped like letters."""
    marked, count = label(strokes, structure=np.ones((3, 3)))
    if not count:
        return np.empty((0, 4), dtype=np.int64)
    boxes = np.array([[b[0].start, b[1].start, b[0].stop, b[1].stop] for b in find_objects(marked)])
    area = np.bincount(marked.ravel(), minlength=count + 1)[1:]
    height, width = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    fill = area / (height * width)
    fits = (height >= HEIGHTS[0]) & (height <= max(HEIGHTS[1] * side, 12))
    fits &= (width <= 1.6 * height) & (width >= 2)
    return np.asarray(boxes[fits & (fill >= FILLED[0]) & (fill <= FILLED[1])])


def _lines(boxes: Array) -> list[Line]:
    """Chains of letters of like height on one line, each close to the one before it."""
    lines, used = [], np.zeros(len(boxes), dtype=bool)
    for first in np.argsort(boxes[:, 1], kind="stable"):
        if used[first]:
            continue
        chain = [int(first)]
        while (following := _following(boxes, chain[-1], used)) is not None:
            chain.append(following)
        if len(chain) >= LETTERS:
            used[chain] = True
            own = boxes[chain]
            top, left = own[:, :2].min(axis=0)
            bottom, right = own[:, 2:].max(axis=0)
            lines.append(Line(int(top), int(left), int(bottom), int(right), len(chain)))
    return lines


def _following(boxes: Array, last: int, used: Array) -> int | None:
    """The nearest letter to the right that could stand in the same word or line."""
    top, left, bottom, right = boxes[last]
    height = bottom - top
    heights = boxes[:, 2] - boxes[:, 0]
    gap = boxes[:, 1] - right
    drop = np.abs(boxes[:, 2] - bottom)
    fits = ~used & (boxes[:, 1] > left) & (gap >= -0.2 * height) & (gap <= GAP * height)
    fits &= (drop <= 0.25 * height + 1) & (np.abs(heights - height) <= EVEN * height)
    near = np.flatnonzero(fits)
    near = near[near != last]
    return int(near[np.argmin(gap[near])]) if near.size else None


def _shrunk(picture: Array, step: int) -> Array:
    """Every step x step block by its extreme pixel, so that thin strokes survive."""
    height, width = (side // step * step for side in picture.shape)
    blocks = picture[:height, :width].reshape(height // step, step, width // step, step)
    high, low = blocks.max(axis=(1, 3)), blocks.min(axis=(1, 3))
    middle = blocks.mean(axis=(1, 3))
    return np.asarray(np.where(high - middle > middle - low, high, low))
