"""One picture file or array -> pixels.

Enters: a reference to a PNG, JPEG, TIFF or DICOM file, told apart by content and
never by name, or to an array. Leaves: a `Sample` at full size, grey (H, W) or
colour (H, W, 3), black = 0. 8-bit pictures stay uint8; anything deeper becomes
float32, where 0 and 1 are the ends of what the format can show, not the darkest
and brightest pixel found: two pictures of one study stay comparable in brightness.

Colour whose three channels are equal is grey. Transparency is laid on black, the
background of a radiograph. Colour of 16 bits a channel is read at 8 bits, as
Pillow does. Whatever cannot be shown truthfully is refused in one sentence.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image, ImageOps

from bedside.data.dicom_header import HEAD_BYTES, MARK, MARK_AT, looks_like_dicom
from bedside.data.quiet_readers import quiet
from bedside.errors import DataError, sentence
from bedside.modalities.image_view import View
from bedside.schema import Array, Geometry, Reference, Sample

MAX_PIXELS = 100_000_000
"""Largest picture that is decoded, over all its frames; checked from the header.

The largest radiographs (digitised film, mammograms) have about 30 million.
"""
READABLE = "a PNG, JPEG, TIFF or DICOM image"
AGAIN = "Copy or export the file again from its source, or leave the row out"
_WHITE_IS_ZERO = 0
_TIFF_BITS, _TIFF_PHOTOMETRIC = 258, 262
_BITS = {"1": 1, "I": 32, "F": 32}


def decode(reference: Reference, *, view: View | None = None) -> Sample:
    """Decode one picture at full size.

    Args:
        reference: its content is a path (str or Path) or an array (H, W),
            (H, W, 1) or (H, W, 3).
        view: which frame and window of a DICOM file; other files have neither.

    Returns:
        Values (H, W) or (H, W, 3), uint8 or float32 in 0..1; the geometry holds
        the upright shape, the spacing where the file states it, and plain facts.

    Raises:
        DataError: the file is missing, empty, cut short, too large, not a
            picture, or holds several pictures; the message names `reference.where`.
    """
    content, where = reference.content, reference.where
    if isinstance(content, np.ndarray):
        values = from_array(content, where=where)
        facts = {"format": "array", "bits": 8 * content.dtype.itemsize}
        return Sample(values, Geometry(shape=values.shape, source=facts))
    if not isinstance(content, str | Path):
        raise refusal(
            where,
            expected="a file path or an array of pixels",
            got=type(content).__name__,
            remedy="Name the column that holds the images",
        )
    try:
        with Path(content).open("rb") as stream:
            return _decode_stream(stream, where, view)
    except OSError as error:
        raise _cannot_open(error, where) from None


def refusal(where: str, *, expected: str, got: str, remedy: str = AGAIN) -> DataError:
    """The error of one unreadable picture; the arguments are those of `errors.sentence`."""
    return DataError(sentence(where, expected=expected, got=got, remedy=remedy))


def refuse_large(pixels: int, where: str) -> None:
    """Refuse a picture whose header announces more than `MAX_PIXELS`.

    Raises:
        DataError: it does; nothing has been decoded yet.
    """
    if pixels > MAX_PIXELS:
        raise _too_large(f"{pixels / 1e6:.0f} million", where)


def _too_large(announced: str, where: str) -> DataError:
    return refusal(
        where,
        expected=f"at most {MAX_PIXELS // 10**6} million pixels",
        got=f"a header that announces {announced}",
        remedy="Check where the file comes from, and export it smaller if it is sound",
    )


def grey_if_equal(values: Array) -> Array:
    """(H, W, 3) with three equal channels -> (H, W); anything else as it is."""
    if values.ndim == 3 and values.shape[2] == 3:
        first = values[..., 0]
        if np.array_equal(first, values[..., 1]) and np.array_equal(first, values[..., 2]):
            return np.ascontiguousarray(first)
    return values


def from_array(array: Array, *, where: str) -> Array:
    """Pixels given as an array -> the convention of this module.

    bool becomes 0 and 255, uint8 stays, uint16 is divided by 65535, and floats
    must lie in 0..1, since nothing else says what black and white are.

    Raises:
        DataError: another shape or dtype, or values that are not finite or not in 0..1.
    """
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)) or 0 in array.shape:
        raise refusal(
            where,
            expected="an image of shape (H, W), (H, W, 1) or (H, W, 3)",
            got=f"shape {array.shape}",
            remedy="Give one image a case, channels last",
        )
    refuse_large(array.shape[0] * array.shape[1], where)
    if array.dtype == np.bool_:
        array = array.astype(np.uint8) * np.uint8(255)
    elif array.dtype.kind == "u" and array.dtype.itemsize == 2:
        array = array.astype(np.float32) / np.float32(65535)
    elif array.dtype.kind == "f":
        array = _unit_floats(array, where)
    elif array.dtype != np.uint8:
        raise refusal(
            where,
            expected="pixels of type uint8, uint16 or float",
            got=str(array.dtype),
            remedy="Scale them to 0..255 as uint8, or to 0..1 as float32",
        )
    return grey_if_equal(array)


def _decode_stream(stream: IO[bytes], where: str, view: View | None) -> Sample:
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    kind = _kind(head)
    if kind == "DICOM":
        # Imported here: pydicom costs a tenth of a second that PNG need not pay.
        from bedside.modalities import image_dicom

        return image_dicom.decode_dicom(stream, where=where, view=view)
    if kind is None:
        got = "an empty file (0 bytes)" if not head else "a file whose content is none of these"
        raise refusal(where, expected=READABLE, got=got)
    return _decode_picture(stream, kind=kind, where=where)


def _kind(head: bytes) -> str | None:
    """Tell the format by its first bytes; None where it is none that we read.

    DICOM's own mark comes first: the free preamble before it may hold a TIFF header.
    """
    if head[MARK_AT : MARK_AT + len(MARK)] == MARK:
        return "DICOM"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head[:4] in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"):
        return "TIFF"
    return "DICOM" if looks_like_dicom(head) else None


def _cannot_open(error: OSError, where: str) -> DataError:
    reasons = {
        FileNotFoundError: ("no such file", "Correct the path or leave the row out"),
        IsADirectoryError: ("a folder", "Name one file a row"),
        PermissionError: ("a file that may not be read", "Grant read access to it"),
    }
    got, remedy = reasons.get(
        type(error), (f"an error of the disk ({type(error).__name__})", AGAIN)
    )
    return refusal(where, expected=READABLE, got=got, remedy=remedy)


def _decode_picture(stream: IO[bytes], *, kind: str, where: str) -> Sample:
    try:
        # From a stream, never a path: Pillow 13 maps a path into memory and then
        # reads a TIFF that is to be turned by a quarter in the wrong shape.
        with quiet(), Image.open(stream, formats=[kind]) as picture:
            refuse_large(picture.width * picture.height, where)
            _refuse_several(picture, kind=kind, where=where)
            facts = _facts(picture)
            picture.load()
            ImageOps.exif_transpose(picture, in_place=True)
            values = _pixels(picture, facts, where)
    except DataError:
        raise
    except Image.DecompressionBombError:
        # Pillow's own limit, higher than ours, fires before the size can be asked for.
        limit = 2 * (Image.MAX_IMAGE_PIXELS or MAX_PIXELS)
        raise _too_large(f"more than {limit // 10**6} million", where) from None
    except Exception:  # damaged files make Pillow raise nearly anything
        got = "one that is cut short, damaged or of a variant that cannot be decoded"
        raise refusal(where, expected=f"a whole {kind} file", got=got) from None
    values = grey_if_equal(values)
    return Sample(values, Geometry(shape=values.shape, source=facts))


def _refuse_several(picture: Image.Image, *, kind: str, where: str) -> None:
    pages = getattr(picture, "n_frames", 1)
    if kind != "JPEG" and pages > 1:  # the further pictures of a JPEG are previews
        raise refusal(
            where,
            expected="a file with one image",
            got=f"a {kind} with {pages} pages",
            remedy="Save the page that matters as a file of its own",
        )


def _facts(picture: Image.Image) -> dict[str, Any]:
    bits, photometric = _BITS.get(picture.mode, 8), None
    if picture.mode.startswith("I;16"):
        bits = 16
    tags = getattr(picture, "tag_v2", None)
    if tags is not None:
        bits = int(tags.get(_TIFF_BITS, (bits,))[0])
        photometric = tags.get(_TIFF_PHOTOMETRIC)
    return {
        "format": picture.format,
        "mode": picture.mode,
        "bits": bits,
        "photometric": photometric,
    }


def _pixels(picture: Image.Image, facts: dict[str, Any], where: str) -> Array:
    """Pixels of a loaded, upright picture in any mode that Pillow gives."""
    mode = picture.mode
    if mode in ("1", "L"):
        return np.array(picture.convert("L"))
    if mode.startswith("I;16") or mode == "F":
        if mode == "F":
            values = _unit_floats(np.array(picture), where)
        else:
            top = 2 ** int(facts["bits"]) - 1
            values = np.array(picture).astype(np.float32) / np.float32(top)
        # Pillow turns white-is-zero round for 8 bits and fewer only.
        return 1 - values if facts["photometric"] == _WHITE_IS_ZERO else values
    if mode == "I":
        raise refusal(
            where,
            expected="8 or 16 unsigned bits a pixel",
            got="signed or 32-bit integers, whose black and white are unknown",
            remedy="Save it as 16-bit unsigned, the same scaling for every image",
        )
    if mode in ("LA", "La", "RGBA", "RGBa", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        black = Image.new("RGBA", picture.size, (0, 0, 0, 255))
        picture = Image.alpha_composite(black, picture)
    return np.array(picture.convert("RGB"))


def _unit_floats(values: Array, where: str) -> Array:
    if not np.isfinite(values).all():
        raise refusal(
            where,
            expected="finite pixel values",
            got="NaN or infinite ones",
            remedy="Fill or cut the missing region, or leave the row out",
        )
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > 1:
        raise refusal(
            where,
            expected="float pixels in 0..1",
            got=f"the range {low:g}..{high:g}",
            remedy="Scale every image the same way to 0..1, or save 8 or 16 bits",
        )
    return values.astype(np.float32)
