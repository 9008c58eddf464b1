"""DICOM files: headers at every depth, dates, UIDs, pixels and what is burned into them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import RLELossless

from bedside.command_deidentify import DicomOption
from bedside.data.dicom_header import IDENTIFYING
from bedside.modalities.image_dicom_codec import frame_count
from bedside.privacy import dicom_files, dicom_pixels
from bedside.privacy.dicom_pixels import black_out, read_words, suspicious
from bedside.privacy.dicom_table import OPTIONS, actions_for
from bedside.privacy.job import deidentify
from bedside.privacy.key_file import read_key
from bedside.privacy.work import Settings

from ..data.dicom_made import image, save


def item(**fields: object) -> Dataset:
    made = Dataset()
    for keyword, value in fields.items():
        setattr(made, keyword, value)
    return made


def busy(number: int, **fields: object) -> Dataset:
    """A radiograph whose header holds what should go, at several depths."""
    made = image(
        number,
        **{
            "PatientName": "Zymurgy^Ada", "PatientID": "P77", "PatientBirthDate": "19500314",
            "StudyDate": "20240131", "AcquisitionDateTime": "20240201101112.5",
            "StudyTime": "101112", "ReferringPhysicianName": "Okafor^Ben", "PatientAge": "093Y",
            "InstitutionName": "Mercywood", "StudyDescription": "Chest for Zymurgy",
            "ImageComments": "Call Dr. Okafor", "DeviceSerialNumber": "S1", "PatientSex": "F",
            "ReferencedStudySequence": [item(ReferencedSOPInstanceUID="1.2.3.4")],
            "SourceImageSequence": [
                item(ReferencedSOPInstanceUID="1.2.3.5", PatientName="Zymurgy^Ada")
            ],
            "SoftwareVersions": "v Zymurgy", "BodyPartThickness": "3",
            **fields,
        },
    )  # fmt: skip
    made.private_block(0x0009, "OWN", create=True).add_new(0x01, "LO", "Zymurgy")
    made.SourceImageSequence[0].private_block(0x0011, "OWN", create=True).add_new(1, "LO", "Ada")
    made.add_new(0x60003000, "OW", b"\0\0")
    return made


def cleaned(tmp_path: Path, *made: Dataset, **settings: object) -> list[Dataset]:
    for number, one in enumerate(made):
        save(tmp_path / "in" / f"{number}.dcm", one)
    deidentify(tmp_path / "in", tmp_path / "out", Settings(keep_names=True, **settings))  # type: ignore[arg-type]
    return [dcmread(tmp_path / "out/files" / f"{n}.dcm") for n in range(len(made))]


def test_nothing_that_names_is_left_at_any_depth(tmp_path: Path) -> None:
    (after,) = cleaned(tmp_path, busy(1))
    words = (tmp_path / "out/files/0.dcm").read_bytes()
    for gone in (b"Zymurgy", b"Okafor", b"Mercywood", b"P77", b"20240131", b"19500314", b"093Y",
                 b"1.2.3.4", b"1.2.3.5", b"OWN"):  # fmt: skip
        assert gone not in words
    assert after.preamble == b"\0" * 128
    filled = {k: str(after[k].value) for k in IDENTIFYING if after.get(k)}
    assert filled.pop("PatientName").startswith("patient-")
    assert set(filled.values()) == {"ANONYMIZED"}
    assert after.PatientName == after.PatientID
    assert str(after.PatientID).startswith("patient-")
    assert (after.PatientBirthDate, after.PatientSex) == ("", "")
    assert after.file_meta.MediaStorageSOPInstanceUID == after.SOPInstanceUID
    assert after.StudyTime == "101112"
    codes = [i.CodeValue for i in after.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113107"]
    assert (after.PatientIdentityRemoved, after.LongitudinalTemporalInformationModified) == (
        "YES", "MODIFIED",
    )  # fmt: skip


def test_files_of_a_patient_still_belong_together(tmp_path: Path) -> None:
    first, second, other = busy(2), busy(3, StudyDate="20240214"), busy(4, PatientID="P78")
    second.SourceImageSequence[0].ReferencedSOPInstanceUID = first.SOPInstanceUID
    one, two, three = cleaned(tmp_path, first, second, other)
    assert one.StudyInstanceUID == two.StudyInstanceUID != first.StudyInstanceUID
    assert two.SourceImageSequence[0].ReferencedSOPInstanceUID == one.SOPInstanceUID
    assert one.SOPInstanceUID != two.SOPInstanceUID
    assert str(one.SOPInstanceUID).startswith("2.25.")
    assert one.SOPClassUID == first.SOPClassUID
    assert one.PatientID == two.PatientID != three.PatientID
    days = [np.datetime64(f"{d[:4]}-{d[4:6]}-{d[6:8]}") for d in (
        one.StudyDate, two.StudyDate, one.AcquisitionDateTime
    )]  # fmt: skip
    assert days[1] - days[0] == np.timedelta64(14, "D")
    assert days[2] - days[0] == np.timedelta64(1, "D")
    assert (days[0] - np.datetime64("2024-01-31")) / np.timedelta64(1, "D") % 7 == 0
    assert one.AcquisitionDateTime.endswith("101112.5")


def test_options_keep_or_clean_and_are_written_down(tmp_path: Path) -> None:
    (after,) = cleaned(tmp_path, busy(5), dicom_keep=("characteristics", "descriptions", "device"))
    assert (after.PatientSex, after.PatientAge, after.DeviceSerialNumber) == ("F", "090Y", "S1")
    assert after.StudyDescription.startswith("Chest for ")
    assert after.ImageComments.startswith("Call Dr. ")
    assert "Zymurgy" not in after.StudyDescription
    assert "Okafor" not in after.ImageComments
    codes = [i.CodeValue for i in after.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113107", "113108", "113105", "113109"]


def test_the_command_knows_every_option() -> None:
    assert {option.value for option in DicomOption} == set(OPTIONS)


def test_every_option_names_attributes_of_the_table() -> None:
    basic = actions_for(frozenset())
    assert len(basic) > 640
    assert set(actions_for(frozenset(OPTIONS))) == set(basic)
    assert basic[0x00100010] == "empty"
    assert basic[0x0020000D] == "uid"
    assert basic[0x00081030] == "remove"


def test_without_a_patient_dates_move_by_study_and_it_is_told(tmp_path: Path) -> None:
    save(tmp_path / "in/0.dcm", busy(6, PatientID="", PatientName=""))
    report = deidentify(tmp_path / "in", tmp_path / "out", Settings(keep_names=True))
    assert report["remarks"] == {"DICOM without a patient's number: dates moved by study": 1}
    after = dcmread(tmp_path / "out/files/0.dcm")
    assert after.StudyDate not in ("", "20240131")


def test_a_damaged_file_is_left_out_and_names_are_codes(tmp_path: Path) -> None:
    save(tmp_path / "in/Zymurgy.dcm", busy(7))
    (tmp_path / "in/bad.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\x08\0\x05\0CS\xff\xff")
    key = tmp_path / "own.key"
    report = deidentify(tmp_path / "in", tmp_path / "out", key=key, passphrase="correct horse")
    assert report["files"] == {"dicom": 2}
    assert "expected a whole DICOM file" in next(iter(report["files_left_out"]))
    (copy,) = (p for p in (tmp_path / "out/files").rglob("*") if p.is_file())
    assert copy.name.startswith("image-")
    assert "P77" in {e.get("patient") for e in read_key(key, "correct horse")}


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99", RLELossless])
def test_pixels_stay_byte_for_byte(tmp_path: Path, syntax: str) -> None:
    made = busy(8)
    if syntax == RLELossless:
        made.compress(RLELossless)
    else:
        made.file_meta.TransferSyntaxUID = syntax
    before = made.PixelData
    (after,) = cleaned(tmp_path, made)
    assert after.PixelData == before
    assert after.file_meta.TransferSyntaxUID == syntax


def lettered(**fields: object) -> Dataset:
    """128 x 128 with a row of bright strokes like letters."""
    picture = np.zeros((128, 128), np.uint8)
    for left in range(20, 92, 8):
        picture[20:30, left : left + 2] = 255
        picture[20:22, left : left + 5] = 255
    made = image(1, Rows=128, Columns=128, **fields)
    made.PixelData = picture.tobytes()
    return made


def test_words_that_are_read_are_blacked_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dicom_pixels, "reader_installed", lambda: True)
    monkeypatch.setattr(dicom_files, "reader_installed", lambda: True)
    monkeypatch.setattr(dicom_pixels, "read_words", lambda picture: [(20, 18, 30, 95)])
    (after,) = cleaned(tmp_path, lettered())
    assert "1 words were blacked out: are all gone?" in (tmp_path / "out/report.json").read_text()
    assert not after.pixel_array.any()
    codes = [i.CodeValue for i in after.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113107", "113101"]


def test_without_a_reader_lettering_is_left_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dicom_pixels, "reader_installed", lambda: False)
    monkeypatch.setattr(dicom_files, "reader_installed", lambda: False)
    made = lettered(Modality="US")
    save(tmp_path / "in/0.dcm", made)
    report = deidentify(tmp_path / "in", tmp_path / "out")
    told = [entry["where"] for entry in report["first_to_look_at"]]
    assert len(told) == 2
    assert any(one.startswith("looks like lettering: rows 20 to 30, columns 20") for one in told)
    assert any(one.endswith("tesseract is not installed") for one in told)
    (copy,) = (tmp_path / "out/files").rglob("*.dcm")
    assert dcmread(copy).PixelData == made.PixelData


def test_black_is_black_in_every_shade() -> None:
    for shades, samples, dark in (
        ("MONOCHROME2", 1, [0]),
        ("MONOCHROME1", 1, [200]),
        ("RGB", 3, [0, 0, 0]),
        ("YBR_FULL", 3, [0, 0, 0]),
    ):
        made = image(1, Rows=20, Columns=20, SamplesPerPixel=samples, NumberOfFrames=2,
                     PhotometricInterpretation=shades, PlanarConfiguration=0)  # fmt: skip
        made.PixelData = np.full((2, 20, 20, samples), 200, np.uint8).tobytes()
        black_out(made, [(8, 8, 10, 10)])
        stored = np.frombuffer(made.PixelData, np.uint8).reshape(frame_count(made), 20, 20, samples)
        assert stored[:, 9, 9].tolist() == [dark, dark]
        assert shades == "YBR_FULL" or (stored[:, 0, 0] == 200).all()
        assert made.PhotometricInterpretation == ("RGB" if samples == 3 else shades)
        assert (stored[:, 5:13, 5:13] == dark).all()


def test_what_the_header_says_of_burned_in_text() -> None:
    assert suspicious(image(1, BurnedInAnnotation="YES")).startswith("the header says")
    assert suspicious(image(1, Modality="US")).startswith("pictures of this modality")
    assert suspicious(image(1)).startswith("a secondary capture")
    assert suspicious(image(1, SOPClassUID="1.2.840.10008.5.1.4.1.1.1")) == ""


@pytest.mark.skipif(not dicom_pixels.reader_installed(), reason="tesseract is not installed")
def test_tesseract_reads_a_name() -> None:
    from PIL import Image, ImageDraw

    picture = Image.new("L", (400, 100))
    ImageDraw.Draw(picture).text((20, 30), "DOE JANE 1950", fill=255, font_size=36)
    boxes = read_words(np.asarray(picture, np.float32) / 255)
    assert boxes
    assert all(20 <= top <= 50 and left < 400 for top, left, _, _ in boxes)
