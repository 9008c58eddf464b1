"""From the study's `data` section to a cohort.

Enters: a `Study`. Leaves: a `Cohort` whose columns of patient, site, time and parts
exist, are free of blanks where they must be, and are spelt alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bedside.data.annotated_source import read_annotated
from bedside.data.array_source import read_npz
from bedside.data.cohort import Cohort
from bedside.data.decathlon_source import read_decathlon
from bedside.data.dicom_source import HEADER_COLUMNS, is_keyword, read_dicom_source
from bedside.data.folder_source import read_folder
from bedside.data.public.place import with_public_data
from bedside.data.raw_cases import PART_WORDS, RawCases, rows_named, text_table
from bedside.data.series_source import has_long_table, load_series_cohort
from bedside.data.synthetic import make_cohort
from bedside.data.table_source import read_table
from bedside.data.text_lines import MISSING_WORDS
from bedside.errors import DataError, Problems, StudyError, nearest, sentence
from bedside.registry import lookup
from bedside.study import parse_options

if TYPE_CHECKING:
    from bedside.schema import Array
    from bedside.study import DataSection, Study

MIN_CASES = 3


def load_cohort(study: Study) -> Cohort:
    """Read the cases of a study; of a long table of readings, its segments.

    Cells are text as written, NaN where blank (``"007"`` stays ``"007"``).
    ``case_id`` is the column named by `data.case`, a column of that name, or
    ``row-<number>``. The given parts, if any, are spelt train, validation, test.

    Raises:
        StudyError: the source is missing, or the study names a column it has not.
        DataError: the source is damaged or too small, a case id comes twice, or the
            patient or part column has blanks or unknown words; rows are named.
    """
    study = with_public_data(study)
    if has_long_table(study):
        return load_series_cohort(study)
    raw = SOURCES[study.data.source](study.data)
    if len(raw.cases) < MIN_CASES:
        raise DataError(
            sentence(
                raw.source,
                expected=f"at least {MIN_CASES} cases, one for each part",
                got=f"{len(raw.cases)} cases" if len(raw.cases) != 1 else "1 case",
                remedy="Add rows",
            )
        )
    cohort = Cohort(
        cases=raw.cases,
        source=raw.source,
        first_row=raw.first_row,
        patient=_patient(study, raw),
        site=study.data.site,
        time=study.data.time,
        part=study.split.column,
        root=raw.root,
        arrays=raw.arrays,
        notes=raw.notes,
        texts=text_columns(study),
        structures=raw.structures,
    )
    require_columns(replace(cohort, arrays={}), _declared(study))
    return _identified(cohort, case=study.data.case)


def text_columns(study: Study) -> frozenset[str]:
    """Columns whose cells an input reads as they stand.

    Raises:
        StudyError: an unknown modality or option.
    """
    columns: set[str] = set()
    for name, section in study.inputs.items():
        kind = lookup("modalities").load(section.modality)
        if not hasattr(kind, "reads_cells"):
            continue
        modality = parse_options(kind, section.model_dump(), where=f"inputs.{name}.")
        columns |= set(modality.columns_used()) if modality.reads_cells else set()
    return frozenset(columns)


def require_columns(cohort: Cohort, columns: Mapping[str, str]) -> None:
    """Check that columns which the study names exist.

    Args:
        cohort: the cases; columns held as arrays count.
        columns: key of the study file -> column, ``{"data.patient": "mrn"}``.

    Raises:
        StudyError: one sentence per missing column, with the nearest name.
    """
    known = {*map(str, cohort.cases.columns), *cohort.arrays}
    if cohort.series is not None:
        known |= set(cohort.series.columns)
    problems = Problems(StudyError)
    for key, column in columns.items():
        if column not in known:
            problems.found.append(
                f"{key}: expected a column of {cohort.source}, got '{column}'. "
                f"{nearest(column, known)}"
            )
    problems.raise_if_any()


def _table(data: DataSection) -> RawCases:
    if data.table is None:
        raise StudyError("data.table: missing. Name the table.")
    raw = read_table(data.table)
    if data.root is None:
        return raw
    if not data.root.is_dir():
        raise StudyError(
            sentence(
                "data.root",
                expected="an existing folder",
                got="a file" if data.root.is_file() else "none there",
                remedy="Correct the path; it is relative to the study file",
            )
        )
    return replace(raw, root=data.root)


def _folder(data: DataSection) -> RawCases:
    if data.folder is None:
        raise StudyError("data.folder: missing. Name the folder.")
    return read_folder(data.folder)


def _npz(data: DataSection) -> RawCases:
    if data.npz is None:
        raise StudyError("data.npz: missing. Name the file.")
    return read_npz(data.npz)


def _decathlon(data: DataSection) -> RawCases:
    if data.decathlon is None:
        raise StudyError("data.decathlon: missing. Name the folder.")
    return read_decathlon(data.decathlon, groups=data.groups)


def _dicom(data: DataSection) -> RawCases:
    if data.dicom is None:
        raise StudyError("data.dicom: missing. Name the folder or the files.")
    named = (data.case, data.patient, data.site, data.time)
    keywords = [n for n in named if n is not None and n not in HEADER_COLUMNS and is_keyword(n)]
    return read_dicom_source(
        data.dicom, labels=data.labels, key=data.labels_key, keywords=dict.fromkeys(keywords)
    )


def _annotated(data: DataSection) -> RawCases:
    paths = data.annotated
    if not paths:
        raise StudyError("data.annotated: missing. Name the files or the folder.")
    return read_annotated([paths] if isinstance(paths, Path) else paths)


def _synthetic(data: DataSection) -> RawCases:
    if data.synthetic is None:
        raise StudyError("data.synthetic: missing. Name the made-up cohort.")
    made = make_cohort(data.synthetic, patients=data.patients, seed=data.seed, days=data.days)
    table = text_table(made.table.reset_index(drop=True))
    return RawCases(
        table,
        f"synthetic {data.synthetic}",
        first_row=0,
        arrays=made.arrays,
        structures=made.structures,
    )


SOURCES: Mapping[str, Callable[[DataSection], RawCases]] = {
    "table": _table,
    "folder": _folder,
    "npz": _npz,
    "dicom": _dicom,
    "decathlon": _decathlon,
    "annotated": _annotated,
    "synthetic": _synthetic,
}


def _patient(study: Study, raw: RawCases) -> str | None:
    """The column of patients: the study's, else the source's own.

    Where the study splits case by case, gaps in the source's own are no fault.
    """
    if study.data.patient is not None or raw.patient is None:
        return study.data.patient
    blanks = bool(_stripped(raw.cases[raw.patient]).isna().any())
    return None if blanks and study.split.by == "case" else raw.patient


def _declared(study: Study) -> dict[str, str]:
    """Key of the study file -> column it names, for who, where, when and parts."""
    named = {
        "data.case": study.data.case,
        "data.patient": study.data.patient,
        "data.site": study.data.site,
        "data.time": study.data.time,
        "split.column": study.split.column,
    }
    subgroups = {f"evaluation.subgroups '{name}'": name for name in study.evaluation.subgroups}
    return {key: column for key, column in named.items() if column is not None} | subgroups


def _identified(cohort: Cohort, *, case: str | None) -> Cohort:
    """The cohort with clean ids and parts, or every fault of them in one error."""
    problems = Problems(DataError)
    cases = cohort.cases.copy()
    for column in {cohort.patient, cohort.site, cohort.time, case} - {None}:
        cases[column] = _stripped(cases[column])
    if cohort.patient is not None:
        _no_blanks(problems, cohort, cases[cohort.patient], expected="a patient in every row")
    if cohort.part is not None:
        cases[cohort.part] = _parts(problems, cohort, cases[cohort.part])
    ids = _case_ids(problems, cohort, case=case)
    problems.raise_if_any()
    cases = cases.drop(columns="case_id", errors="ignore")
    cases.insert(0, "case_id", ids)
    return replace(cohort, cases=cases)


def _stripped(column: pd.Series) -> pd.Series:
    """Without blanks around: '12 ' and '12' are one patient; words for missing are blank.

    Unicode is composed, since one name typed on two machines may differ in bytes only.
    """
    text = column.astype("str").str.strip().str.normalize("NFC")
    return text.where(~text.str.lower().isin(MISSING_WORDS))


def _no_blanks(problems: Problems, cohort: Cohort, column: pd.Series, *, expected: str) -> None:
    rows = np.flatnonzero(column.isna())
    if len(rows):
        problems.add(
            f"column '{column.name}' of {cohort.source}",
            expected=expected,
            got=f"{len(rows)} blank ({rows_named(rows, cohort.first_row)})",
            remedy="Fill them in or leave these rows out",
        )


def _parts(problems: Problems, cohort: Cohort, column: pd.Series) -> pd.Series:
    parts = column.str.strip().str.lower().map(PART_WORDS)
    rows = np.flatnonzero(parts.isna())
    if len(rows):
        problems.add(
            f"column '{column.name}' of {cohort.source}",
            expected="train, validation (val, valid, dev) or test in every row",
            got=f"{len(rows)} blank or other words ({rows_named(rows, cohort.first_row)})",
            remedy="Correct them, or remove split.column to have bedside split",
        )
    return parts


def _case_ids(problems: Problems, cohort: Cohort, *, case: str | None) -> pd.Series | Array:
    """(N,) unique ids of the cases."""
    name = case or "case_id"
    if name not in cohort.cases.columns:
        numbers = np.arange(len(cohort)) + cohort.first_row
        return pd.Series([f"row-{number}" for number in numbers], dtype="str")
    if case not in {None, "case_id"} and "case_id" in cohort.cases.columns:
        problems.add(
            f"data.case '{case}'",
            expected="no other column called 'case_id'",
            got="one",
            remedy="Name 'case_id' as data.case or rename it in the table",
        )
    ids = _stripped(cohort.cases[name])
    _no_blanks(problems, cohort, ids.rename(name), expected="a case id in every row")
    rows = np.flatnonzero(ids.duplicated() & ids.notna())
    if len(rows):
        problems.add(
            f"column '{name}' of {cohort.source}",
            expected="each case id once",
            got=f"{len(rows)} repeated ({rows_named(rows, cohort.first_row)})",
            remedy="Correct them, or name another column as data.case",
        )
    return ids
