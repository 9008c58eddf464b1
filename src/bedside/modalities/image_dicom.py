"""One plain DICOM file -> pixels as a screen would show them.

Enters: an open file. Leaves: a `Sample` as `image_files` promises it. Grey goes
through the pipeline of DICOM PS3.3 C.11: modality table or rescale, then the
first VOI table or window, then MONOCHROME1 turned round so that black is 0.
Where the file states no window, 0 and 1 are the ends of what its stored bits
can hold after the rescale: unlike the range of the pixels found, that is the
same for every file of one device. Bits stored up to 8 give uint8, more float32.

The header's Modality and BodyPartExamined are often wrong and are not looked at.
"""

from __future__ import annotations

import zlib
from typing import IO, Any

import numpy as np
from pydicom import Dataset, dcmread
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi, pixel_array
from pydicom.pixels.processing import apply_windowing
from pydicom.uid import DeflatedExplicitVRLittleEndian

from bedside.errors import DataError
from bedside.modalities.image_files import (
    MAX_PIXELS,
    grey_if_equal,
    quiet,
    refusal,
    refuse_large,
)
from bedside.schema import Array, Geometry, Sample

GREY = ("MONOCHROME1", "MONOCHROME2")
COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
PALETTE = "PALETTE COLOR"
_META_BYTES = 1024
_META_LENGTH = slice(140, 144)  # value of (0002,0000), after preamble, DICM and its header
_INFLATE_STEP = 1 << 20


def decode_dicom(stream: IO[bytes], *, where: str) -> Sample:
    """Decode one single-frame DICOM file at full size.

    Raises:
        DataError: damaged, cut short, without pixels, of several frames, too
            large, or in a transfer syntax that nothing here decodes.
    """
    try:
        with quiet():
            _refuse_inflated(stream, where)
            _check_header(dcmread(stream, stop_before_pixels=True), where)
            stream.seek(0)
            dataset = dcmread(stream)
            values = grey_if_equal(_shown(_stored(dataset, where), dataset, where))
            geometry = _geometry(values, dataset)
    except DataError:
        raise
    except Exception:  # damaged files make pydicom raise nearly anything
        got = "one that is cut short, damaged or breaks the standard"
        raise refusal(where, expected="a whole DICOM file", got=got) from None
    return Sample(values, geometry)


def _refuse_inflated(stream: IO[bytes], where: str) -> None:
    """Refuse a deflated file that unfolds beyond reason, before pydicom unfolds it whole."""
    head = stream.read(_META_BYTES)
    if str(DeflatedExplicitVRLittleEndian).encode() in head:
        stream.seek(_META_LENGTH.stop + int.from_bytes(head[_META_LENGTH], "little"))
        inflator, total = zlib.decompressobj(-zlib.MAX_WBITS), 0
        while block := inflator.unconsumed_tail or stream.read(_INFLATE_STEP):
            total += len(inflator.decompress(block, _INFLATE_STEP))
            if total > 8 * MAX_PIXELS:
                raise refusal(
                    where,
                    expected=f"at most {8 * MAX_PIXELS // 10**6} MB once inflated",
                    got="more",
                    remedy="Check where the file comes from",
                )
    stream.seek(0)


def _check_header(header: Dataset, where: str) -> None:
    """Refuse by the header alone what must not, or cannot, be decoded."""
    rows, columns = int(header.get("Rows") or 0), int(header.get("Columns") or 0)
    if not rows or not columns:
        raise refusal(
            where,
            expected="a DICOM image",
            got="a DICOM file without an image (no rows and columns)",
            remedy="Leave reports, structure sets and the like out",
        )
    frames = int(header.get("NumberOfFrames") or 1)
    refuse_large(rows * columns * frames, where)
    if frames > 1:
        raise _several(frames, where)
    photometric = header.get("PhotometricInterpretation")
    if photometric not in (*GREY, *COLOUR, PALETTE):
        raise refusal(
            where,
            expected=f"a photometric interpretation of {', '.join((*GREY, *COLOUR, PALETTE))}",
            got="another one",
            remedy="Export the image as MONOCHROME2 or RGB",
        )


def _several(frames: int, where: str) -> DataError:
    return refusal(
        where,
        expected="a DICOM file with one frame",
        got=f"{frames} frames",
        remedy="Export the frame that matters as a file of its own",
    )


def _stored(dataset: Dataset, where: str) -> Array:
    """Stored pixel values, (H, W) or (H, W, 3), YBR already turned to RGB."""
    if "PixelData" not in dataset:
        raise refusal(
            where,
            expected="pixel data of 8 to 32 bits",
            got="a DICOM file without it, cut short before or inside the pixels",
        )
    syntax = dataset.file_meta.TransferSyntaxUID
    try:
        stored: Array = pixel_array(dataset)
    except Exception:
        if not syntax.is_encapsulated:
            raise
        known = syntax.name != str(syntax)
        name = syntax.name if known else "a private transfer syntax"
        raise refusal(
            where,
            expected="pixels that can be decoded",
            got=f"'{name}', damaged or of a kind that no decoder here reads",
            remedy="Export the image as 'Explicit VR Little Endian'",
        ) from None
    samples = int(dataset.get("SamplesPerPixel") or 1)
    if stored.ndim > 2 + (samples > 1):  # more frames were found than the header announced
        raise _several(stored.shape[0], where)
    return stored


