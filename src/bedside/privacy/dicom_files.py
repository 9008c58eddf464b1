"""DICOM files without identifiers.

Enters: a file. Leaves: its copy under the basic profile of PS3.15, pixels byte for byte as they
were unless text was read in them, and what was done.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from bedside.data.dicom_header import damaged, read_dicom
from bedside.data.quiet_readers import quiet
from bedside.errors import DataError
from bedside.privacy.dicom_headers import Cleaner, names_in, write_method
from bedside.privacy.dicom_pixels import black_out, burned_in, reader_installed, suspicious
from bedside.privacy.tally import Tally
from bedside.privacy.work import Work, patient_entry
from bedside.run_folder import write_bytes

if TYPE_CHECKING:
    from pydicom import Dataset

KINDS = {"date": "date", "uid": "uid", "private": "header"}
PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def copy_dicom(path: Path, target: Path, work: Work) -> Tally:
    """Copy one file.

    The patient is its Patient ID; without one, its study, and the report says so.

    Raises:
        DataError: it is damaged or no DICOM.
        InstallError: the extra ``privacy`` is not installed.
    """
    content, tally = path.read_bytes(), Tally(texts=0)
    dataset = read_dicom(BytesIO(content), where="a DICOM file")
    patient = str(dataset.get("PatientID") or "").strip()
    if not patient:
        patient = f"study {dataset.get('StudyInstanceUID', path.name)}"
        tally.remarks.append("DICOM without a patient's number: dates moved by study")
    surrogates = work.surrogates(patient)
    options = frozenset(work.settings.dicom_keep)
    picture = any(keyword in dataset for keyword in PIXELS)
    blacked = picture and _pixels(content, dataset, tally)
    cleaner = Cleaner(surrogates, work.secret, options, tuple(names_in(dataset)))
    try:
        with quiet():
            done = cleaner.clean(dataset)
            write_method(dataset, options, pixels=blacked)
            stream = BytesIO()
            dataset.save_as(stream, enforce_file_format=True)
    except Exception:  # damaged files make pydicom raise nearly anything
        raise damaged("a DICOM file") from None
    write_bytes(target, stream.getvalue())
    for what, count in done.counts.items():
        for _ in range(count):
            tally.count(KINDS.get(what, "header"), 0.99)
    for keyword in done.doubts:
        tally.doubt("header", {"where": keyword})
    work.keep([patient_entry(surrogates)])
    return tally


def _pixels(content: bytes, dataset: Dataset, tally: Tally) -> bool:
    """Black out what was read, and tell what a human should look at; True where it was changed."""
    reason = suspicious(dataset)
    try:
        read, seen = burned_in(content, dataset)
        if read:
            black_out(dataset, read)
            for _ in read:
                tally.count("pixels", 0.85)
    except DataError:
        tally.doubt("pixels", {"where": "the pixels cannot be decoded here"})
        return False
    for top, left, bottom, right in seen:
        where = f"rows {top} to {bottom}, columns {left} to {right}"
        tally.doubt("pixels", {"where": f"looks like lettering: {where}"})
    if reason and not reader_installed():
        tally.doubt("pixels", {"where": f"{reason}; tesseract is not installed"})
    elif reason:
        tally.doubt("pixels", {"where": reason})
    if read:
        tally.doubt("pixels", {"where": f"{len(read)} words were blacked out: are all gone?"})
    return bool(read)
