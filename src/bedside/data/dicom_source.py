"""DICOM files with labels from a table.

Enters: a folder or a list of files, and the study's table of labels. Leaves: `RawCases`,
one row a labelled image, with what its header says in columns of their own. Only headers
are read. Files are told by their content, since many archives give them no suffix.
"""

from __future__ import annotations

import datetime
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from bedside.data.dicom_header import (
    HEAD_BYTES,
    MARK,
    MARK_AT,
    age_in_years,
    code,
    damaged,
    looks_like_dicom,
    read_dicom,
)
from bedside.data.dicom_labels import join_labels
from bedside.data.quiet_readers import quiet
from bedside.data.raw_cases import RawCases, text_table
from bedside.data.written_paths import refuse_foreign_names
from bedside.errors import DataError, Problems, StudyError, sentence

if TYPE_CHECKING:
    from pydicom import Dataset

PLAIN = {
    "patient_id": "PatientID",
    "study_uid": "StudyInstanceUID",
    "series_uid": "SeriesInstanceUID",
    "sop_uid": "SOPInstanceUID",
    "accession_number": "AccessionNumber",
    "manufacturer": "Manufacturer",
    "manufacturer_model": "ManufacturerModelName",
}
CODED = {"modality": "Modality", "body_part": "BodyPartExamined", "view_position": "ViewPosition"}
HEADER_COLUMNS = (*PLAIN, *CODED, "laterality", "sex", "age_years", "study_date")
OTHER = ("ImageLaterality", "Laterality", "PatientSex", "PatientAge", "StudyDate", "PatientName")
IMAGE_CLASS = "Image Storage"
"""What the standard calls every SOP class of images by."""


@dataclass
class Listed:
    """The files of a source and the headers of those that hold an image.

    Args:
        root: folder that all paths are relative to.
        name: of the source, for messages.
        paths: relative paths of the images, with / between folders.
        headers: one row of columns for each path.
        left_out: what was not taken, and how many.
    """

    root: Path
    name: str
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def read_dicom_source(
    dicom: Path | Sequence[Path],
    *,
    labels: Path | None = None,
    key: str | None = None,
    keywords: Iterable[str] = (),
) -> RawCases:
    """List DICOM images, read their headers and join the labels.

    Args:
        dicom: a folder, searched with all below it, or a list of files.
        labels: a table with one row a file, instance, series, study or patient; None
            where the headers themselves hold what is asked for.
        key: its column that says which; by default it is found by its name.
        keywords: further attributes to offer as columns, by their DICOM keyword.

    Raises:
        StudyError: there is no such folder, file, table or column.
        DataError: no DICOM image, a damaged one, or labels that do not fit.
    """
    listed = _list_folder(dicom) if isinstance(dicom, Path) else _list_files(dicom)
    if labels is not None:  # may lie among the files, and is no stray one
        own = labels.resolve()
        listed.paths = [path for path in listed.paths if (listed.root / path).resolve() != own]
    _read_headers(listed, tuple(keywords), told=not isinstance(dicom, Path))
    if not listed.paths:
        raise DataError(
            sentence(
                f"data.dicom {listed.name}",
                expected="at least one DICOM image",
                got=f"none among {listed.left_out.total()} files",
                remedy="Name the folder that holds the DICOM files",
            )
        )
    cases = pd.DataFrame({"file": listed.paths}, dtype="str")
    cases = cases.join(text_table(pd.DataFrame(listed.headers)))
    notes = list(_notes(listed))
    source = f"the sorted files of {listed.name}"
    if labels is not None:
        joined, told = join_labels(cases, labels, key=key)
        if len(joined) < len(cases):
            source = f"the sorted labelled files of {listed.name}"
        cases, notes = joined, notes + told
    notes += _header_notes(cases)
    return RawCases(
        cases, source, first_row=1, root=listed.root, notes=tuple(notes), patient="patient_id"
    )


def is_keyword(name: str) -> bool:
    """Whether a name is the DICOM keyword of an attribute, such as ``InstitutionName``."""
    from pydicom.datadict import tag_for_keyword

    return tag_for_keyword(name) is not None


def _list_folder(folder: Path) -> Listed:
    if not folder.is_dir():
        raise StudyError(
            sentence(
                f"data.dicom {folder.name}",
                expected="an existing folder or a list of files",
                got="a file" if folder.is_file() else "none there",
                remedy="Correct the path; it is relative to the study file",
            )
        )
    listed = Listed(folder, folder.resolve().name)
    root, links = folder.resolve(), 0
    for place, names, files in os.walk(folder):
        links += sum((Path(place) / name).is_symlink() for name in names)
        names[:] = [name for name in names if not name.startswith(".")]
        for name in files:
            file = Path(place) / name
            if name.startswith("."):
                listed.left_out["hidden"] += 1
            elif file.is_symlink() and not file.resolve().is_relative_to(root):
                links += 1
            else:
                listed.paths.append(file.relative_to(folder).as_posix())
    if links:
        raise DataError(
            sentence(
                f"data.dicom {folder.name}",
                expected="files inside the folder only",
                got=f"{links} symbolic link(s) to another folder or out of it",
                remedy="Copy the files into the folder",
            )
        )
    refuse_foreign_names(listed.paths, where=f"data.dicom {listed.name}")
    listed.paths.sort(key=lambda path: path.split("/"))
    return listed


