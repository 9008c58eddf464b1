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
from scipy.ndimage import grey_closing, grey_opening

from bedside.audit.lettering import find_lettering
from bedside.audit.small_pictures import as_grey
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
SURE, LEAST_SIGNS = 85.0, 3
"""Of a word that tesseract reads: least confidence in percent, least letters or digits."""
MARGIN = 3
STROKE, CONTRASTS, FAINT, BLANK = 13, (0.1, 0.3), 0.06, 1.2
"""Of letters: pixels that no stroke is wider than, shares of the whole range (to find a
word, and to follow its line), heights."""


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
        values = decode_dicom(BytesIO(content), where="a picture", view=view).values
        picture = as_grey(np.asarray(values))
        lines = [(o.top, o.left, o.bottom, o.right) for o in find_lettering(picture)]
        words = read_words(picture) if reader_installed() else []
        read.update(words)
        seen.update(line for line in lines if not any(_meet(line, word) for word in words))
    return sorted(read), sorted(seen)


def read_words(picture: Array) -> list[Box]:
    """Boxes of words that tesseract reads in a picture, (H, W) in 0..1.

    It reads black strokes on white: the picture is taken apart into strokes brighter and strokes
    darker than what lies around them, each at two contrasts. What stands beside a word on its
    line, close enough to be a letter, belongs to its box.
    """
    import pytesseract

    found: set[Box] = set()
    for strokes in _strokes(picture):
        for contrast in CONTRASTS:
            ink = strokes > contrast
            data = pytesseract.image_to_data(
                np.uint8(np.where(ink, 0, 255)), output_type=pytesseract.Output.DICT,
                config="--psm 11",
            )  # fmt: skip
            for place, word in enumerate(data["text"]):
                signs = sum(sign.isalnum() for sign in word)
                if signs >= LEAST_SIGNS and float(data["conf"][place]) >= SURE:
                    left, top = int(data["left"][place]), int(data["top"][place])
                    right, bottom = left + int(data["width"][place]), top + data["height"][place]
                    found.add(_along_line(strokes > FAINT, (top, left, int(bottom), right)))
    return sorted(found)


def _strokes(picture: Array) -> tuple[Array, Array]:
    """What is brighter, and what is darker, than everything a stroke's width around it."""
    window = (STROKE, STROKE)
    return (
        picture - grey_opening(picture, window),
        grey_closing(picture, window) - picture,
    )


def _along_line(ink: Array, box: Box) -> Box:
    """A box grown to both sides as long as strokes follow within the width of a blank."""
    top, left, bottom, right = box
    columns = np.flatnonzero(ink[top:bottom].any(axis=0))
    reach = max(int(BLANK * (bottom - top)), 1)
    for column in columns[columns >= right]:
        if column - right > reach:
            break
        right = int(column) + 1
    for column in columns[columns < left][::-1]:
        if left - column > reach:
            break
        left = int(column)
    return top, left, bottom, right


def black_out(dataset: Dataset, boxes: Sequence[Box]) -> None:
    """Set boxes to the least value on every frame; the pixels are then stored uncompressed.

    Raises:
        DataError: the pixels cannot be decoded here.
    """
    try:
        with quiet():
            if dataset.file_meta.TransferSyntaxUID.is_compressed:
                dataset.decompress(generate_instance_uid=False)
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


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
