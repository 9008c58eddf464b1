"""One DICOM file as a whole: what is refused, which frame, which facts, which outer form."""

from __future__ import annotations

import io
import logging
import zlib

import numpy as np
import pytest
from pydicom import Dataset, Sequence, dcmwrite
from pydicom.uid import DeflatedExplicitVRLittleEndian

from bedside.data import dicom_header
from bedside.modalities.image import Image
from bedside.modalities.image_files import decode
from bedside.schema import Reference

from .dicom_made import STORED, WHERE, as_bytes, dataset, written


def test_without_a_window_the_stored_bits_are_the_range(shown):
    sample = shown(dataset())
    assert sample.values.dtype == np.float32
    np.testing.assert_allclose(sample.values, STORED / 4095, atol=1e-7)
    assert sample.geometry.shape == (2, 3)
    assert sample.geometry.source == {
        "format": "DICOM",
        "photometric": "MONOCHROME2",
        "bits": 12,
        "syntax": "Explicit VR Little Endian",
        "windows": 0,
        "window": "none",
        "windowed": False,
        "rescaled": False,
        "sliced": False,
        "identifying": ("PatientName",),
        "modality": "XX",
    }


def test_spacing_at_the_patient_comes_first(shown):
    both = dataset(PixelSpacing=[0.2, 0.3], ImagerPixelSpacing=[0.4, 0.5])
    assert shown(both).geometry.spacing_mm == (0.2, 0.3)
    assert shown(dataset(ImagerPixelSpacing=[0.4, 0.5])).geometry.spacing_mm == (0.4, 0.5)
    assert shown(dataset(PixelSpacing=[0, 0])).geometry.spacing_mm is None


def test_nothing_of_the_patient_is_kept(shown):
    assert "Doe" not in repr(shown(dataset()).geometry)


def test_refused_without_pixels(complaint):
    made = dataset()
    del made.PixelData, made.Rows, made.Columns
    assert "got a DICOM file without an image" in complaint(made)
    made = dataset()
    del made.PixelData
    assert "got a DICOM file without it" in complaint(made)


def test_refused_several_frames(complaint):
    made = dataset(np.zeros((2, 3), np.uint8), bits=8, NumberOfFrames=17)
    made.PixelData = bytes(2 * 3 * 17)
    message = complaint(made)
    assert "expected a DICOM file with one frame, got 17 frames" in message
    assert "Set the input's frame to first, middle or a number" in message
    assert "expected at least 18 frames, as the input's frame asks, got 17" in complaint(
        made, frame=18
    )


def test_refused_bomb_by_rows_columns_and_frames(complaint):
    assert "got a header that announces 400 million" in complaint(
        dataset(Rows=20_000, Columns=20_000)
    )
    assert "got a header that announces 262 million" in complaint(
        dataset(Rows=512, Columns=512, NumberOfFrames=1000)
    )


def test_refused_deflate_bomb(complaint, monkeypatch):
    monkeypatch.setattr(dicom_header, "MAX_INFLATED", 80_000)
    made = dataset()
    made.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    data = as_bytes(made)
    start = 144 + int.from_bytes(data[140:144], "little")
    deflate = zlib.compressobj(wbits=-15)
    bomb = data[:start] + deflate.compress(bytes(10**6)) + deflate.flush()
    assert "MB once inflated, got more" in complaint(bomb)


def test_refused_photometric_interpretation(complaint):
    assert "got another one. Export the image as MONOCHROME2 or RGB" in complaint(
        dataset(photometric="HSV")
    )


@pytest.mark.parametrize("keyword", ["SamplesPerPixel", "BitsStored", "PixelRepresentation"])
def test_a_header_without_the_form_of_its_pixels_is_told_which_attribute(complaint, keyword):
    made = dataset()
    delattr(made, keyword)
    assert f"the form of the pixels, got one without {keyword}. Export" in complaint(made)


def test_a_palette_that_is_not_there_is_told(complaint):
    made = dataset(np.zeros((4, 4), np.uint8), bits=8, photometric="PALETTE COLOR")
    assert "got one without RedPaletteColorLookupTableDescriptor, Green" in complaint(made)