def _list_files(files: Sequence[Path]) -> Listed:
    problems = Problems(StudyError)
    for number, file in enumerate(files, start=1):
        if not file.is_file():
            got = "a folder" if file.is_dir() else "none there"
            remedy = "Correct the path; it is relative to the study file"
            place = f"data.dicom, item {number}"
            problems.add(place, expected="an existing file", got=got, remedy=remedy)
    problems.raise_if_any()
    whole = [file.resolve() for file in files]
    root = Path(os.path.commonpath([file.parent for file in whole]))
    return Listed(root, "data.dicom", [file.relative_to(root).as_posix() for file in whole])


def _read_headers(listed: Listed, keywords: tuple[str, ...], *, told: bool) -> None:
    """Keep the paths that are DICOM images, with their headers.

    Args:
        listed: changed in place.
        keywords: further attributes to read.
        told: whether a person named these very files, so that none may be left out.
    """
    problems, paths = Problems(DataError), listed.paths
    listed.paths = []
    for number, path in enumerate(paths, start=1):
        where = f"file {number} of {'' if told else 'the sorted files of '}{listed.name}"
        try:
            found = _header(listed.root / path, keywords, where=where)
        except DataError as error:
            problems.found.append(str(error))
            continue
        if isinstance(found, str):
            listed.left_out[found] += 1
            if told:
                problems.add(
                    where,
                    expected="a DICOM image",
                    got=LEFT_OUT[found][0],
                    remedy="Leave it out of the list",
                )
        else:
            listed.paths.append(path)
            listed.headers.append(found)
    problems.raise_if_any()


LEFT_OUT = {
    "hidden": ("a hidden file", "{} hidden file(s) were ignored."),
    "other": ("a file of another kind", "{} file(s) that are not DICOM were ignored."),
    "named": (
        "a file of another kind",
        "{} file(s) named .dcm are not DICOM, or are empty, and were ignored.",
    ),
    "no image": (
        "one without an image",
        "{} DICOM file(s) without an image (reports, indices and the like) were ignored.",
    ),
}
"""Why a file was left out -> what a message says was got, and the note."""


def _header(path: Path, keywords: tuple[str, ...], *, where: str) -> dict[str, str] | str:
    """The columns of one file, or the reason of `LEFT_OUT` why it is none of the images."""
    try:
        with path.open("rb") as stream, quiet():  # values are decoded when asked for
            head = stream.read(HEAD_BYTES)
            marked = head[MARK_AT:] == MARK
            if not looks_like_dicom(head):
                return "named" if path.suffix.lower() == ".dcm" else "other"
            try:
                tags = [*PLAIN.values(), *CODED.values(), *OTHER, *keywords]
                header = read_dicom(stream, where=where, pixels=False, tags=tags)
                if not header.get("Rows"):
                    if IMAGE_CLASS in getattr(header.get("SOPClassUID"), "name", ""):
                        raise damaged(where)  # cut short within the header
                    return "no image"
                return _columns(header, keywords)
            except DataError:
                if marked or path.suffix.lower() == ".dcm":
                    raise
                return "other"
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DataError(
            sentence(
                where,
                expected="a DICOM file that can be read",
                got=f"an error of the disk ({reason})",
                remedy="Grant read access to it, or copy it again",
            )
        ) from None


def _columns(header: Dataset, keywords: tuple[str, ...]) -> dict[str, str]:
    """What one header says, as text, blank where it says nothing of the right form."""
    row = {name: _cell(header.get(keyword)) for name, keyword in PLAIN.items()}
    row |= {name: code(header, keyword) or "" for name, keyword in CODED.items()}
    sides = (code(header, word) or "" for word in ("ImageLaterality", "Laterality"))
    row["laterality"] = next(filter(None, sides), "")
    sex = _cell(header.get("PatientSex")).upper()
    row["sex"] = sex if sex in {"M", "F", "O"} else ""
    age = age_in_years(header.get("PatientAge"))
    row["age_years"] = "" if age is None else f"{age:g}"
    row["study_date"] = _date(_cell(header.get("StudyDate")))
    return row | {keyword: _cell(header.get(keyword)) for keyword in keywords}


def _cell(value: object) -> str:
    return "" if value is None else str(value).strip(" \0")


def _date(text: str) -> str:
    """``20240131`` -> ``2024-01-31``, blank where it is no date."""
    try:
        return datetime.datetime.strptime(text, "%Y%m%d").date().isoformat()
    except ValueError:
        return ""


def _notes(listed: Listed) -> Iterable[str]:
    for reason, (_, note) in LEFT_OUT.items():
        if listed.left_out[reason]:
            yield note.format(listed.left_out[reason])


def _header_notes(cases: pd.DataFrame) -> list[str]:
    notes = []
    named = cases["sop_uid"].dropna()
    if same := int(named.duplicated(keep=False).sum()):
        notes.append(
            f"{same} files share their SOP instance UID with another: they are copies, or were "
            "made from one another."
        )
    return notes