def _shown(stored: Array, dataset: Dataset, where: str) -> Array:
    """Stored values -> what a screen shows, uint8 or float32 in 0..1."""
    photometric, bits = dataset.PhotometricInterpretation, int(dataset.BitsStored)
    if photometric == PALETTE:
        shown = _through_palette(stored, dataset, where)
    elif photometric in COLOUR:
        shown = stored / (2.0**bits - 1)
    else:
        shown = _grey(stored, dataset, where)
        if photometric == "MONOCHROME1":
            shown = 1 - shown
    shown = np.clip(shown, 0, 1)
    # At most 256 different values were stored, so 8 bits lose next to nothing.
    return np.rint(shown * 255).astype(np.uint8) if bits <= 8 else shown.astype(np.float32)


def _grey(stored: Array, dataset: Dataset, where: str) -> Array:
    """Modality and VOI transforms of a grey image -> float64, 0..1 but for stray values."""
    bits = int(dataset.BitsStored)
    low = -(2.0 ** (bits - 1)) if dataset.PixelRepresentation else 0.0
    high = low + 2.0**bits - 1
    if dataset.get("ModalityLUTSequence"):
        low, high = 0.0, _widen(dataset.ModalityLUTSequence[0])
        values = apply_modality_lut(stored.astype(np.int32), dataset).astype(np.float64)
    else:
        slope = _number(dataset, "RescaleSlope", 1)
        intercept = _number(dataset, "RescaleIntercept", 0)
        if not slope or not np.isfinite([slope, intercept]).all():
            raise refusal(
                where,
                expected="a finite rescale other than 0",
                got=f"slope {slope:g}, intercept {intercept:g}",
            )
        values = stored * slope + intercept
        # A negative slope turns the picture round, so the ends change places.
        low, high = sorted((low * slope + intercept, high * slope + intercept))
    if dataset.get("VOILUTSequence"):
        top = _widen(dataset.VOILUTSequence[0])
        return np.asarray(apply_voi(np.rint(values).astype(np.int32), dataset) / top)
    if dataset.get("WindowCenter") is not None and dataset.get("WindowWidth") is not None:
        return _windowed(values, dataset, where)
    return np.asarray((values - low) / (high - low))


def _number(dataset: Dataset, keyword: str, default: float) -> float:
    value = dataset.get(keyword)
    return default if value is None else float(value)


def _widen(item: Dataset) -> float:
    """Let pydicom look a table up in 16 bits, and say the table's top value.

    pydicom holds indices in the type of the entries, so 8-bit entries for more
    than 256 inputs would wrap round, and 10 to 15 bits would name no type.
    """
    entries, first, depth = (int(n) for n in item.LUTDescriptor)
    item.LUTDescriptor = [entries, first, 16]
    return 2.0**depth - 1


def _windowed(values: Array, dataset: Dataset, where: str) -> Array:
    """The first window, LINEAR, LINEAR_EXACT or SIGMOID (PS3.3 C.11.2.1.2) -> 0..1."""
    center, width = (_first(dataset[name].value) for name in ("WindowCenter", "WindowWidth"))
    function = str(dataset.get("VOILUTFunction") or "LINEAR").upper()
    if not np.isfinite([center, width]).all() or width < (1 if function == "LINEAR" else 1e-9):
        raise refusal(
            where,
            expected="a VOI window of positive width (at least 1 if linear)",
            got=f"width {width:g}",
            remedy="Correct or remove the window in the header",
        )
    # A one-bit unsigned image without rescale: pydicom then writes the window to 0..1.
    unit = Dataset()
    unit.PhotometricInterpretation, unit.BitsStored, unit.PixelRepresentation = GREY[1], 1, 0
    unit.WindowCenter, unit.WindowWidth, unit.VOILUTFunction = center, width, function
    return np.asarray(apply_windowing(values, unit))


def _first(value: Any) -> float:
    return float(value if isinstance(value, str | int | float) else value[0])


def _through_palette(stored: Array, dataset: Dataset, where: str) -> Array:
    """PALETTE COLOR -> (H, W, 3) float64 in 0..1."""
    entries, first, depth = (int(n) for n in dataset.RedPaletteColorLookupTableDescriptor)
    entries = entries or 2**16
    if depth == 8 and entries > 256:
        raise refusal(
            where,
            expected="a palette of at most 256 entries of 8 bits",
            got=f"{entries} entries",
            remedy="Export the image as RGB",
        )
    # pydicom clips after narrowing to the entries' type, which would wrap round.
    inside = np.clip(stored.astype(np.int32), first, first + entries - 1)
    colours = apply_color_lut(inside, dataset)[..., :3]
    deep = depth == 16 or int(colours.max(initial=0)) > 255
    return np.asarray(colours / (65535.0 if deep else 255.0))


def _geometry(values: Array, dataset: Dataset) -> Geometry:
    facts = {
        "format": "DICOM",
        "photometric": str(dataset.PhotometricInterpretation),
        "bits": int(dataset.BitsStored),
        "windowed": bool(dataset.get("VOILUTSequence"))
        or (dataset.get("WindowCenter") is not None and dataset.get("WindowWidth") is not None),
    }
    return Geometry(shape=values.shape, spacing_mm=_spacing(dataset), source=facts)


def _spacing(dataset: Dataset) -> tuple[float, ...] | None:
    """Row and column spacing in mm: at the patient, else at the detector, else None."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        value = dataset.get(keyword)
        if value is not None and not isinstance(value, str) and len(value) == 2:
            spacing = tuple(float(step) for step in value)
            if np.isfinite(spacing).all() and min(spacing) > 0:
                return spacing
    return None
