"""DICOM headers: told by their content, read whatever their outer form, never believed blindly.

Enters: an open file. Leaves: a pydicom `Dataset` with a transfer syntax, and the plain
facts of it that name no patient. pydicom is imported when a file is read, since telling
the kind of a file must cost nothing.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection, Sequence
from typing import IO, TYPE_CHECKING, Any

from bedside.data.dicom_terms import TERMS
from bedside.data.quiet_readers import quiet
from bedside.errors import DataError, sentence

if TYPE_CHECKING:
    from pydicom import Dataset

MARK, MARK_AT = b"DICM", 128
HEAD_BYTES = MARK_AT + len(MARK)
MAX_INFLATED = 800_000_000
"""Bytes that a deflated file may unfold to."""
IDENTIFYING = (
    "PatientName", "PatientBirthDate", "PatientAddress", "PatientTelephoneNumbers",
    "OtherPatientIDs", "OtherPatientIDsSequence", "OtherPatientNames", "PatientMotherBirthName",
    "PatientBirthName", "MilitaryRank", "EthnicGroup", "PatientReligiousPreference",
    "PatientComments", "AdditionalPatientHistory", "ReferringPhysicianName", "PhysiciansOfRecord",
    "PerformingPhysicianName", "OperatorsName", "NameOfPhysiciansReadingStudy",
    "RequestingPhysician", "ResponsiblePerson", "InstitutionName", "InstitutionAddress",
    "InstitutionalDepartmentName", "AccessionNumber", "DeviceSerialNumber", "StationName",
)  # fmt: skip
"""Attributes that name a patient, a person or a place (after PS3.15 table E.1-1)."""
CODES = {
    "modality": "Modality",
    "body_part": "BodyPartExamined",
    "view_position": "ViewPosition",
    "patient_position": "PatientPosition",
    "laterality": "Laterality",
    "image_laterality": "ImageLaterality",
    "burned_in": "BurnedInAnnotation",
    "presentation": "PresentationLUTShape",
}
_META_BYTES = 1024
_META_LENGTH = slice(140, 144)  # value of (0002,0000), after preamble, mark and its header
_INFLATE_STEP = 1 << 20
_DEFLATED = b"1.2.840.10008.1.2.1.99"
_GROUPS = (2, 8)
_SHORT = 64
_VR = re.compile(rb"AE|CS|DA|DT|LO|OB|PN|SH|SQ|TM|UI|UL|US")
_CODE = re.compile(r"[A-Z0-9_ -]{1,16}")
_AGE = re.compile(r"(\d{3})([DWMY])")
_YEARS = {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1.0}


def looks_like_dicom(head: bytes) -> bool:
    """Tell a DICOM file by its first `HEAD_BYTES` bytes, with the preamble and mark or without.

    Without them, the file must begin with an element of group 0002 or 0008 of plausible
    form; whether it really is DICOM shows when it is read.
    """
    if head[MARK_AT:HEAD_BYTES] == MARK:
        return True
    for order in ("little", "big"):
        if int.from_bytes(head[:2], order) in _GROUPS and len(head) >= 8:
            explicit = _VR.fullmatch(head[4:6]) is not None
            implicit = order == "little" and 0 < int.from_bytes(head[4:8], "little") <= _SHORT
            if explicit or implicit:
                return True
    return False


def read_dicom(
    stream: IO[bytes], *, where: str, pixels: bool = True, tags: Collection[str] = ()
) -> Dataset:
    """Read a file from its start, with or without preamble, meta header or transfer syntax.

    Args:
        stream: open for reading, able to seek.
        where: names the file in messages.
        pixels: False stops before the pixel data.
        tags: keywords to keep; all where empty.

    Raises:
        DataError: it unfolds beyond reason, is cut short or damaged, or is not DICOM.
    """
    from pydicom import dcmread

    stream.seek(0)
    marked = stream.read(HEAD_BYTES)[MARK_AT:] == MARK
    _refuse_inflated(stream, where)
    wanted: list[str | int] = [*tags, *_NEEDED] if tags else []
    try:
        with quiet():
            dataset = dcmread(
                stream,
                force=not marked,
                stop_before_pixels=not pixels,
                specific_tags=wanted or None,
            )
            _complete(dataset)
            genuine = _is_genuine(dataset, marked=marked)
    except Exception:  # damaged files make pydicom raise nearly anything
        raise damaged(where) from None
    if not genuine:
        raise damaged(where)
    return dataset


def damaged(where: str) -> DataError:
    """The error of a file that is not, or no longer, DICOM."""
    return DataError(
        sentence(
            where,
            expected="a whole DICOM file",
            got="one that is cut short, damaged or breaks the standard",
            remedy="Copy or export the file again from its source, or leave the row out",
        )
    )


def code(dataset: Dataset, keyword: str) -> str | None:
    """A code string of the header, None where it is blank or has no such form.

    A value that also stands in the patient's name or id, and is none of the standard's
    terms, is no code: someone typed it into the wrong field.
    """
    value = _text(dataset.get(keyword)).upper()
    if not _CODE.fullmatch(value):
        return None
    if value in TERMS.get(keyword, ()):
        return value
    patient = f"{_text(dataset.get('PatientName'))}^{_text(dataset.get('PatientID'))}".upper()
    return None if value in re.split(r"[\^=\s,]+", patient) else value


def identifying(dataset: Dataset) -> tuple[str, ...]:
    """Keywords, never values, of the attributes that name a person or a place and are filled."""
    return tuple(word for word in IDENTIFYING if word in dataset and _filled(dataset, word))


def age_in_years(text: object) -> float | None:
    """``045Y`` -> 45.0, also days, weeks and months; None where it has no unit or other form."""
    found = _AGE.fullmatch(_text(text).upper())
    return round(int(found[1]) * _YEARS[found[2]], 3) if found else None


def several(value: object) -> list[Any]:
    """The values of an element that may hold none, one or several."""
    if value is None or value == "":
        return []
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return list(value)
    return [value]


_NEEDED = ("SOPClassUID", "Rows", "Columns", "Modality", "BitsAllocated")


def _text(value: object) -> str:
    return "" if value is None else str(value).strip(" \0")


def _filled(dataset: Dataset, keyword: str) -> bool:
    value = dataset.get(keyword)
    return bool(value) and bool(_text(value))


def _is_genuine(dataset: Dataset, *, marked: bool) -> bool:
    """Whether what was read is DICOM and not some bytes that look like it."""
    if marked and ("Rows" in dataset or "MediaStorageSOPClassUID" in dataset.file_meta):
        return True
    known = str(dataset.get("SOPClassUID", "")).startswith("1.2.840.10008.")
    picture = all(word in dataset for word in ("Rows", "Columns", "BitsAllocated"))
    return known or (picture and "Modality" in dataset)


def _complete(dataset: Dataset) -> None:
    """Give a file that lacks its transfer syntax the one it was read with."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

    if getattr(dataset, "file_meta", None) is None:
        dataset.file_meta = FileMetaDataset()
    if "TransferSyntaxUID" not in dataset.file_meta:
        implicit, little = dataset.original_encoding
        plain = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
        dataset.file_meta.TransferSyntaxUID = plain if little else ExplicitVRBigEndian


def _refuse_inflated(stream: IO[bytes], where: str) -> None:
    """Refuse a deflated file that unfolds beyond reason, before pydicom unfolds it whole."""
    stream.seek(0)
    head = stream.read(_META_BYTES)
    if _DEFLATED in head:
        stream.seek(_META_LENGTH.stop + int.from_bytes(head[_META_LENGTH], "little"))
        inflator, total = zlib.decompressobj(-zlib.MAX_WBITS), 0
        try:
            while block := inflator.unconsumed_tail or stream.read(_INFLATE_STEP):
                total += len(inflator.decompress(block, _INFLATE_STEP))
                if total > MAX_INFLATED:
                    break
        except zlib.error:
            raise damaged(where) from None
        if total > MAX_INFLATED:
            raise DataError(
                sentence(
                    where,
                    expected=f"at most {MAX_INFLATED // 10**6} MB once inflated",
                    got="more",
                    remedy="Check where the file comes from",
                )
            )
    stream.seek(0)
