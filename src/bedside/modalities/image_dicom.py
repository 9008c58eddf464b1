"""One DICOM image -> pixels as a screen would show them, and plain facts of its header.

Enters: an open file. Leaves: a `Sample` as `image_files` promises it. Decoding lives in
`image_dicom_codec`, the way to the screen in `image_dicom_display`; here the header is
checked before anything is decoded, one frame is chosen, and the geometry is read.

The header's Modality, BodyPartExamined and the like are often wrong: nothing here obeys
them, they travel as facts for the audit. Overlays are left out, drawn or embedded.
"""

from __future__ import annotations

import math
from sys import intern
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from pydicom import Dataset

from bedside.data.dicom_header import CODES, code, damaged, identifying, read_dicom, several
from bedside.data.quiet_readers import quiet
from bedside.errors import DataError
from bedside.modalities.image_dicom_codec import frame_count, stored_pixels
from bedside.modalities.image_dicom_display import (
    COLOUR,
    GREY,
    PALETTE,
    padding,
    shown,
    window_count,
    window_told,
)
from bedside.modalities.image_files import grey_if_equal, refusal, refuse_large
from bedside.modalities.image_view import View
from bedside.schema import Geometry, Sample

if TYPE_CHECKING:
    from bedside.modalities.image_view import Frame
    from bedside.schema import Array

FRAME_GROUPS = (
    "FrameVOILUTSequence",
    "PixelValueTransformationSequence",
    "PixelMeasuresSequence",
    "FrameAnatomySequence",
)
"""Where enhanced objects keep, for each frame, what plain ones keep at the top."""
_PER_FRAME = (
    *("WindowCenter", "WindowWidth", "VOILUTSequence", "VOILUTFunction"),
    *("RescaleSlope", "RescaleIntercept", "PixelSpacing", "FrameLaterality"),
)
_PIXEL_FORM = ("SamplesPerPixel", "BitsAllocated", "BitsStored", "PixelRepresentation")
_PALETTE_FORM = tuple(
    f"{colour}PaletteColorLookupTableDescriptor" for colour in ("Red", "Green", "Blue")
)
_HIDDEN = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_OVERLAYS = range(0x6000, 0x6020, 2)


def decode_dicom(stream: IO[bytes], *, where: str, view: View | None = None) -> Sample:
    """Decode one frame of a DICOM file at full size.

    Raises:
        DataError: damaged, cut short, without pixels, of several frames while the view
            names none, too large, or in a transfer syntax that nothing here decodes.
    """
    view = view or View()
    try:
        with quiet():
            header = read_dicom(stream, where=where, pixels=False)
            frame = _check_header(header, view, where)
            dataset = read_dicom(stream, where=where)
            stored = stored_pixels(dataset, frame=frame, where=where)
            own = _header_of(dataset, frame)
            values = grey_if_equal(shown(stored, own, window=view.window, where=where))
            facts = _facts(dataset, own, view) | _picture_facts(stored, own, frame, dataset)
            geometry = Geometry(shape=values.shape, spacing_mm=_spacing(own), source=facts)
    except DataError:
        raise
    except Exception:  # damaged files make pydicom raise nearly anything
        raise damaged(where) from None
    return Sample(values, geometry)


def _check_header(header: Dataset, view: View, where: str) -> int:
    """Refuse by the header alone what must not, or cannot, be decoded; the frame to read."""
    rows, columns = int(header.get("Rows") or 0), int(header.get("Columns") or 0)
    if not rows or not columns:
        raise refusal(
            where,
            expected="a DICOM image",
            got="a DICOM file without an image (no rows and columns)",
            remedy="Leave reports, structure sets and the like out",
        )
    frames = frame_count(header)
    refuse_large(rows * columns * (1 if view.frame else frames), where)
    photometric = header.get("PhotometricInterpretation")
    if photometric not in (*GREY, *COLOUR, PALETTE):
        raise refusal(
            where,
            expected=f"a photometric interpretation of {', '.join((*GREY, *COLOUR, PALETTE))}",
            got="another one",
            remedy="Export the image as MONOCHROME2 or RGB",
        )
    needed = (*_PIXEL_FORM, *(_PALETTE_FORM if photometric == PALETTE else ()))
    if missing := [keyword for keyword in needed if header.get(keyword) is None]:
        raise refusal(
            where,
            expected="a header that tells the form of the pixels",
            got=f"one without {', '.join(missing)}",
            remedy="Export the image again from its source",
        )
    samples = int(header.get("SamplesPerPixel") or 1)
    if samples != (3 if photometric in COLOUR else 1):
        raise refusal(
            where,
            expected=f"{3 if photometric in COLOUR else 1} values a pixel for {photometric}",
            got=f"a header that announces {samples}",
            remedy="Export the image again; its header contradicts itself",
        )
    return _chosen(view.frame, frames, where)


