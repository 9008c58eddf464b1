import io

import pytest
from pydicom import Dataset

from bedside.data.dicom_header import (
    age_in_years,
    code,
    identifying,
    looks_like_dicom,
    read_dicom,
    several,
)
from bedside.errors import DataError

from .dicom_made import image


def stream(made) -> io.BytesIO:
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    buffer.seek(0)
    return buffer


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("045Y", 45.0),
        ("006M", 0.5),
        ("010W", 0.192),
        ("007D", 0.019),
        ("000Y", 0.0),
        (" 012y ", 12.0),
        ("81", None),  # the unit is never guessed
        ("81Y", None),
        ("", None),
        (None, None),
        ("abcY", None),
    ],
)
def test_ages(text, years):
    assert age_in_years(text) == years


@pytest.mark.parametrize(
    ("head", "is_it"),
    [
        (bytes(128) + b"DICM", True),
        (b"II*\0" + bytes(124) + b"DICM", True),
        (b"\x08\x00\x05\x00CS\x0a\x00", True),
        (b"\x08\x00\x05\x00\x0a\x00\x00\x00", True),
        (b"\x00\x08\x00\x05CS\x00\x0a", True),
        (b"\x02\x00\x00\x00UL\x04\x00", True),
        (b"\x08\x00\x05\x00\x00\x00\x00\x00", False),
        (b"\x00\x08\x00\x05\x00\x00\x00\x0a", False),
        (b"\x08\x00", False),
        (b"\xff\xd8\xff\xe0" + bytes(200), False),
        (b"", False),
    ],
)
def test_told_by_content(head, is_it):
    assert looks_like_dicom(head) is is_it


def test_only_what_is_asked_for_is_read_and_no_pixels():
    header = read_dicom(stream(image(3)), where="row 1", pixels=False, tags=["PatientID"])
    assert header.PatientID == "P3"
    assert header.Rows == 8
    assert "PatientName" not in header
    assert "PixelData" not in header


@pytest.mark.parametrize("data", [bytes(128) + b"DICM" + b"rubbish" * 9, b"\x08\x00\x05\x00UL"])
def test_damaged_or_other_files_are_refused_by_row(data):
    with pytest.raises(DataError, match="row 7: expected a whole DICOM file, got one that is cut"):
        read_dicom(io.BytesIO(data), where="row 7")


def test_a_missing_transfer_syntax_is_the_one_it_was_read_with():
    made = image(1)
    buffer = io.BytesIO()
    del made.file_meta.TransferSyntaxUID
    made.save_as(buffer, implicit_vr=False, little_endian=True, enforce_file_format=False)
    header = read_dicom(buffer, where="row 1")
    assert header.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"


def test_identifying_attributes_are_named_where_they_are_filled():
    made = image(1, InstitutionName=" ", ReferringPhysicianName="House^G")
    assert identifying(made) == ("PatientName", "ReferringPhysicianName", "AccessionNumber")
    assert identifying(Dataset()) == ()


def test_codes():
    made = image(1, BodyPartExamined="JANE", Laterality="L")
    assert code(made, "BodyPartExamined") is None  # she is called so
    assert code(made, "Laterality") == "L"
    assert code(image(1, BodyPartExamined="RIBCAGE"), "BodyPartExamined") == "RIBCAGE"
    assert code(image(1, PatientName="Hand^X", BodyPartExamined="HAND"), "BodyPartExamined") == (
        "HAND"
    )
    assert code(Dataset(), "Modality") is None


def test_several():
    assert several(None) == several("") == []
    assert several("40") == ["40"]
    assert several([1, 2]) == [1, 2]
    assert several(5.0) == [5.0]
