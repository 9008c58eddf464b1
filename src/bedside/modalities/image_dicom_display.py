"""Stored DICOM values -> what a screen shows.

Enters: the stored values of one frame and the header that holds for it. Leaves: uint8, or
float32 in 0..1, black = 0. Grey goes through the pipeline of DICOM PS3.3 C.11: modality
table or rescale, then one VOI table or window, then MONOCHROME1 turned round; padding
becomes black. Without a window, 0 and 1 are the ends of what the stored bits can hold
after the rescale: unlike the range of the pixels found, that is the same for every file
of one device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom import Dataset
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi
from pydicom.pixels.processing import apply_windowing

from bedside.data.dicom_header import several
from bedside.modalities.image_files import refusal

if TYPE_CHECKING:
    from bedside.modalities.image_view import Window
    from bedside.schema import Array

GREY = ("MONOCHROME1", "MONOCHROME2")
COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
PALETTE = "PALETTE COLOR"
FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")
"""How a window may be meant."""


def shown(stored: Array, header: Dataset, *, window: Window, where: str) -> Array:
    """Stored values -> uint8 for up to 8 bits stored, else float32 in 0..1.

    Args:
        stored: (H, W) or (H, W, 3).
        header: what holds for this frame, functional groups merged in.
        window: of grey images; see `image_view.View`.
        where: names the file in messages.

    Raises:
        DataError: a rescale, window or palette that cannot be, or a window not there.
    """
    photometric, bits = header.PhotometricInterpretation, int(header.BitsStored)
    if photometric == PALETTE:
        values = _through_palette(stored, header, where)
    elif photometric in COLOUR:
        values = stored / (2.0**bits - 1)
    else:
        values = _grey(stored, header, window=window, where=where)
        if photometric == "MONOCHROME1":
            values = 1 - values
        values[padding(stored, header)] = 0
    values = np.clip(values, 0, 1)
    # At most 256 different values were stored, so 8 bits lose next to nothing.
    return np.rint(values * 255).astype(np.uint8) if bits <= 8 else values.astype(np.float32)


def padding(stored: Array, header: Dataset) -> Array:
    """Where pixels were filled in outside the picture (PS3.3 C.7.5.1.1.2), (H, W) bool."""
    low = header.get("PixelPaddingValue")
    if low is None or low == "":
        return np.zeros(stored.shape, dtype=bool)
    high = header.get("PixelPaddingRangeLimit")
    low, high = sorted((int(low), int(low if high is None or high == "" else high)))
    return np.asarray((stored >= low) & (stored <= high))


def window_count(header: Dataset) -> int:
    """How many windows the header offers."""
    centers, widths = (several(header.get(name)) for name in ("WindowCenter", "WindowWidth"))
    return min(len(centers), len(widths))


def window_told(header: Dataset, window: Window) -> str:
    """Which window is used, in words: ``given``, ``table``, ``first of 2``, ``none``."""
    count = window_count(header)
    if header.PhotometricInterpretation not in GREY or window == "full":
        return "none"
    if isinstance(window, tuple):
        return "given"
    if isinstance(window, int):
        return f"number {window} of {count}"
    if header.get("VOILUTSequence"):
        return "table"
    return f"first of {count}" if count else "none"


def _grey(stored: Array, header: Dataset, *, window: Window, where: str) -> Array:
    """Modality and VOI transforms of a grey image -> float64, 0..1 but for stray values."""
    values, (low, high) = _rescaled(stored, header, where)
    if isinstance(window, tuple):
        return _windowed(values, *window, function="LINEAR", where=where)
    if isinstance(window, int) and window > window_count(header):
        raise refusal(
            where,
            expected=f"at least {window} windows in the header",
            got=str(window_count(header)),
            remedy="Set the input's window to first, full or [center, width]",
        )
    if window == "first" and header.get("VOILUTSequence"):
        table = header.VOILUTSequence[0]
        top = _widen(table)
        return np.asarray(apply_voi(np.rint(values).astype(np.int32), header) / top)
    if window != "full" and window_count(header):
        number = window - 1 if isinstance(window, int) else 0
        center, width = (
            float(several(header[name].value)[number]) for name in ("WindowCenter", "WindowWidth")
        )
        function = str(header.get("VOILUTFunction") or "LINEAR").upper()
        if function not in FUNCTIONS:
            raise refusal(
                where,
                expected=f"a VOI function of {', '.join(FUNCTIONS)}",
                got="another one",
                remedy="Set the input's window to full or [center, width], or correct the header",
            )
        return _windowed(values, center, width, function=function, where=where)
    return np.asarray((values - low) / (high - low))


def _rescaled(stored: Array, header: Dataset, where: str) -> tuple[Array, tuple[float, float]]:
    """Values in the modality's units, float64, and the ends of what the bits can hold."""
    bits = int(header.BitsStored)
    low = -(2.0 ** (bits - 1)) if header.PixelRepresentation else 0.0
    high = low + 2.0**bits - 1
    if header.get("ModalityLUTSequence"):
        top = _widen(header.ModalityLUTSequence[0])
        values = apply_modality_lut(stored.astype(np.int32), header).astype(np.float64)
        return values, (0.0, top)
    slope = _number(header, "RescaleSlope", 1)
    intercept = _number(header, "RescaleIntercept", 0)
    if not slope or not np.isfinite([slope, intercept]).all():
        raise refusal(
            where,
            expected="a finite rescale other than 0",
            got=f"slope {slope:g}, intercept {intercept:g}",
        )
    # A negative slope turns the picture round, so the ends change places.
    low, high = sorted((low * slope + intercept, high * slope + intercept))
    return stored * slope + intercept, (low, high)


def _number(header: Dataset, keyword: str, default: float) -> float:
    value = header.get(keyword)
    return default if value is None or value == "" else float(value)


def _widen(item: Dataset) -> float:
    """Let pydicom look a table up in 16 bits, and say the table's top value.

    pydicom holds indices in the type of the entries, so 8-bit entries for more
    than 256 inputs would wrap round, and 10 to 15 bits would name no type.
    """
    entries, first, depth = (int(n) for n in item.LUTDescriptor)
    item.LUTDescriptor = [entries, first, 16]
    return 2.0**depth - 1


def _windowed(values: Array, center: float, width: float, *, function: str, where: str) -> Array:
    """One window, LINEAR, LINEAR_EXACT or SIGMOID (PS3.3 C.11.2.1.2) -> 0..1."""
    if not np.isfinite([center, width]).all() or width < (1 if function == "LINEAR" else 1e-9):
        raise refusal(
            where,
            expected="a VOI window of positive width (at least 1 if linear)",
            got=f"width {width:g}",
            remedy="Set the input's window to full or [center, width], or correct the header",
        )
    # A one-bit unsigned image without rescale: pydicom then writes the window to 0..1.
    unit = Dataset()
    unit.PhotometricInterpretation, unit.BitsStored, unit.PixelRepresentation = GREY[1], 1, 0
    unit.WindowCenter, unit.WindowWidth, unit.VOILUTFunction = center, width, function
    return np.asarray(apply_windowing(values, unit))


def _through_palette(stored: Array, header: Dataset, where: str) -> Array:
    """PALETTE COLOR -> (H, W, 3) float64 in 0..1."""
    entries, first, depth = (int(n) for n in header.RedPaletteColorLookupTableDescriptor)
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
    colours: Any = apply_color_lut(inside, header)[..., :3]
    deep = depth == 16 or int(colours.max(initial=0)) > 255
    return np.asarray(colours / (65535.0 if deep else 255.0))