def _chosen(frame: Frame | None, frames: int, where: str) -> int:
    """The frame to read, 0 for the first."""
    if frame is None and frames > 1:
        raise refusal(
            where,
            expected="a DICOM file with one frame",
            got=f"{frames} frames",
            remedy="Set the input's frame to first, middle or a number, or export the frame "
            "that matters as a file of its own",
        )
    if isinstance(frame, int):
        if frame > frames:
            raise refusal(
                where,
                expected=f"at least {frame} frames, as the input's frame asks",
                got=str(frames),
                remedy="Set the input's frame to first or middle, or leave the row out",
            )
        return frame - 1
    return frames // 2 if frame == "middle" else 0


def _header_of(dataset: Dataset, frame: int) -> Any:
    """The header that holds for one frame, without pixels, functional groups merged in."""
    own = dataset[:]  # a copy of the table; elements are shared: replaced, never changed
    own.file_meta = dataset.file_meta
    for keyword in _HIDDEN:
        own.pop(keyword, None)
    shared = several(dataset.get("SharedFunctionalGroupsSequence"))[:1]
    each = several(dataset.get("PerFrameFunctionalGroupsSequence"))[frame : frame + 1]
    for group in [*shared, *each]:
        for name in FRAME_GROUPS:
            for item in several(group.get(name))[:1]:
                for keyword in _PER_FRAME:
                    if keyword in item:
                        own[keyword] = item[keyword]
    return own


def _facts(dataset: Dataset, own: Dataset, view: View) -> dict[str, Any]:
    """What the header says, as plain values that name no patient; what it leaves out is absent."""
    codes = {name: code(own, keyword) for name, keyword in CODES.items()}
    codes["laterality"] = codes["laterality"] or code(own, "FrameLaterality")
    facts: dict[str, Any] = {
        "format": "DICOM",
        "photometric": str(own.PhotometricInterpretation),
        "bits": int(own.BitsStored),
        "syntax": str(dataset.file_meta.TransferSyntaxUID.name),
        "windows": window_count(own),
        "window": window_told(own, view.window),
        "rescaled": "RescaleSlope" in own or bool(own.get("ModalityLUTSequence")),
        "sliced": any(word in own for word in ("ImagePositionPatient", "SliceThickness"))
        or "PerFrameFunctionalGroupsSequence" in own,
        "identifying": identifying(own),
    }
    facts["windowed"] = facts["window"] != "none"
    written = {name: intern(value) for name, value in codes.items() if value}
    unreadable = sorted(
        keyword for name, keyword in CODES.items() if not codes[name] and own.get(keyword)
    )
    return facts | written | ({"no_codes": tuple(unreadable)} if unreadable else {})


def _picture_facts(stored: Array, own: Dataset, frame: int, dataset: Dataset) -> dict[str, Any]:
    """Facts of the picture itself: frame, padding, pixel form, overlays."""
    facts: dict[str, Any] = {}
    frames = frame_count(dataset)
    if frames > 1:
        facts |= {"frames": frames, "frame": frame + 1}
    overlays = sum((group, 0x3000) in own or (group, 0x0010) in own for group in _OVERLAYS)
    if overlays:
        facts["overlays"] = overlays
    if stored.ndim == 2 and own.PhotometricInterpretation in GREY:
        share = float(np.mean(padding(stored, own)))
        if share:
            facts["padding"] = round(share, 4)
    aspect = _aspect(own)
    if not math.isclose(aspect, 1, rel_tol=1e-3):
        facts["aspect"] = round(aspect, 5)
    return facts


def _spacing(own: Dataset) -> tuple[float, ...] | None:
    """Row and column spacing in mm: at the patient, else at the detector, else None."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        if (spacing := _pair(own, keyword)) is not None:
            return spacing
    return None


def _aspect(own: Dataset) -> float:
    """Height of a pixel over its width; 1 where nothing says so."""
    pair = _spacing(own) or _pair(own, "PixelAspectRatio") or (1.0, 1.0)
    return pair[0] / pair[1]


def _pair(own: Dataset, keyword: str) -> tuple[float, ...] | None:
    """Two positive numbers of the header, None where it holds no such."""
    value = several(own.get(keyword))
    if len(value) != 2:
        return None
    pair = tuple(float(step) for step in value)
    return pair if np.isfinite(pair).all() and min(pair) > 0 else None
