"""DICOM files made on the spot, in every form and encoding that can be written here."""

from __future__ import annotations

import io
from pathlib import Path

import gdcm
import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

WHERE = "row 3 of cases.csv"
STORED = np.array([[0, 100, 1000], [2048, 4000, 4095]], dtype=np.uint16)


def dataset(stored=STORED, *, bits=12, photometric="MONOCHROME2", **fields) -> Dataset:
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.7")
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    made.PatientName, made.PatientID, made.Modality = "Doe^Jane", "4711", "XX"
    made.Rows, made.Columns = stored.shape[:2]
    made.SamplesPerPixel = 3 if stored.ndim == 3 else 1
    if stored.ndim == 3:
        made.PlanarConfiguration = 0
    made.PhotometricInterpretation = photometric
    made.BitsAllocated, made.BitsStored, made.HighBit = 8 * stored.itemsize, bits, bits - 1
    made.PixelRepresentation = int(stored.dtype.kind == "i")
    for keyword, value in fields.items():
        setattr(made, keyword, value)
    made.PixelData = stored.tobytes() + bytes(stored.nbytes % 2)
    return made


def written(folder: Path, made: Dataset) -> Path:
    path = folder / "Doe_Jane.dcm"
    made.save_as(path, enforce_file_format=True)
    return path


def as_bytes(made: Dataset) -> bytes:
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def recode(folder: Path, made: Dataset, name: str) -> Path:
    """Write a plain file and let gdcm compress it; `name` is gdcm's of the transfer syntax."""
    plain, coded = folder / "plain.dcm", folder / "coded.dcm"
    made.save_as(plain, enforce_file_format=True)
    reader, change, writer = (
        gdcm.ImageReader(),
        gdcm.ImageChangeTransferSyntax(),
        gdcm.ImageWriter(),
    )
    reader.SetFileName(str(plain))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, name)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFileName(str(coded))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    return coded


def wrapped(made: Dataset, *frames: bytes, syntax: str) -> Dataset:
    """The same header over frames that were compressed elsewhere."""
    made.PixelData = encapsulate(list(frames))
    made["PixelData"].is_undefined_length = True
    made["PixelData"].VR = "OB"
    made.file_meta.TransferSyntaxUID = UID(syntax)
    return made


def table(entries: list[int], *, first: int, depth: int) -> Dataset:
    item = Dataset()
    item.LUTDescriptor = [len(entries), first, depth]
    item.LUTData = np.array(entries, np.uint16).tobytes()
    item.ModalityLUTType = "US"
    return item
