"""Text that a device burned into pixels: found, blacked out, or left to a human.

Enters: a dataset with pixels. Leaves: boxes of words as an optical reader (tesseract) found them,
and the pixels without them; where no reader is installed, the boxes of what looks like lettering.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from bedside.audit.lettering import find_lettering
from bedside.data.quiet_readers import quiet
from bedside.errors import DataError
from bedside.modalities.image_dicom import decode_dicom
from bedside.modalities.image_dicom_codec import frame_count
from bedside.modalities.image_view import View
from bedside.schema import Array

if TYPE_CHECKING:
    from pydicom import Dataset

Box = tuple[int, int, int, int]
"""Top, left, bottom, right."""
DRAWN = frozenset({"US", "SC", "OT", "XC", "ES", "GM", "DOC", "SR", "ECG", "PX", "OP", "XA", "RF"})
"""Modalities whose devices write into pictures, or whose pictures are of a screen."""
SECONDARY = "1.2.840.10008.5.1.4.1.1.7"
MOST_FRAMES = 16
"""Frames looked at of one file, evenly spaced; a box is blacked out on all."""
SURE, LEAST_SIGNS = 40.0, 2
"""Of a word that tesseract reads: least confidence in percent, least letters or digits."""
MARGIN = 3


def suspicious(dataset: Dataset) -> str:
    """Why the header alone makes burned-in text likely; blank where it does not."""
    if str(dataset.get("BurnedInAnnotation", "")).upper() == "YES":
        return "the header says that text is burned in"
    if str(dataset.get("Modality", "")).upper() in DRAWN:
        return "pictures of this modality often hold text"
    if str(dataset.get("SOPClassUID", "")).startswith(SECONDARY):
        return "a secondary capture often holds text"
    return ""


def reader_installed() -> bool:
    """Whether tesseract and its Python side are here."""
    from importlib.util import find_spec

    return shutil.which("tesseract") is not None and find_spec("pytesseract") is not None


def burned_in(content: bytes, dataset: Dataset) -> tuple[list[Box], list[Box]]:
    """Boxes of words that were read, and of lettering that was only seen.

    Args:
        content: of the file, with its pixels.
        dataset: its header.

    Raises:
        DataError: the pixels cannot be decoded here.
    """
    read: set[Box] = set()
    seen: set[Box] = set()
    frames = frame_count(dataset)
    chosen = np.unique(np.linspace(0, frames - 1, min(frames, MOST_FRAMES)).astype(int))
    for frame in chosen.tolist():
        view = View(frame=frame) if frames > 1 else View()
        picture = _grey(decode_dicom(BytesIO(content), where="a picture", view=view).values)
        lines = [(o.top, o.left, o.bottom, o.right) for o in find_lettering(picture)]
        words = read_words(picture) if reader_installed() else []
        read.update(words)
        seen.update(line for line in lines if not any(_meet(line, word) for word in words))
    return sorted(read), sorted(seen)


def read_words(picture: Array) -> list[Box]:
    """Boxes of words that tesseract reads in a picture, (H, W) in 0..1, and in its negative."""
    import pytesseract

    found: list[Box] = []
    for shade in (picture, 1 - picture):
        data = pytesseract.image_to_data(
            np.uint8(np.clip(shade, 0, 1) * 255), output_type=pytesseract.Output.DICT,
            config="--psm 11",
        )  # fmt: skip
        for place, word in enumerate(data["text"]):
            signs = sum(sign.isalnum() for sign in word)
            if signs >= LEAST_SIGNS and float(data["conf"][place]) >= SURE:
                left, top = int(data["left"][place]), int(data["top"][place])
                right, bottom = left + int(data["width"][place]), top + int(data["height"][place])
                found.append((top, left, bottom, right))
    return found


def black_out(dataset: Dataset, boxes: Sequence[Box]) -> None:
    """Set boxes to the least value on every frame; the pixels are then stored uncompressed.

    Raises:
        DataError: the pixels cannot be decoded here.
    """
    try:
        with quiet():
            if dataset.file_meta.TransferSyntaxUID.is_compressed:
                dataset.decompress()
            pixels = np.array(dataset.pixel_array)  # colours come as RGB, however they are stored
    except Exception:  # damaged pixels make pydicom raise nearly anything
        raise DataError("a picture: its pixels cannot be decoded here.") from None
    planes = pixels.reshape(frame_count(dataset), dataset.Rows, dataset.Columns, -1)
    dark = _dark(dataset, pixels)
    for top, left, bottom, right in boxes:
        rows = slice(max(top - MARGIN, 0), bottom + MARGIN)
        planes[:, rows, max(left - MARGIN, 0) : right + MARGIN] = dark
    if dataset.SamplesPerPixel > 1:
        dataset.PlanarConfiguration, dataset.PhotometricInterpretation = 0, "RGB"
    dataset.PixelData = planes.astype(pixels.dtype).tobytes()


def _dark(dataset: Dataset, pixels: Array) -> Array:
    """The value of black for each sample."""
    if str(dataset.PhotometricInterpretation) == "MONOCHROME1":
        return np.asarray([pixels.max()])
    return np.asarray([min(int(pixels.min()), 0)] * int(dataset.SamplesPerPixel))


def _grey(values: Array | str) -> Array:
    picture = np.asarray(values, dtype=np.float32)
    return np.asarray(picture.mean(axis=-1) if picture.ndim == 3 else picture)


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
