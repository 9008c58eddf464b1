"""Small DICOM files for the tests of sources: headers matter, pixels hardly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid


def image(number: int, **fields) -> Dataset:
    """One 8 x 8 radiograph of patient ``P<number>``."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.7")
    made.SOPInstanceUID = generate_uid(entropy_srcs=[f"instance {number}"])
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.SeriesInstanceUID = generate_uid(entropy_srcs=[f"series {number // 2}"])
    made.StudyInstanceUID = generate_uid(entropy_srcs=[f"study {number // 2}"])
    made.AccessionNumber = f"A{number // 2}"
    made.PatientName, made.PatientID = "Doe^Jane", f"P{number}"
    made.Modality, made.BodyPartExamined, made.ViewPosition = "DX", "CHEST", "PA"
    made.PatientSex, made.PatientAge, made.StudyDate = "F", f"{30 + number:03d}Y", "20240131"
    made.Rows = made.Columns = 8
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 8, 8, 7, 0
    for keyword, value in fields.items():
        setattr(made, keyword, value)
    made.PixelData = np.random.default_rng(number).integers(0, 256, 64, np.uint8).tobytes()
    return made


def save(path: Path, made: Dataset) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    made.save_as(path, enforce_file_format=True)
    return path


def folder(place: Path, n: int = 6) -> Path:
    """n images in two folders, with and without suffix."""
    for number in range(n):
        save(place / f"s{number % 2}" / f"im{number}{'.dcm' if number % 3 else ''}", image(number))
    return place
