"""Whether a folder is one of DICOM files with a table of labels, for a first study file.

Enters: a folder. Leaves: its labelled images, the table that fits and the roles of its
columns, or None where the folder is of another form.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from bedside.data.column_roles import Roles, find_roles
from bedside.data.dicom_header import HEAD_BYTES, looks_like_dicom
from bedside.data.dicom_labels import join_labels, key_column
from bedside.data.dicom_source import read_dicom_source
from bedside.data.folder_source import class_folders, is_image
from bedside.data.raw_cases import RawCases
from bedside.data.table_source import TEXT_SUFFIXES, read_table
from bedside.errors import DataError, StudyError, sentence

LOOKED_AT = 50
SUBGROUPS = ("sex", "view_position", "manufacturer")


@dataclass(frozen=True)
class DicomStudy:
    """A folder of DICOM images and the labels that fit.

    Args:
        raw: the labelled images.
        labels: the table.
        roles: of its columns.
        subgroups: columns to report by, of the headers and the table.
    """

    raw: RawCases
    labels: Path
    roles: Roles
    subgroups: tuple[str, ...]


def find_dicom_study(folder: Path) -> DicomStudy | None:
    """Look for DICOM files in a folder and for their labels in it or beside it.

    Returns:
        None where there is no DICOM file, or no table while each class has a folder.

    Raises:
        StudyError: DICOM files lie there, and no table names them and a label.
        DataError: a DICOM file is damaged.
    """
    if not _holds_dicom(folder):
        return None
    tables = [(path, key) for path in _tables(folder) if (key := _key(path)) is not None]
    raw = read_dicom_source(folder) if tables else None
    for path, key in tables:
        if raw is not None and (study := _fitting(raw, path, key)) is not None:
            return study
    if _holds_classes(folder):
        return None
    raise StudyError(
        sentence(
            folder.name,
            expected="a table in the folder or beside it that names the DICOM files, instances, "
            "series, studies or patients and gives each a label",
            got=f"{len(tables)} tables that might and none that does",
            remedy="Write labels.csv with the columns file and label",
        )
    )


def _key(path: Path) -> str | None:
    """The column by which a table names DICOM files; None too where it cannot be read."""
    try:
        return key_column(list(read_table(path).cases.columns))
    except (StudyError, DataError):
        return None


def _fitting(raw: RawCases, path: Path, key: str) -> DicomStudy | None:
    """The study of these images and labels, None where they do not belong together."""
    try:
        joined, notes = join_labels(raw.cases, path, key=None)
    except DataError:
        return None
    told = [c for c in read_table(path).cases.columns if c not in {key, "file"} and c in joined]
    roles = find_roles(replace(raw, cases=joined[["file", *told]]))
    if roles.label is None and not roles.labels:
        return None
    header = [c for c in SUBGROUPS if c in joined and joined[c].nunique() > 1]
    subgroups = tuple(dict.fromkeys([*header, *roles.subgroups]))
    whole = replace(raw, cases=joined, notes=(*raw.notes, *notes))
    return DicomStudy(whole, path, roles, subgroups)


def _tables(folder: Path) -> list[Path]:
    """Text tables in the folder, then beside it, in the order of their names."""
    places = (folder, folder.resolve().parent)
    return [
        file
        for place in places
        for file in sorted(place.iterdir())
        if file.suffix.lower() in TEXT_SUFFIXES and file.is_file()
    ]


def _holds_dicom(folder: Path) -> bool:
    """Whether most of the first files below a folder, tables aside, are DICOM."""
    seen = dicom = 0
    for place, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in sorted(files):
            file = Path(place) / name
            if name.startswith(".") or file.suffix.lower() in TEXT_SUFFIXES:
                continue
            seen += 1
            dicom += _is_dicom(file)
            if seen == LOOKED_AT:
                return 2 * dicom > seen
    return 2 * dicom > seen


def _is_dicom(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return looks_like_dicom(stream.read(HEAD_BYTES))
    except OSError:
        return False


def _holds_classes(folder: Path) -> bool:
    """Whether two or more folders hold images themselves, as a folder per class has it."""
    classes, _ = class_folders(folder)
    return sum(any(is_image(file) for file in one.iterdir()) for one in classes) > 1
