"""What the audit keeps of each sample, so that it need look at it once.

Enters: a sample. Leaves: a `Glance`, some hundred bytes, whatever the sample's size.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from bedside.schema import Geometry, Sample

TELLING_SIZE = 64
"""A shorter text or list of numbers can be equal in two cases by chance."""


@dataclass(frozen=True, slots=True)
class Glance:
    """One sample.

    Args:
        shape: of its values; of a text, its length.
        geometry: as it was read.
        fingerprint: equal where values are equal bit for bit; None where they are so few
            that they can be equal by chance.
        is_image: whether it is a flat picture, (H, W) or (H, W, C), not a volume or signal.
        constant: whether all pixels of an image have one value.
        spread: standard deviation of an image's pixels, as a share of the range of their type.
        is_text: whether it is a text.
    """

    shape: tuple[int, ...]
    geometry: Geometry
    fingerprint: bytes | None
    is_image: bool = False
    constant: bool = False
    spread: float = 0.0
    is_text: bool = False

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width of an image's source, of its values where the source's are unknown."""
        shape = self.geometry.shape if len(self.geometry.shape) >= 2 else self.shape
        return int(shape[0]), int(shape[1])


def glance_at(sample: Sample) -> Glance:
    """Note what several checks need of a sample."""
    values, geometry = sample.values, sample.geometry
    if isinstance(values, str):
        content = values.encode("utf-8", "surrogatepass")
        telling = len(values) >= TELLING_SIZE
        fingerprint = _digest(b"", content) if telling else None
        return Glance((len(values),), geometry, fingerprint, is_text=True)
    telling = values.ndim >= 2 or values.size >= TELLING_SIZE
    kind = f"{values.dtype.str}{values.shape}".encode()
    fingerprint = _digest(kind, np.ascontiguousarray(values).data) if telling else None
    times = geometry.times_seconds is None and geometry.every_seconds is None
    flat = times and geometry.affine is None
    if values.ndim not in (2, 3) or not flat:
        return Glance(values.shape, geometry, fingerprint)
    constant = bool((values == values.flat[0]).all())
    spread = float(np.std(values)) / (255 if values.dtype == np.uint8 else 1)
    return Glance(values.shape, geometry, fingerprint, True, constant, spread)


def _digest(kind: bytes, content: bytes | memoryview) -> bytes:
    digest = blake2b(kind, digest_size=16)
    digest.update(content)
    return digest.digest()
