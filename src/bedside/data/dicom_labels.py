"""Labels of a table -> the DICOM files they belong to.

Enters: one row a file, with the identifiers of its header, and the path of a table.
Leaves: the labelled files with the table's columns, and sentences on what found no partner.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from bedside.data.raw_cases import RawCases, rows_named
from bedside.data.table_source import PARQUET_SUFFIXES, TEXT_SUFFIXES, read_table
from bedside.errors import DataError, Problems, StudyError, nearest, sentence

KEYS: Mapping[str, tuple[str, str]] = {
    "sop_uid": ("SOPInstanceUID", "sopinstanceuid sopuid instanceuid imageuid"),
    "file": (
        "file",
        "file filename filepath path image imagefile imageindex imageid imagename imagepath "
        "dicom dicomfile dicomid dicompath",
    ),
    "series_uid": ("SeriesInstanceUID", "seriesinstanceuid seriesuid"),
    "study_uid": ("StudyInstanceUID", "studyinstanceuid studyuid"),
    "accession_number": ("AccessionNumber", "accessionnumber accession"),
    "patient_id": ("PatientID", "patientid patient"),
}
"""Column of the files -> its DICOM name, and the names of a label column that mean it."""
_SUFFIX = re.compile(r"\.(dcm|dicom|ima|png|jpe?g|tiff?)$", re.IGNORECASE)


def join_labels(
    cases: pd.DataFrame, path: Path, *, key: str | None
) -> tuple[pd.DataFrame, list[str]]:
    """Join a table of labels to files.

    Without `key`, the finest column of `KEYS` that names at least one of the files is
    taken: instance or file, then series, study, accession, patient. A file may be named
    by its path within the folder, its name, or its name without suffix.

    Args:
        cases: ``file`` and the identifiers of `KEYS`, one row a file.
        path: the table.
        key: its column to join by.

    Returns:
        The labelled files in their order, and notes. Where both have a column of one
        name, the table's stands, and the header's is kept as ``header_<name>``.

    Raises:
        StudyError: no such table or column.
        DataError: blank or repeated keys, or labels that match no file.
    """
    raw = _table(path)
    problems = Problems(DataError)
    for column, kind in _candidates(raw, key):
        wanted = raw.cases[column].str.strip()
        found = _matches(cases, wanted, kind)
        if found.notna().any():
            break
    else:
        raise _nothing_matches(raw, key)
    _check_keys(problems, raw, wanted.rename(column))
    problems.raise_if_any()
    notes = [f"Labels of {raw.source} are joined by {KEYS[kind][0]} (column '{column}')."]
    if unlabelled := int(found.isna().sum()):
        numbers = rows_named(np.flatnonzero(found.isna()), 1).replace("row", "file")
        notes.append(
            f"{unlabelled} of {len(cases)} images ({numbers} of the sorted images) have no label "
            "there and are left out."
        )
    missing = np.setdiff1d(np.arange(len(wanted)), found.dropna().astype(int))
    if len(missing):
        rows = rows_named(missing, raw.first_row)
        notes.append(f"{len(missing)} rows of {raw.source} ({rows}) have no image.")
    labelled = found.notna()
    answers = raw.cases.iloc[found[labelled].astype(int)].reset_index(drop=True)
    files = cases[labelled].reset_index(drop=True)
    if kind == column:
        answers = answers.drop(columns=column)
    # The file itself stays, since references are made of it.
    answers = answers.drop(columns={"file"} & set(answers.columns))
    twice = {name: f"header_{name}" for name in files.columns if name in answers.columns}
    return files.rename(columns=twice).join(answers), notes


def key_column(columns: list[str]) -> str | None:
    """The column of a table that names DICOM files or what they belong to, None without one."""
    named = [column for kind in KEYS for column in columns if _means(column, kind)]
    return named[0] if named else None


def _table(path: Path) -> RawCases:
    if not path.is_file() or path.suffix.lower() not in TEXT_SUFFIXES + PARQUET_SUFFIXES:
        raise StudyError(
            sentence(
                f"data.labels {path.name}",
                expected="an existing .csv, .tsv or .parquet file",
                got="another kind of file" if path.is_file() else "none there",
                remedy="Correct the path; it is relative to the study file",
            )
        )
    return read_table(path)


def _candidates(raw: RawCases, key: str | None) -> list[tuple[str, str]]:
    """Columns to join by, the finest first, each with the column of the files it stands for."""
    columns = list(raw.cases.columns)
    if key is not None:
        if key not in columns:
            raise StudyError(
                f"data.labels_key: expected a column of {raw.source}, got '{key}'. "
                f"{nearest(key, columns)}"
            )
        return [(key, next((kind for kind in KEYS if _means(key, kind)), "file"))]
    found = [(column, kind) for kind in KEYS for column in columns if _means(column, kind)]
    if not found:
        raise StudyError(
            sentence(
                raw.source,
                expected=f"a column called {', '.join(name for name, _ in KEYS.values())}",
                got=f"{len(columns)} columns by other names",
                remedy="Rename the column that names the files, or give it as data.labels_key",
            )
        )
    return found


def _means(column: str, kind: str) -> bool:
    return re.sub(r"[\W_]", "", column).lower() in KEYS[kind][1].split()


def _matches(cases: pd.DataFrame, wanted: pd.Series, kind: str) -> pd.Series:
    """(N,) the row of the labels that belongs to each file, NaN without one."""
    if kind != "file":
        rows = pd.Series(np.arange(len(wanted)), index=wanted).groupby(level=0).first()
        return cases[kind].str.strip().map(rows).astype("float64")
    wanted = wanted.str.replace("\\", "/").str.removeprefix("./")
    found = pd.Series(np.nan, index=cases.index, dtype="float64")
    for form in (_path, _name, _stem):
        names, asked = cases["file"].map(form), wanted.map(form, na_action="ignore")
        rows = pd.Series(np.arange(len(asked)), index=asked).groupby(level=0).first()
        unique = ~names.duplicated(keep=False)  # of two files of one name, neither is meant
        found = found.fillna(names.where(unique).map(rows).astype("float64"))
    return found


def _path(path: str) -> str:
    return path


def _name(path: str) -> str:
    return PurePosixPath(path).name


def _stem(path: str) -> str:
    """The name without a suffix of pictures; the dots of a UID are none."""
    return _SUFFIX.sub("", _name(path))


def _check_keys(problems: Problems, raw: RawCases, keys: pd.Series) -> None:
    for bad, expected, got in (
        (keys.isna(), "a value in every row", "blank"),
        (keys.duplicated() & keys.notna(), "each value once", "repeated"),
    ):
        rows = np.flatnonzero(bad)
        if len(rows):
            problems.add(
                f"column '{keys.name}' of {raw.source}",
                expected=expected,
                got=f"{len(rows)} {got} ({rows_named(rows, raw.first_row)})",
                remedy="Correct them, or name another column as data.labels_key",
            )


def _nothing_matches(raw: RawCases, key: str | None) -> DataError:
    tried = ", ".join(f"'{column}'" for column, _ in _candidates(raw, key))
    return DataError(
        sentence(
            raw.source,
            expected="labels of these files",
            got=f"{len(raw.cases)} rows that name none of them (tried {tried})",
            remedy="Name files by their path within the folder, or instances, series, studies or "
            "patients as the headers do",
        )
    )
