"""Volumes that keep their own size: resampled to one spacing, standardised, never stretched.

Enters: voxels as a file has them. Leaves: ``values`` (C, D, H, W) float16 at the spacing that
training cases suggest, and what leads back to the source: its shape and spacing. A network
that answers voxel by voxel sees these, patch by patch. numpy and scipy alone.

The rules follow Isensee et al. 2021, doi:10.1038/s41592-020-01008-z.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from bedside.errors import DataError, sentence
from bedside.modalities.mask_grid import size_at
from bedside.modalities.volume_grid import resampled
from bedside.schema import Array, Arrays, Sample, State

UNEVEN = 3.0
"""From this ratio of spacings on, the coarse axis is brought half way to the others."""
COARSE_PERCENTILE = 10
"""Of the spacings of a coarse axis: the finer cases keep what they have, the others gain points."""
SEEN = 10_000
"""Voxels of a case that its intensities are learnt from."""
HOUNSFIELD = -500.0
"""Air in Hounsfield units lies far below this; no other common unit goes there."""
CLIP = (0.5, 99.5)
"""Percentiles of the structures' intensities that are kept of CT."""
SMALLEST_STD = 1e-3


@dataclass
class Seen:
    """What is noted of training volumes on the way: their spacings, and some intensities."""

    spacings: list[tuple[float, ...]] = field(default_factory=list)
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    lowest: list[float] = field(default_factory=list)
    voxels: list[Array] = field(default_factory=list)
    channels: set[int] = field(default_factory=set)

    def note(self, sample: Sample, *, where: Array | None = None, name: str = "") -> None:
        """Note one volume; `where` (D, H, W) bool says which voxels' intensities matter.

        Raises:
            DataError: the volume does not state its spacing.
        """
        values = channels_first(sample)
        spacing = sample.geometry.spacing_mm
        if spacing is None:
            raise without_spacing(name)
        self.channels.add(len(values))
        self.spacings.append(tuple(spacing[:3]))
        self.shapes.append(tuple(values.shape[1:]))
        self.lowest.append(float(values[0].min()))
        flat = values.reshape(len(values), -1)
        if where is not None and where.any():
            flat = flat[:, np.flatnonzero(where.reshape(-1))]
        step = max(1, flat.shape[1] // SEEN)
        self.voxels.append(flat[:, ::step].astype(np.float32))

    def state(self, spacing_mm: Sequence[float] | None, *, normalise: str, name: str) -> State:
        """What `prepare_whole` needs; plain JSON.

        Args:
            spacing_mm: as the study says; None for what `common_spacing` finds.
            normalise: ``cohort``, ``case`` or ``auto``, which is ``cohort`` for CT.
            name: of the input's column, for messages.

        Raises:
            DataError: there is none, or channels differ.
        """
        if len(self.channels) != 1:
            counts = ", ".join(map(str, sorted(self.channels)))
            raise DataError(
                sentence(
                    f"input '{name}'",
                    expected="training volumes with equally many channels",
                    got=f"some of {counts} channels" if self.channels else "none",
                    remedy="Check the data and the split",
                )
            )
        if normalise == "auto":
            normalise = "cohort" if np.median(self.lowest) < HOUNSFIELD else "case"
        spacing = spacing_mm or common_spacing(self.spacings, self.shapes)
        voxels = np.concatenate(self.voxels, axis=1)
        low, high = np.percentile(voxels, CLIP, axis=1)
        kept = np.clip(voxels, low[:, None], high[:, None])
        std = kept.std(axis=1, dtype=np.float64)
        floor = np.maximum(SMALLEST_STD * (high - low), 1e-6)
        return {
            "channels": self.channels.copy().pop(),
            "dtype": "float16",
            "normalise": normalise,
            "spacing_mm": [round(float(side), 4) for side in spacing],
            "intensity": {
                "low": [round(float(v), 4) for v in low],
                "high": [round(float(v), 4) for v in high],
                "mean": [round(float(v), 6) for v in kept.mean(axis=1, dtype=np.float64)],
                "std": [round(float(v), 6) for v in np.maximum(std, floor)],
            },
        }


def common_spacing(
    spacings: Sequence[Sequence[float]], shapes: Sequence[Sequence[int]]
) -> list[float]:
    """The spacing that volumes are brought to: the median; finer along a much coarser axis.

    Args:
        spacings: of each volume along D, H and W, in mm.
        shapes: of each volume.
    """
    found = np.median(spacings, axis=0)
    coarse = int(np.argmax(found))
    others = [axis for axis in range(3) if axis != coarse]
    sides = np.median(shapes, axis=0)
    uneven = found[coarse] > UNEVEN * max(found[others])
    if uneven and sides[coarse] * UNEVEN < min(sides[others]):
        finer = np.percentile(np.asarray(spacings)[:, coarse], COARSE_PERCENTILE)
        found[coarse] = max(finer, *found[others])
    return [float(side) for side in found]


def prepare_whole(sample: Sample, state: State, *, name: str) -> Arrays:
    """One sample -> ``values`` (C, D, H, W) float16, ``source`` (3,) and ``spacing`` (3,).

    Raises:
        DataError: other channels than in training, or no spacing.
    """
    values, spacing = channels_first(sample), sample.geometry.spacing_mm
    if spacing is None:
        raise without_spacing(name)
    if len(values) != state["channels"]:
        raise DataError(
            sentence(
                f"input '{name}'",
                expected=f"{state['channels']} channel(s)",
                got=str(len(values)),
                remedy="Read it from the same sequences as in training",
            )
        )
    source = values.shape[1:]
    size = size_at(source, spacing_mm=spacing, wanted_mm=state["spacing_mm"])
    found = np.empty((len(values), *size), dtype=np.float16)
    for channel, own in enumerate(values):
        one = resampled(own.astype(np.float32, copy=False), size)
        found[channel] = _standardised(one, channel, state)
    return {
        "values": found,
        "source": np.asarray(source, dtype=np.int32),
        "spacing": np.asarray(spacing[:3], dtype=np.float32),
    }


def collate_whole(prepared: Sequence[Arrays]) -> Arrays:
    """Volumes side by side as an object array (B,), what is known of them as (B, 3)."""
    values = np.empty(len(prepared), dtype=object)
    for place, arrays in enumerate(prepared):
        values[place] = arrays["values"]
    stacked = {key: np.stack([a[key] for a in prepared]) for key in ("source", "spacing")}
    return {"values": values, **stacked}


def fit_whole(samples: Iterable[Sample], words: tuple[Sequence[float] | None, str, str]) -> State:
    """The state by all voxels of the volumes; `words` are those of `Seen.state`."""
    seen, (spacing, normalise, name) = Seen(), words
    for sample in samples:
        seen.note(sample, name=name)
    return seen.state(spacing, normalise=normalise, name=name)


def channels_first(sample: Sample) -> Array:
    """(D, H, W) or (D, H, W, C) -> (C, D, H, W)."""
    if not isinstance(sample.values, np.ndarray):
        raise TypeError(f"a volume sample holds an array, not {type(sample.values).__name__}")
    return sample.values[None] if sample.values.ndim == 3 else np.moveaxis(sample.values, 3, 0)


def without_spacing(name: str) -> DataError:
    """The error of a volume whose distances nobody knows."""
    return DataError(
        sentence(
            f"input '{name}'",
            expected="volumes that state their spacing",
            got="one without",
            remedy="Export the volumes with their geometry, as NIfTI or DICOM",
        )
    )


def _standardised(values: Array, channel: int, state: State) -> Array:
    """One channel as networks see it; what 16 bits cannot hold is cut off."""
    if state["normalise"] == "cohort":
        own = {key: numbers[channel] for key, numbers in state["intensity"].items()}
        values = np.clip(values, own["low"], own["high"])
        return np.asarray((values - own["mean"]) / own["std"], dtype=np.float32)
    mean, std = float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))
    floor = max(SMALLEST_STD * float(np.ptp(values)), 1e-12)
    return np.clip((values - mean) / max(std, floor), -1000, 1000)
