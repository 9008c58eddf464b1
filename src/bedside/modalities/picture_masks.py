"""A mask of labels as a picture: whole numbers on the pixels of its image, and back into a PNG.

Enters: a reference to a PNG or TIFF file or an array (H, W) whose pixels hold the number of a
structure, 0 for the background; of a picture with a palette, the numbers count and not the
colours. Leaves: a `Sample` (1, H, W), uint8 or uint16: a volume of one plane. Back: a PNG,
equal bit for bit.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from bedside.data.quiet_readers import quiet
from bedside.errors import DataError
from bedside.modalities.image_files import refusal, refuse_large
from bedside.modalities.label_masks import whole_labels
from bedside.run_folder import atomic
from bedside.schema import Array, Geometry, Reference, Sample

FORMATS = {b"\x89PNG": "PNG", b"II*\x00": "TIFF", b"MM\x00*": "TIFF", b"\xff\xd8\xff": "JPEG"}
"""First bytes of a picture file -> its form."""
OPAQUE = 255


def is_picture(reference: Reference) -> bool:
    """Whether a mask is a picture: an array of two axes, or a file that begins as one does."""
    content = reference.content
    if isinstance(content, np.ndarray):
        return content.ndim == 2
    return isinstance(content, str | Path) and _form(Path(content)) is not None


def decode_picture_mask(reference: Reference) -> Sample:
    """Decode one mask at full size, upright.

    Raises:
        DataError: damaged, in colour, compressed with loss, or with numbers that are no labels;
            the message names `reference.where`.
    """
    content, where = reference.content, reference.where
    given = content if isinstance(content, np.ndarray) else None
    pixels = _read(Path(str(content)), where=where) if given is None else given
    labels = whole_labels(pixels[None], where)
    return Sample(labels, Geometry(shape=labels.shape))


def write_picture_mask(path: Path, labels: Array) -> None:
    """Write labels (1, H, W) up to 255 as a grey PNG."""
    with atomic(path) as partial, partial.open("wb") as stream:
        Image.fromarray(labels[0].astype(np.uint8)).save(stream, format="PNG", optimize=True)


def _form(path: Path) -> str | None:
    try:
        with path.open("rb") as stream:
            head = stream.read(4)
    except OSError:
        return None
    return next((form for mark, form in FORMATS.items() if head.startswith(mark)), None)


def _read(path: Path, *, where: str) -> Array:
    """Pixels (H, W) as they are written."""
    form = _form(path)
    if form == "JPEG":
        raise refusal(
            where,
            expected="a mask that keeps its numbers, such as a PNG",
            got="a JPEG, which changes them",
            remedy="Export the mask again as PNG",
        )
    try:
        with quiet(), Image.open(path, formats=[str(form)]) as picture:
            refuse_large(picture.width * picture.height, where)
            picture.load()
            ImageOps.exif_transpose(picture, in_place=True)
            pixels = np.array(picture)
    except DataError:
        raise
    except Exception:  # damaged files make Pillow raise nearly anything
        got = "one that is cut short, damaged or of a variant that cannot be decoded"
        raise refusal(where, expected=f"a whole {form} file", got=got) from None
    return _one_number(pixels, where=where)


def _one_number(pixels: Array, *, where: str) -> Array:
    """(H, W) of (H, W, C) whose colours are equal and nowhere transparent."""
    if pixels.ndim == 2:
        return pixels
    colours = pixels[..., : 1 if pixels.shape[2] <= 2 else 3]
    clear = pixels.shape[2] in (2, 4) and bool((pixels[..., -1] != OPAQUE).any())
    if clear or (colours != colours[..., :1]).any():
        raise refusal(
            where,
            expected="a mask with one number a pixel",
            got="transparent pixels" if clear else "colours",
            remedy="Export it as grey, the number of the structure in each pixel",
        )
    return np.ascontiguousarray(colours[..., 0])
