"""The stored pixels of one DICOM frame, whatever they were compressed with.

Enters: a dataset with pixel data and the number of a frame. Leaves: its stored values,
(H, W) or (H, W, 3), YBR already turned to RGB, overlay bits cut off. pydicom decodes
with gdcm, Pillow, pylibjpeg and pyjpegls; JPEG of 12 bits and the retired progressive
forms go to gdcm directly. What a codestream says of its size must agree with the header
before anything is decoded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom import DataElement, Dataset
from pydicom.encaps import get_frame
from pydicom.pixels import pixel_array
from pydicom.uid import UID

from bedside.data.quiet_readers import no_output_of_c
from bedside.modalities.image_files import refusal

if TYPE_CHECKING:
    from bedside.schema import Array

GDCM_ALONE = ("1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.53", "1.2.840.10008.1.2.4.55")
"""JPEG Extended, Spectral Selection and Full Progression, which pydicom refuses at 12 bits."""
RLE = "1.2.840.10008.1.2.5"
_SIZE_BYTES = 1 << 16
_NO_SIZE = {0xC4, 0xC8, 0xCC}
"""Markers among SOF0..SOF15 that hold tables instead of a size."""


def stored_pixels(dataset: Dataset, *, frame: int, where: str) -> Array:
    """Decode one frame.

    Args:
        dataset: with pixel data and a checked header.
        frame: 0 for the first.
        where: names the file in messages.

    Raises:
        DataError: there are no pixels, the codestream announces another size than the
            header, or nothing here decodes it.
    """
    if "PixelData" not in dataset:
        other = {"FloatPixelData", "DoubleFloatPixelData"} & {e.keyword for e in dataset}
        raise refusal(
            where,
            expected="pixel data of 8 to 32 bits",
            got="pixels of floating point"
            if other
            else "a DICOM file without it, cut short before or inside the pixels",
        )
    syntax = dataset.file_meta.TransferSyntaxUID
    frames = frame_count(dataset)
    if not syntax.is_encapsulated:
        return _unpacked(dataset, frame if frames > 1 else None)
    try:
        stream = get_frame(dataset.PixelData, frame, number_of_frames=frames)
        _refuse_other_size(codestream_size(stream), dataset)
        if syntax in GDCM_ALONE and _precision(stream) > 8:
            return _through_gdcm(stream, dataset)
        if syntax == RLE:
            return _unpacked(dataset, frame if frames > 1 else None)
        return _one(pixel_array(dataset, index=frame if frames > 1 else None), dataset)
    except _DisagreesError as error:
        raise refusal(
            where,
            expected=f"compressed pixels of {dataset.Rows} x {dataset.Columns} as in the header",
            got=str(error),
            remedy="Check where the file comes from; its header and its pixels do not "
            "belong together",
        ) from None
    except Exception:
        raise _undecoded(syntax, where) from None


def frame_count(dataset: Dataset) -> int:
    """Number of frames as the header tells; 1 where it does not."""
    return max(1, int(dataset.get("NumberOfFrames") or 1))


def codestream_size(stream: bytes) -> tuple[int, int, int] | None:
    """(height, width, components) as the compressed picture itself tells, None where unknown.

    Reads SIZ of JPEG 2000 (ITU-T T.800 A.5.1), also inside a JP2 file, and the start of
    frame of JPEG and JPEG-LS (ITU-T T.81 B.2.2, T.87 C.2.2).
    """
    if stream[:2] != b"\xff\xd8":
        start = stream.find(b"\xff\x4f\xff\x51", 0, _SIZE_BYTES)
        if start < 0 or len(stream) < start + 42:
            return None
        right, low, left, top = (_number(stream, start + 8 + 4 * n, 4) for n in range(4))
        return low - top, right - left, _number(stream, start + 40, 2)
    spot = _start_of_frame(stream)
    if spot is None:
        return None
    return _number(stream, spot + 5, 2), _number(stream, spot + 7, 2), stream[spot + 9]


class _DisagreesError(Exception):
    """A codestream announces another size than the header."""


def _refuse_other_size(size: tuple[int, int, int] | None, dataset: Dataset) -> None:
    told = (int(dataset.Rows), int(dataset.Columns), int(dataset.get("SamplesPerPixel") or 1))
    if size is not None and size[0] and size != told:  # height 0: told only at the end
        parts = "" if size[2] == told[2] else f" in {size[2]} components instead of {told[2]}"
        raise _DisagreesError(f"pixels that announce {size[0]} x {size[1]}{parts}")


def _number(stream: bytes, start: int, length: int) -> int:
    return int.from_bytes(stream[start : start + length], "big")


def _start_of_frame(stream: bytes) -> int | None:
    """Where the start-of-frame marker of a JPEG or JPEG-LS stream stands."""
    spot = 2
    while spot + 10 <= len(stream) and stream[spot] == 0xFF:
        marker = stream[spot + 1]
        if marker == 0xFF:  # fill byte
            spot += 1
        elif (0xC0 <= marker <= 0xCF and marker not in _NO_SIZE) or marker == 0xF7:
            return spot
        else:
            spot += 2 + _number(stream, spot + 2, 2)
    return None


def _precision(stream: bytes) -> int:
    """Bits of a sample in a JPEG stream."""
    spot = _start_of_frame(stream)
    return 8 if spot is None else stream[spot + 4]


def _undecoded(syntax: UID, where: str) -> Exception:
    known = syntax.name != str(syntax)
    name = syntax.name if known else "a private transfer syntax"
    return refusal(
        where,
        expected="pixels that can be decoded",
        got=f"'{name}', cut short, damaged or of a kind that no decoder here reads",
        remedy="Export the image as 'Explicit VR Little Endian'",
    )


def _unpacked(dataset: Dataset, frame: int | None) -> Array:
    """Pixels that are stored bit for bit; pydicom cuts overlay bits off above the value only."""
    shift = int(dataset.get("HighBit", dataset.BitsStored - 1)) + 1 - int(dataset.BitsStored)
    if shift <= 0 or dataset.BitsAllocated == 1:
        return _one(pixel_array(dataset, index=frame), dataset)
    whole = dataset[:]  # a copy of the table; elements are shared: replaced, not changed
    whole.file_meta = dataset.file_meta
    allocated = int(dataset.BitsAllocated)
    for keyword, value in (("BitsStored", allocated), ("HighBit", allocated - 1)):
        whole[keyword] = DataElement(keyword, "US", value)
    whole["PixelRepresentation"] = DataElement("PixelRepresentation", "US", 0)
    raw = _one(pixel_array(whole, index=frame), dataset)
    return _low_bits(raw >> shift, dataset)


def _low_bits(raw: Array, dataset: Dataset) -> Array:
    """The lowest `BitsStored` bits as the numbers they stand for."""
    bits = int(dataset.BitsStored)
    values = raw.astype(np.int64) & ((1 << bits) - 1)
    if dataset.PixelRepresentation:
        values = values - ((values >> (bits - 1)) << bits)
    return values.astype(np.int32) if bits < 32 else values


def _one(stored: Any, dataset: Dataset) -> Array:
    """A single picture, or an error where more frames were found than the header announced."""
    if stored.ndim > 2 + (int(dataset.get("SamplesPerPixel") or 1) > 1):
        raise _DisagreesError(f"{stored.shape[0]} frames where the header announces one")
    return np.asarray(stored)


def _through_gdcm(stream: bytes, dataset: Dataset) -> Array:
    """Decode grey JPEG of more than 8 bits with gdcm, as pydicom would if it let it."""
    import gdcm

    if int(dataset.get("SamplesPerPixel") or 1) != 1 or dataset.BitsAllocated != 16:
        raise ValueError("only grey of 16 bits allocated")
    fragment, fragments = gdcm.Fragment(), gdcm.SequenceOfFragments.New()
    fragment.SetByteStringValue(stream)
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((int(dataset.Columns), int(dataset.Rows), 1))
    image.SetDataElement(element)
    kind = gdcm.PhotometricInterpretation.GetPIType(str(dataset.PhotometricInterpretation))
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    syntax = gdcm.TransferSyntax.GetTSType(str.__str__(dataset.file_meta.TransferSyntaxUID))
    image.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    bits = _precision(stream)
    image.SetPixelFormat(gdcm.PixelFormat(1, 16, bits, bits - 1, 0))
    with no_output_of_c():  # it tries 8 bits first, and complains aloud
        pixels = image.GetBuffer()
    # gdcm hands out char* as text.
    values = np.frombuffer(pixels.encode("utf-8", "surrogateescape"), "<u2")
    return _low_bits(values.reshape(int(dataset.Rows), int(dataset.Columns)), dataset)
