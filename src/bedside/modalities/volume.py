"""Volumes: one CT, MR or other stack of slices a case.

Enters: a NIfTI file, a folder with one DICOM series, or an array. Leaves: ``values``
(B, C, D, H, W), uint8 where every training volume had 8 bits, else float32; the network
standardises them. D runs from feet to head, H from back to front, W from left to right
wherever a file says how it lies. Decoding lives in `volume_files`; the resampling happens
once, here, when read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from bedside.errors import DataError, sentence
from bedside.modalities.varied import Varied
from bedside.modalities.volume_files import decode_volume
from bedside.modalities.volume_grid import fitted, resampled
from bedside.modalities.volume_whole import collate_whole, fit_whole, prepare_whole
from bedside.schema import Array, Arrays, Geometry, Reference, Sample, State

if TYPE_CHECKING:
    import torch

Side = Annotated[int, Field(strict=True, ge=8, le=512)]
Distance = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]
Normalise = Literal["auto", "cohort", "case"]

SMALLEST_STD = 1e-3
"""Floor of a standard deviation, as a share of the range: constant volumes divide by it."""
_FAKE_GRID = 4
_FAKE_SIZE = (24, 28, 20)


class Volume(Varied):
    """A volume input of a study.

    Args:
        column: the cohort's column that holds the files, folders or arrays.
        size: (D, H, W) of the grid that every volume is brought onto, 8 to 512 each; or
            ``whole``, which task segment takes of itself: each volume keeps its extent and is
            brought to one spacing, see `volume_whole`.
        spacing_mm: distances of the grid's points along D, H and W; a volume is resampled to
            them and then cut, or filled up with its lowest value, about its middle. Without
            it every volume is stretched to `size`.
        normalise: ``cohort`` leaves the units as they are (Hounsfield units), for the network
            to standardise by the training volumes; ``case`` standardises each volume by
            itself, since the units of MR mean nothing; ``auto`` is ``cohort`` for 8-bit
            volumes and wherever `window` is given, else ``case``.
        window: [lowest, highest] value that is kept; what lies outside is cut to it.
        mirror: whether left-right mirrored volumes are plausible, for augmentation.
    """

    default_encoder: ClassVar[str] = "resnet3d"
    suffixes: ClassVar[tuple[str, ...]] = (".nii", ".gz", ".nrrd", ".nhdr")
    reads_series: ClassVar[bool] = True
    """A folder of DICOM slices is one volume."""
    extra: ClassVar[str] = "volumes"

    modality: Literal["volume"] = "volume"
    column: str = "image"
    size: tuple[Side, Side, Side] | Literal["whole"] = (48, 48, 48)
    spacing_mm: tuple[Distance, Distance, Distance] | None = None
    normalise: Normalise = "auto"
    window: tuple[float, float] | None = None
    mirror: bool = False

    @model_validator(mode="after")
    def _one_strength(self) -> Self:
        if self.size == "whole" and self.augment_strength != 1:
            raise ValueError("expected no augment_strength where masks follow, got one")
        return self

    def columns_used(self) -> list[str]:
        """The one column with the volumes."""
        return [self.column]

    @property
    def whole_words(self) -> tuple[tuple[float, ...] | None, str, str]:
        """What whole volumes are learnt with: spacing, how to normalise, and the column."""
        cut = self.normalise == "auto" and self.window is not None
        return self.spacing_mm, "cohort" if cut else self.normalise, self.column

    def read(self, reference: Reference) -> Sample:
        """Decode one volume, turn it upright and resample it; one on the grid stays as it is.

        Returns:
            Values (D, H, W) or (D, H, W, C), uint8 or float32, in the file's units; the
            geometry is the source's.

        Raises:
            DataError: see `volume_files.decode_volume`; or `spacing_mm` is asked for and
                the source does not state its own.
        """
        sample = decode_volume(reference)
        values = _voxels(sample)
        if self.window is not None:
            values = np.clip(values, *self.window).astype(values.dtype)
        if self.size == "whole":
            return Sample(values, sample.geometry)
        if self.spacing_mm is None:
            return Sample(resampled(values, self.size), sample.geometry)
        spacing = sample.geometry.spacing_mm
        if spacing is None:
            raise DataError(
                sentence(
                    reference.where,
                    expected="a volume that states its spacing",
                    got="one without",
                    remedy="Leave spacing_mm out, or export the volume with its geometry",
                )
            )
        shape = [
            max(1, round(n * have / want))
            for n, have, want in zip(values.shape, spacing, self.spacing_mm, strict=False)
        ]
        values = resampled(values, (shape[0], shape[1], shape[2]))
        return Sample(fitted(values, self.size), sample.geometry)

    def fit(self, samples: Iterable[Sample]) -> State:
        """Channels, dtype, mean and standard deviation in one pass, nothing kept.

        Raises:
            DataError: there is no sample, or their channels differ.
        """
        if self.size == "whole":
            return fit_whole(samples, self.whole_words)
        sums = _Sums()
        for sample in samples:
            sums.add(_channels_first(_voxels(sample)))
        if not sums.volumes or len(sums.channels) > 1:
            counts = ", ".join(map(str, sorted(sums.channels)))
            raise DataError(
                sentence(
                    f"input '{self.column}'",
                    expected="training volumes with equally many channels",
                    got=f"some of {counts} channels" if sums.volumes else "none",
                    remedy="Check the data and the split",
                )
            )
        whole = sums.eight_bits or self.window is not None
        how = self.normalise if self.normalise != "auto" else ("cohort" if whole else "case")
        mean, std = sums.mean_and_std()
        if how == "case":
            mean, std = [0.0] * len(mean), [1.0] * len(std)
        return {
            "channels": next(iter(sums.channels)),
            "dtype": "uint8" if sums.eight_bits and how == "cohort" else "float32",
            "normalise": how,
            "standardise": {"values": {"mean": mean, "std": std}},
        }

    def prepare(self, sample: Sample, state: State) -> Arrays:
        """One sample -> ``values`` (C, D, H, W) in the fitted dtype.

        Raises:
            DataError: the sample has other channels than the training volumes, or was not
                read with this input's size.
        """
        if self.size == "whole":
            return prepare_whole(sample, state, name=self.column)
        values = _channels_first(_voxels(sample))
        if values.shape != (state["channels"], *self.size):
            wanted = " x ".join(map(str, self.size))
            raise DataError(
                sentence(
                    f"input '{self.column}'",
                    expected=f"{state['channels']} channel(s) of {wanted} voxels",
                    got=f"shape {values.shape}",
                    remedy="Read it with the same study or package, from the same sequences",
                )
            )
        if state["normalise"] == "case":
            values = values.astype(np.float32)
            mean = values.mean(axis=(1, 2, 3), keepdims=True, dtype=np.float64)
            std = values.std(axis=(1, 2, 3), keepdims=True, dtype=np.float64)
            reach = np.ptp(values, axis=(1, 2, 3)).reshape(std.shape)
            values = (values - mean) / np.maximum(std, np.maximum(SMALLEST_STD * reach, 1e-12))
        if state["dtype"] == "uint8" and values.dtype != np.uint8:
            values = np.rint(np.clip(values, 0, 255))
        return {"values": np.ascontiguousarray(values, dtype=state["dtype"])}

    def collate(self, prepared: Sequence[Arrays]) -> Arrays:
        """Stack to ``values`` (B, C, D, H, W); whole volumes to an object array (B,)."""
        if self.size == "whole":
            return collate_whole(prepared)
        return {"values": np.stack([arrays["values"] for arrays in prepared])}

    def augment(
        self, batch: dict[str, torch.Tensor], generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """Slightly turned, moved and rescaled volumes, float32; training only.

        Whole volumes come as patches and change in intensity alone: their masks must move
        with them, which the task sees to.
        """
        from bedside.modalities.volume_augmentation import Strength, augmented, reexposed

        if self.size == "whole":
            return reexposed(batch, generator)
        strength = Strength().times(self.augment_strength)
        return augmented(batch, generator, mirror=self.mirror, strength=strength)

    def describe(self, arrays: Arrays) -> Array:
        """Intensity, extent and coarse layout, (B, F) float32, for classical peers."""
        from bedside.modalities.volume_features import describe_volumes

        return describe_volumes(arrays["values"])

    def picture(self, sample: Sample) -> Array:
        """The three middle planes of the first channel side by side, (H, W) uint8."""
        from bedside.modalities.volume_grid import three_planes

        return three_planes(_channels_first(_voxels(sample))[0])

    def fake(self, rng: np.random.Generator, n: int) -> list[Sample]:
        """Smooth cloudy uint8 volumes."""
        samples = []
        for _ in range(n):
            coarse = rng.integers(0, 256, size=(_FAKE_GRID,) * 3, dtype=np.uint8)
            size = _FAKE_SIZE if self.size == "whole" else self.size
            values = resampled(coarse, size)
            spacing = self.spacing_mm or (1.0, 1.0, 1.0)
            samples.append(Sample(values, Geometry(shape=values.shape, spacing_mm=spacing)))
        return samples


def _voxels(sample: Sample) -> Array:
    if not isinstance(sample.values, np.ndarray):
        raise TypeError(f"a volume sample holds an array, not {type(sample.values).__name__}")
    return sample.values


def _channels_first(values: Array) -> Array:
    """(D, H, W) or (D, H, W, C) -> (C, D, H, W)."""
    return values[None] if values.ndim == 3 else np.moveaxis(values, 3, 0)


@dataclass
class _Sums:
    """Running sums per channel over a stream of volumes (C, D, H, W)."""

    volumes: int = 0
    voxels: int = 0
    eight_bits: bool = True
    channels: set[int] = field(default_factory=set)

    def add(self, values: Array) -> None:
        self.volumes += 1
        self.eight_bits = self.eight_bits and values.dtype == np.uint8
        self.channels.add(len(values))
        if len(self.channels) > 1:
            return
        flat = values.reshape(len(values), -1).astype(np.float64)
        if self.volumes == 1:
            self.total, self.squares = np.zeros(len(flat)), np.zeros(len(flat))
            self.lowest, self.highest = flat.min(axis=1), flat.max(axis=1)
        self.voxels += flat.shape[1]
        self.total += flat.sum(axis=1)
        self.squares += np.square(flat).sum(axis=1)
        self.lowest = np.minimum(self.lowest, flat.min(axis=1))
        self.highest = np.maximum(self.highest, flat.max(axis=1))

    def mean_and_std(self) -> tuple[list[float], list[float]]:
        mean = self.total / self.voxels
        variance = np.maximum(self.squares / self.voxels - np.square(mean), 0)
        floor = np.maximum(SMALLEST_STD * (self.highest - self.lowest), 1e-6)
        return mean.tolist(), np.maximum(np.sqrt(variance), floor).tolist()
