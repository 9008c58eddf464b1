"""Images: one picture a case.

Enters: a file (PNG, JPEG, TIFF, DICOM) or an array. Leaves: ``values``
(B, C, H, W), uint8 where every training image had 8 bits, else float32 in 0..1,
where 1 is the top of the bits that the training images use; the network
standardises them by the fitted mean and standard deviation.
Decoding lives in `image_files`; the resize happens once, here, when read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

import numpy as np
from PIL import Image as Pillow
from pydantic import Field, model_validator

from bedside.errors import DataError, sentence
from bedside.modalities.image_files import decode, grey_if_equal
from bedside.modalities.image_view import View
from bedside.modalities.varied import Varied
from bedside.schema import Array, Arrays, Geometry, Reference, Sample, State

if TYPE_CHECKING:
    import torch

Side = Annotated[int, Field(ge=16, le=2048)]
Resize = Literal["stretch", "pad"]
Count = Annotated[int, Field(strict=True, ge=1)]
Width = Annotated[float, Field(ge=1, allow_inf_nan=False)]

LUMA = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue in grey (ITU-R BT.601, as JPEG and Pillow use)."""
SMALLEST_STD = 1e-3
"""Floor of the standard deviation, as a share of the range: constant images divide by it."""
_FAKE_GRID = 6


