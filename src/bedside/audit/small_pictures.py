"""The images of a cohort, small and grey, for checks that compare them all.

Enters: image samples of any size. Leaves: one array of 64 x 64 bytes an image, or less
where the images are smaller: 6 MB a thousand, however large the files are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bedside.audit.two_samples import describe_looks
from bedside.modalities.image import LUMA, resized
from bedside.progress import Progress
from bedside.schema import Array, Sample

LEAST_SIDE, MOST_SIDE = 16, 64
REPORTED_EVERY = 256
BLOCK = 1024


@dataclass(frozen=True)
class SmallPictures:
    """n images.

    Args:
        rows: (n,) rows of the cohort, ascending.
        pictures: (n, S, S) uint8, each stretched from its darkest to its brightest pixel.
        brightness: (n, 2) float32, the darkest and the brightest grey, 0..1.
    """

    rows: Array
    pictures: Array
    brightness: Array

    @cached_property
    def looks(self) -> Array:
        """(n, 14) brightness, contrast, edges and rim, see `describe_looks`."""
        starts = range(0, len(self.pictures), BLOCK)
        blocks = [np.arange(len(self.pictures))[start : start + BLOCK] for start in starts]
        return np.concatenate([describe_looks(self.unstretched(block)) for block in blocks])

    def unstretched(self, which: Array) -> Array:
        """(m, S, S) float32 in 0..1, as bright as they were."""
        low, high = (self.brightness[which, n, None, None] for n in (0, 1))
        return np.asarray(low + self.pictures[which].astype(np.float32) / 255 * (high - low))


def shrink_pictures(
    samples: Sequence[Sample | None], shapes: Mapping[int, tuple[int, ...]], *, progress: Progress
) -> SmallPictures:
    """Shrink images to the size that most of them have at least.

    Args:
        samples: by row; those asked for (H, W) or (H, W, 3), uint8 or float32 in 0..1.
        shapes: row -> shape, ascending, of the images among them; not empty.
        progress: shows a bar.
    """
    shortest = np.median([min(shape[:2]) for shape in shapes.values()])
    side = int(np.clip(shortest, LEAST_SIDE, MOST_SIDE))
    pictures = np.empty((len(shapes), side, side), dtype=np.uint8)
    brightness = np.empty((len(shapes), 2), dtype=np.float32)
    with progress.bar("shrinking images", len(shapes)) as done:
        for place, sample in enumerate(map(samples.__getitem__, shapes)):
            grey = as_grey(_pixels(sample))
            small = resized(grey, (side, side), how="stretch")
            low, high = float(small.min()), float(small.max())
            stretched = (small - low) * (255 / max(high - low, 1e-9))
            pictures[place] = np.rint(stretched).astype(np.uint8)
            brightness[place] = low, high
            if place % REPORTED_EVERY == 0:
                done(place)
    return SmallPictures(np.fromiter(shapes, dtype=np.int64), pictures, brightness)


def _pixels(sample: Sample | None) -> Array:
    if sample is None or isinstance(sample.values, str):
        raise TypeError("an image was asked for, and there is none")
    return sample.values


def as_grey(values: Array) -> Array:
    """(H, W) or (H, W, C), uint8 or float32 in 0..1 -> (H, W) float32 in 0..1."""
    top = 255 if values.dtype == np.uint8 else 1
    if values.ndim == 3:
        values = values @ LUMA if values.shape[2] == 3 else values[..., 0]
    return np.asarray(values, dtype=np.float32) / np.float32(top)