def test_empty_file_named_dcm(complaint):
    assert "got an empty file (0 bytes)" in complaint(b"")


def test_a_faulty_header_value_is_not_quoted(complaint):
    data = as_bytes(dataset(WindowCenter="1234567890", WindowWidth="10"))
    assert "got one that is cut short, damaged or breaks the standard" in complaint(
        data.replace(b"1234567890", b"Doe^Jane^X")
    )


def test_warnings_and_logs_of_the_library_do_not_leak(tmp_path, caplog):
    made = dataset()
    made.PixelData = made.PixelData + bytes(8)  # longer than the header says
    path = written(tmp_path, made)
    with caplog.at_level(logging.DEBUG):
        values = decode(Reference(WHERE, path)).values  # warnings are errors in this suite
    np.testing.assert_allclose(values, STORED / 4095, atol=1e-7)
    assert not [r for r in caplog.records if r.name.startswith("pydicom")]
    assert logging.getLogger("pydicom").propagate


def enhanced() -> Dataset:
    """Three frames, each with a window and rescale of its own, as enhanced CT has them."""
    stored = np.stack([STORED, STORED[::-1], STORED // 2])
    made = dataset(STORED, NumberOfFrames=3)
    made.PixelData = stored.tobytes()
    measures, per_frame = Dataset(), []
    measures.PixelSpacing = [0.5, 0.25]
    shared = Dataset()
    shared.PixelMeasuresSequence = Sequence([measures])
    for number in range(3):
        window, rescale, item = Dataset(), Dataset(), Dataset()
        window.WindowCenter, window.WindowWidth = 100 * number, 1000
        rescale.RescaleSlope, rescale.RescaleIntercept = 1, -100 * number
        item.FrameVOILUTSequence = Sequence([window])
        item.PixelValueTransformationSequence = Sequence([rescale])
        per_frame.append(item)
    made.SharedFunctionalGroupsSequence = Sequence([shared])
    made.PerFrameFunctionalGroupsSequence = Sequence(per_frame)
    return made


@pytest.mark.parametrize(("frame", "number"), [("first", 0), ("middle", 1), (3, 2)])
def test_one_frame_with_the_window_and_rescale_of_that_frame(shown, frame, number):
    sample = shown(enhanced(), frame=frame)
    stored = [STORED, STORED[::-1], STORED // 2][number] - 100.0 * number
    expected = np.clip((stored - (100 * number - 0.5)) / 999 + 0.5, 0, 1)
    np.testing.assert_allclose(sample.values, expected, atol=1e-6)
    assert sample.geometry.spacing_mm == (0.5, 0.25)
    assert sample.geometry.source["frames"] == 3
    assert sample.geometry.source["frame"] == number + 1


def test_one_frame_of_a_compressed_file(shown):
    made = dataset(STORED, NumberOfFrames=2)
    made.PixelData = np.stack([STORED, STORED[::-1]]).tobytes()
    made.compress("1.2.840.10008.1.2.5")
    np.testing.assert_allclose(shown(made, frame=2).values, STORED[::-1] / 4095, atol=1e-6)


def test_many_frames_are_no_bomb_where_one_is_read(complaint, shown):
    made = dataset(np.zeros((512, 512), np.uint8), bits=8, NumberOfFrames=400)
    assert "announces 105 million" in complaint(made)
    made.PixelData = bytes(512 * 512 * 400)
    assert shown(made, frame="middle").values.shape == (512, 512)


def raw(made: Dataset, *, implicit: bool, little: bool = True) -> bytes:
    """The data set alone, without preamble, mark and meta header."""
    buffer = io.BytesIO()
    del made.file_meta
    dcmwrite(buffer, made, implicit_vr=implicit, little_endian=little, force_encoding=True)
    return buffer.getvalue()


@pytest.mark.parametrize("implicit", [True, False])
def test_a_file_without_preamble_and_meta_header(tmp_path, implicit):
    path = tmp_path / "old"
    path.write_bytes(raw(dataset(), implicit=implicit))
    np.testing.assert_allclose(decode(Reference(WHERE, path)).values, STORED / 4095, atol=1e-7)


def test_a_big_endian_file_without_preamble(tmp_path):
    path = tmp_path / "old"
    made = dataset()
    made.PixelData = STORED.astype(">u2").tobytes()
    path.write_bytes(raw(made, implicit=False, little=False))
    np.testing.assert_allclose(decode(Reference(WHERE, path)).values, STORED / 4095, atol=1e-7)


def test_what_only_looks_like_dicom_is_refused(complaint):
    head = b"\x08\x00\x05\x00\x0a\x00\x00\x00ISO_IR 100"
    assert "expected a whole DICOM file" in complaint(head + bytes(500))
    assert "got a file whose content is none of these" in complaint(b"\x08\x00" + bytes(500))


def test_a_preamble_that_is_a_tiff_header(tmp_path):
    path = tmp_path / "both"
    path.write_bytes(b"II*\x00" + as_bytes(dataset())[4:])
    np.testing.assert_allclose(decode(Reference(WHERE, path)).values, STORED / 4095, atol=1e-7)


def test_facts_are_codes_and_keywords_but_no_values(shown):
    made = dataset(
        Modality="CT",
        BodyPartExamined="RIBCAGE",
        PatientPosition="XX",
        ImageLaterality="L",
        BurnedInAnnotation="YES",
        InstitutionName="St Elsewhere",
        AccessionNumber="",
        PixelAspectRatio=["2", "1"],
    )
    made.add_new(0x60003000, "OW", bytes(8))
    facts = shown(made).geometry.source
    assert facts["modality"] == "CT"
    assert facts["body_part"] == "RIBCAGE"
    assert facts["patient_position"] == "XX"
    assert facts["image_laterality"] == "L"
    assert facts["burned_in"] == "YES"
    assert facts["identifying"] == ("PatientName", "InstitutionName")
    assert facts["overlays"] == 1
    assert facts["aspect"] == 2
    assert "Elsewhere" not in repr(facts)
    assert "4711" not in repr(facts)


def test_a_name_in_the_wrong_field_is_no_code(shown):
    facts = shown(dataset(BodyPartExamined="DOE", ViewPosition="4711")).geometry.source
    assert "body_part" not in facts
    assert "view_position" not in facts
    assert facts["no_codes"] == ("BodyPartExamined", "ViewPosition")
    # A term of the standard stays one, even where a patient is called so.
    assert shown(dataset(PatientName="CT^Test", Modality="CT")).geometry.source["modality"] == "CT"


def test_refused_contradiction_of_colour_and_samples(complaint):
    made = dataset(np.zeros((2, 3, 3), np.uint8), bits=8, photometric="MONOCHROME2")
    message = complaint(made)
    assert "expected 1 values a pixel for MONOCHROME2, got a header that announces 3" in message


def test_options_of_the_input_reach_the_file(tmp_path):
    path = written(tmp_path, enhanced())
    image = Image(size=(16, 16), frame=2, window=(0, 2000))
    sample = image.read(Reference(WHERE, path))
    assert sample.values.shape == (16, 16)
    assert sample.geometry.source["window"] == "given"
    assert sample.geometry.source["frame"] == 2


def test_padded_to_size_with_square_pixels(tmp_path):
    stored = np.full((20, 40), 255, np.uint8)
    path = written(tmp_path, dataset(stored, bits=8, PixelSpacing=[2.0, 1.0]))
    values = Image(size=(40, 40), resize="pad").read(Reference(WHERE, path)).values
    assert (values == 255).all()  # 20 rows of 2 mm are as tall as 40 columns of 1 mm are wide
    path = written(tmp_path, dataset(stored, bits=8))
    values = Image(size=(40, 40), resize="pad").read(Reference(WHERE, path)).values
    assert (values[:9] == 0).all()
    assert (values[11:29] == 255).all()