class Image(Varied):
    """An image input of a study.

    Args:
        column: the cohort's column that holds the files or arrays.
        size: (H, W) that every image is resized to, 16 to 2048 each.
        channels: 1 grey, 3 colour, or ``auto``: grey if all training images are.
        resize: ``stretch`` ignores the aspect ratio, ``pad`` keeps it and fills
            up with black.
        mirror: whether left-right mirrored images are plausible, for augmentation.
            Off: in a radiograph the heart has its side.
        frame: which frame of a DICOM file with several: ``first``, ``middle`` or a
            number from 1; without it such files are refused.
        outlined: set by task segment: each image travels as a volume of one plane, with what
            leads back to its source, and augmentation leaves places alone.
        window: grey range of DICOM files: ``first`` (the file's own, else all its bits
            can hold), ``full``, the number of one of its windows, or [center, width] in
            the units after its rescale, Hounsfield units in CT.
    """

    default_encoder: ClassVar[str] = "resnet"
    suffixes: ClassVar[tuple[str, ...]] = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dcm")
    describes_with: ClassVar[str | None] = "scikit-image"

    modality: Literal["image"] = "image"
    column: str = "image"
    size: tuple[Side, Side] = (128, 128)
    channels: Literal["auto", 1, 3] = "auto"
    resize: Resize = "stretch"
    mirror: bool = False
    frame: Literal["first", "middle"] | Count | None = None
    window: Literal["first", "full"] | Count | tuple[float, Width] = "first"
    outlined: bool = False

    @model_validator(mode="after")
    def _one_strength(self) -> Self:
        if self.outlined and self.augment_strength != 1:
            raise ValueError("expected no augment_strength where masks follow, got one")
        return self

    @property
    def view(self) -> View:
        """Which frame and window of a DICOM file are shown."""
        return View(self.frame, self.window)

    def columns_used(self) -> list[str]:
        """The one column with the images."""
        return [self.column]

    def read(self, reference: Reference) -> Sample:
        """Decode one image and resize it; one that has the size already stays bit for bit.

        Returns:
            Values (H, W) or (H, W, 3), uint8 or float32 in 0..1; the geometry is
            the source's.

        Raises:
            DataError: see `image_files.decode`.
        """
        sample = decode(reference, view=self.view)
        aspect = float(sample.geometry.source.get("aspect", 1))
        values = resized(_pixels(sample), self.size, how=self.resize, aspect=aspect)
        return Sample(values, sample.geometry)

    def fit(self, samples: Iterable[Sample]) -> State:
        """Channels, dtype, top, mean and standard deviation in one pass, nothing kept.

        ``top`` is 2**-n for deeper images that leave the n upper bits empty, such as 12
        bits in a 16-bit file: one number for all images, which stay comparable. Without
        it they would be all but black, and augmentation would drown them.

        Raises:
            DataError: there is no sample.
        """
        sums = _Sums()
        for sample in samples:
            values = _pixels(sample)
            sums.add(_as_grey(values) if self.channels == 1 else values)
        if not sums.images:
            raise DataError(
                sentence(
                    f"input '{self.column}'",
                    expected="at least one training image",
                    got="none",
                    remedy="Check the data and the split",
                )
            )
        found = 3 if sums.colour else 1
        channels = found if self.channels == "auto" else self.channels
        dtype = "float32" if sums.deep else "uint8"
        top = sums.top if sums.deep else 1.0
        mean, std = sums.mean_and_std(1.0 if sums.deep else 255.0, top=top)
        standardise = {"mean": mean[:channels], "std": std[:channels]}
        plane = {"spacing_mm": [1.0, 1.0, 1.0], "normalise": "cohort"} if self.outlined else {}
        return {
            **plane,
            "channels": channels,
            "dtype": dtype,
            "top": top,
            "standardise": {"values": standardise},
        }

    def prepare(self, sample: Sample, state: State) -> Arrays:
        """One sample -> ``values`` (C, H, W) in the fitted channels and dtype.

        Where it is to be outlined: ``values`` (C, 1, H, W), ``source`` (3,), the size it came
        in, and ``spacing`` (3,), mm of its pixels, NaN where unknown.

        Raises:
            DataError: the sample was not read with this input's size.
        """
        values = _pixels(sample)
        if values.shape[:2] != self.size:
            raise DataError(
                sentence(
                    f"input '{self.column}'",
                    expected=f"an image of {self.size[0]} x {self.size[1]} pixels",
                    got=f"shape {values.shape}",
                    remedy="Read it with the same study or package",
                )
            )
        if state["channels"] == 1:
            values = _as_grey(values)[None]
        elif values.ndim == 2:
            values = np.stack([values] * 3)
        else:
            values = np.moveaxis(values, 2, 0)
        values = _as_dtype(values, state["dtype"])
        if state["top"] != 1:
            values = values / np.float32(state["top"])
        values = np.ascontiguousarray(values)
        if not self.outlined:
            return {"values": values}
        height, width = sample.geometry.shape[:2]
        spacing = (1.0, *(sample.geometry.spacing_mm or (np.nan, np.nan))[:2])
        return {
            "values": values[:, None],
            "source": np.array([1, height, width], dtype=np.int32),
            "spacing": np.array(spacing, dtype=np.float32),
        }

    def collate(self, prepared: Sequence[Arrays]) -> Arrays:
        """Stack each array, ``values`` to (B, C, H, W)."""
        return {name: np.stack([arrays[name] for arrays in prepared]) for name in prepared[0]}

    def augment(
        self, batch: dict[str, torch.Tensor], generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """Slightly moved and re-exposed images, float32 in the units given; training only.

        Images to be outlined are re-exposed alone: their masks must move with them, which the
        task sees to.
        """
        from bedside.modalities.image_augmentation import Strength, augmented

        if self.outlined:
            from bedside.modalities.volume_augmentation import reexposed

            return reexposed(batch, generator)
        strength = Strength().times(self.augment_strength)
        return augmented(batch, generator, mirror=self.mirror, strength=strength)

    def describe(self, arrays: Arrays) -> Array:
        """Gradients, intensity and texture, (B, F) float32, for classical peers."""
        from bedside.modalities.image_features import describe_images

        return describe_images(arrays["values"])

    def picture(self, sample: Sample) -> Array:
        """The pixels the model sees, (H, W) or (H, W, 3) uint8.

        Deeper images that leave upper bits empty are shown with the bits they use.
        """
        values = _pixels(sample)
        if values.dtype != np.uint8:
            values = values / np.float32(_top(float(values.max())))
        return _as_dtype(values, "uint8")

    def fake(self, rng: np.random.Generator, n: int) -> list[Sample]:
        """Smooth cloudy uint8 images; colour only where the study asks for 3 channels."""
        shape = (_FAKE_GRID, _FAKE_GRID, 3) if self.channels == 3 else (_FAKE_GRID, _FAKE_GRID)
        samples = []
        for _ in range(n):
            coarse = rng.integers(0, 256, size=shape, dtype=np.uint8)
            values = resized(coarse, self.size, how="stretch")
            samples.append(Sample(values, Geometry(shape=values.shape)))
        return samples


def resized(values: Array, size: tuple[int, int], *, how: Resize, aspect: float = 1) -> Array:
    """Resize (H, W) or (H, W, 3), uint8 or float32, to `size`; the same size is left alone.

    With ``pad``, `aspect`, the height of a pixel over its width, makes pixels square.

    The filter is Pillow's bilinear: when shrinking it averages over the whole
    footprint of a target pixel, so it does not alias, and unlike Lanczos it never
    leaves the range of its input, so that no bright edge grows a dark halo.
    """
    height, width = values.shape[:2]
    square = how == "stretch" or aspect == 1
    if (height, width) == size and square:
        return values
    if how == "stretch":
        return _scaled(values, size)
    tall = height * aspect
    ratio = min(size[0] / tall, size[1] / width)
    inner = (max(1, round(tall * ratio)), max(1, round(width * ratio)))
    inner = (min(inner[0], size[0]), min(inner[1], size[1]))
    top, left = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    canvas = np.zeros((*size, *values.shape[2:]), dtype=values.dtype)
    canvas[top : top + inner[0], left : left + inner[1]] = _scaled(values, inner)
    return canvas


def _scaled(values: Array, size: tuple[int, int]) -> Array:
    if values.ndim == 3 and values.dtype != np.uint8:  # Pillow has no colour of floats
        return np.stack([_scaled(values[..., c], size) for c in range(values.shape[2])], axis=2)
    picture = Pillow.fromarray(np.ascontiguousarray(values))
    return np.array(picture.resize((size[1], size[0]), Pillow.Resampling.BILINEAR))


def _pixels(sample: Sample) -> Array:
    if not isinstance(sample.values, np.ndarray):
        raise TypeError(f"an image sample holds an array, not {type(sample.values).__name__}")
    return sample.values


def _as_grey(values: Array) -> Array:
    """(H, W, 3) -> (H, W) by luma, same dtype; grey stays."""
    if values.ndim == 2:
        return values
    values = grey_if_equal(values)  # exact where the channels agree
    if values.ndim == 2:
        return values
    grey: Array = values @ LUMA
    return np.rint(grey).astype(np.uint8) if values.dtype == np.uint8 else grey.astype(np.float32)


def _as_dtype(values: Array, dtype: str) -> Array:
    """Between uint8 (0..255) and float32 (0..1)."""
    if str(values.dtype) == dtype:
        return values
    converted: Array = values.astype(np.float32) / np.float32(255)
    if dtype == "uint8":
        converted = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return converted


def _top(brightest: float) -> float:
    """The power of two at or above the brightest pixel: what the bits in use can hold."""
    if brightest <= 0:
        return 1.0
    return float(min(1.0, 2.0 ** np.ceil(np.log2(brightest))))


@dataclass
class _Sums:
    """Running sums per channel over a stream of images, all in 0..1."""

    images: int = 0
    pixels: int = 0
    colour: bool = False
    deep: bool = False
    brightest: float = 0.0

    def __post_init__(self) -> None:
        self.total, self.squares = np.zeros(3), np.zeros(3)

    def add(self, values: Array) -> None:
        scale = 255.0 if values.dtype == np.uint8 else 1.0
        unit = values.reshape(values.shape[0] * values.shape[1], -1) / scale
        self.images += 1
        self.pixels += len(unit)
        self.colour = self.colour or unit.shape[1] == 3
        self.deep = self.deep or values.dtype != np.uint8
        self.brightest = max(self.brightest, float(unit.max()))
        self.total += unit.sum(axis=0)  # a grey image counts in all three channels
        self.squares += np.square(unit, dtype=np.float64).sum(axis=0)

    @property
    def top(self) -> float:
        return _top(self.brightest)

    def mean_and_std(self, scale: float, *, top: float) -> tuple[list[float], list[float]]:
        mean = self.total / self.pixels
        variance = np.maximum(self.squares / self.pixels - np.square(mean), 0)
        mean, std = mean / top, np.maximum(np.sqrt(variance) / top, SMALLEST_STD)
        return (mean * scale).tolist(), (std * scale).tolist()
