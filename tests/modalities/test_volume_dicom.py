"""A folder of DICOM slices becomes one volume in the order of positions, or one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, ExplicitVRLittleEndian, generate_uid

from bedside.errors import DataError
from bedside.modalities.volume_files import decode_volume
from bedside.schema import Reference

WHERE = "row 3 of cases.csv"
SLICES, ROWS, COLUMNS = 5, 4, 6
AXIAL = [1, 0, 0, 0, 1, 0]


def stack() -> np.ndarray:
    """(D, H, W) as scanned: rows run to the back, columns to the left."""
    return np.arange(SLICES * ROWS * COLUMNS, dtype=np.int16).reshape(SLICES, ROWS, COLUMNS)


def header(uid: str) -> Dataset:
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID, made.SOPInstanceUID = CTImageStorage, generate_uid()
    made.SeriesInstanceUID, made.PatientName, made.Modality = uid, "Doe^Jane", "CT"
    made.Rows, made.Columns, made.SamplesPerPixel = ROWS, COLUMNS, 1
    made.PhotometricInterpretation = "MONOCHROME2"
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit, made.PixelRepresentation = 15, 1
    made.RescaleSlope, made.RescaleIntercept = 2, -1000
    return made


def write(made: Dataset, path: Path) -> None:
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.save_as(path, enforce_file_format=True)


def series(folder: Path, *, axes: list[float] | None = None, leave: tuple[int, ...] = ()) -> Path:
    """A series whose files' names say nothing about the order."""
    folder.mkdir(parents=True, exist_ok=True)
    uid = generate_uid()
    axes = axes or AXIAL
    normal = np.cross(axes[:3], axes[3:])
    for number, pixels in enumerate(stack()):
        if number in leave:
            continue
        made = header(uid)
        made.ImageOrientationPatient, made.PixelSpacing = axes, [1.5, 0.5]
        made.ImagePositionPatient = [
            float(x) for x in np.array([10, 20, 30]) + 2.5 * number * normal
        ]
        made.PixelData = pixels.tobytes()
        write(made, folder / f"{(number * 3) % SLICES}.dcm")
    return folder


def read(folder: Path):
    return decode_volume(Reference(WHERE, folder))


def test_an_axial_series_is_sorted_rescaled_and_turned(tmp_path: Path) -> None:
    sample = read(series(tmp_path / "s"))
    # upright: from feet to head, from back to front, from left to right
    wanted = (stack() * 2 - 1000)[:, ::-1, ::-1]
    assert np.array_equal(sample.values, wanted.astype(np.float32))
    assert sample.geometry.spacing_mm == pytest.approx((2.5, 1.5, 0.5))
    affine = sample.geometry.affine
    assert affine is not None
    # the first pixel scanned is now the last of its row and column; mm to the right and front
    assert affine @ [0, ROWS - 1, COLUMNS - 1, 1] == pytest.approx([-10, -20, 30, 1])


def test_a_sagittal_series_gives_the_same_person(tmp_path: Path) -> None:
    axes = [0.0, 1.0, 0.0, 0.0, 0.0, -1.0]  # rows run to the feet, columns to the back
    sample = read(series(tmp_path / "s", axes=axes))
    assert sample.values.shape == (ROWS, COLUMNS, SLICES)
    assert sample.geometry.spacing_mm == pytest.approx((1.5, 0.5, 2.5))
    affine = sample.geometry.affine
    assert affine is not None
    for number in range(SLICES):
        place = np.linalg.inv(affine) @ [-(10 - 2.5 * number), -20, 30, 1]
        d, h, w = np.rint(place[:3]).astype(int)
        assert sample.values[d, h, w] == stack()[number, 0, 0] * 2 - 1000


def test_one_enhanced_file_equals_the_series(tmp_path: Path) -> None:
    made = header(generate_uid())
    made.SOPClassUID, made.NumberOfFrames = EnhancedCTImageStorage, SLICES
    del made.RescaleSlope, made.RescaleIntercept
    shared, orientation, measures, transform = Dataset(), Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient, measures.PixelSpacing = AXIAL, [1.5, 0.5]
    transform.RescaleSlope, transform.RescaleIntercept = 2, -1000
    shared.PlaneOrientationSequence = Sequence([orientation])
    shared.PixelMeasuresSequence = Sequence([measures])
    shared.PixelValueTransformationSequence = Sequence([transform])
    made.SharedFunctionalGroupsSequence = Sequence([shared])
    frames = []
    for number in range(SLICES):
        frame, position = Dataset(), Dataset()
        position.ImagePositionPatient = [10, 20, 30 + 2.5 * number]
        frame.PlanePositionSequence = Sequence([position])
        frames.append(frame)
    made.PerFrameFunctionalGroupsSequence = Sequence(frames)
    made.PixelData = stack().tobytes()
    (tmp_path / "e").mkdir()
    write(made, tmp_path / "e" / "all.dcm")
    one, other = read(tmp_path / "e"), read(series(tmp_path / "s"))
    assert np.array_equal(one.values, other.values)
    assert one.geometry.affine == pytest.approx(other.geometry.affine)


def complaint(folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        read(folder)
    message = str(caught.value)
    assert message.startswith(f"{WHERE}: expected ")
    assert "Doe" not in message
    return message


def changed(folder: Path, keyword: str, value: object, *, name: str = "0.dcm") -> Path:
    from pydicom import dcmread

    made = dcmread(folder / name)
    if value is None:
        delattr(made, keyword)
    else:
        setattr(made, keyword, value)
    made.save_as(folder / name)
    return folder


def test_missing_doubled_and_foreign_slices_are_refused(tmp_path: Path) -> None:
    assert "slices are missing" in complaint(series(tmp_path / "gap", leave=(2,)))
    doubled = series(tmp_path / "twice")
    (doubled / "again.dcm").write_bytes((doubled / "1.dcm").read_bytes())
    assert "one slice at each place" in complaint(doubled)
    two = series(tmp_path / "two")
    changed(two, "SeriesInstanceUID", generate_uid())
    assert "one series in a folder, got 2" in complaint(two)
    assert "differ from the first" in complaint(
        changed(series(tmp_path / "wide"), "PixelSpacing", [3, 3], name="3.dcm")
    )
    assert "ImagePositionPatient" in complaint(
        changed(series(tmp_path / "lost"), "ImagePositionPatient", None)
    )
    assert "at least two slices" in complaint(series(tmp_path / "one", leave=(1, 2, 3, 4)))


def test_mosaics_inverted_grey_and_empty_folders_are_refused(tmp_path: Path) -> None:
    kind = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]
    assert "mosaic" in complaint(changed(series(tmp_path / "m"), "ImageType", kind))
    inverted = changed(series(tmp_path / "i"), "PhotometricInterpretation", "MONOCHROME1")
    assert "MONOCHROME2" in complaint(inverted)
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "Doe.txt").write_text("hello")
    assert "got no DICOM image in it" in complaint(tmp_path / "none")
    short = series(tmp_path / "short")
    (short / "2.dcm").write_bytes((short / "2.dcm").read_bytes()[:-20])
    assert complaint(short)
