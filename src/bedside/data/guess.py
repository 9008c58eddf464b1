"""A first study file, guessed from the data.

Enters: a folder per class or of DICOM files, a CSV, TSV or Parquet table, a MedMNIST
.npz, a Decathlon folder, or texts with entities (IOB, brat, JSON). Leaves: the text of a
study file with a comment on every line, ready to run where this version can, and plain about it
where it cannot.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from bedside.data.annotated_guess import annotated_files, write_annotated
from bedside.data.array_source import label_columns, npz_headers, npz_parts, read_labels
from bedside.data.column_roles import (
    Roles,
    find_roles,
    negative_of,
    positive_of,
    several_findings,
    straddling,
)
from bedside.data.columns_guess import Found, find_columns, write_table_input
from bedside.data.decathlon_guess import write_decathlon
from bedside.data.decathlon_source import DATASET
from bedside.data.dicom_guess import DicomStudy, find_dicom_study
from bedside.data.folder_guess import no_classes, tables_in
from bedside.data.folder_source import class_folders, is_note, read_folder
from bedside.data.picture_size import image_size, kept_size
from bedside.data.series_guess import find_series, write_series
from bedside.data.study_text import StudyText
from bedside.data.table_source import PARQUET_SUFFIXES, TEXT_SUFFIXES, read_table
from bedside.data.text_guess import (
    answer_column,
    find_text_columns,
    write_note_input,
    write_summary_target,
    write_text_inputs,
)
from bedside.data.written_paths import IMAGE_SUFFIXES
from bedside.errors import StudyError, sentence

if TYPE_CHECKING:
    import pandas as pd

    from bedside.data.raw_cases import RawCases

DEFAULT_SIZE = [128, 128]
VOLUME_SIZE = [48, 48, 48]
SIZE_MEANS = "height and width given to the model; larger shows more and takes longer"
IMAGE_OPTIONS = (
    ("resize", "pad", "keep the aspect ratio, fill up with black; the default is stretch"),
    ("channels", 1, "1 grey, 3 colour; the default, auto, follows the images"),
    ("mirror", True, "training may see images mirrored; not where left and right matter"),
)
BY_CASE = (
    "WARNING: no patient column is known, so cases are split one by one. If a patient has",
    "several cases, the answer will be too good. Better: a table with a patient column, named",
    "as data.patient, and by: patient.",
)


def guess_study(path: Path, *, name: str | None = None, relative_to: Path | None = None) -> str:
    """Guess a study file from data.

    Args:
        path: a folder per class, a table, an .npz, a Decathlon folder, or annotated texts.
        name: the study's name; by default that of the data.
        relative_to: the folder the study file will lie in; paths are written relative
            to it. By default the folder the data lie in.

    Raises:
        StudyError: the data are of no known form, or lack files or a label.
        DataError: the data are damaged.
    """
    path = Path(path)
    if not path.exists():
        got, remedy = "none there", "Correct the path"
        raise StudyError(
            sentence(path.name, expected="a file or folder of data", got=got, remedy=remedy)
        )
    if path.name == DATASET:
        path = path.parent
    base = Path(relative_to) if relative_to is not None else path.resolve().parent
    place = Path(os.path.relpath(path.resolve(), base.resolve())).as_posix()
    text = StudyText()
    text.say(f"Guessed by 'bedside init' from {path.resolve().name}: read it before you trust it.")
    text.add("name", name or _stem(path.resolve()), means="names the study and its run", depth=0)
    marked = annotated_files(path)
    if marked:
        by, part = write_annotated(text, marked, place)
        _split(text, by=by, part=part)
        text.rest(subgroups=[])
        return text.text()
    if path.is_dir():
        write = _decathlon if (path / DATASET).is_file() else _folder_or_dicom
    elif path.suffix.lower() in TEXT_SUFFIXES + PARQUET_SUFFIXES:
        write = _table
    elif path.suffix.lower() == ".npz":
        write = _npz
    else:
        raise StudyError(
            sentence(
                path.name,
                expected="a folder per class, a .csv, .tsv, .parquet or .npz file, "
                "or a Decathlon folder",
                got=f"a file with the suffix '{path.suffix}'",
                remedy="Bring the data into one of these forms",
            )
        )
    write(text, path, place)
    return text.text()


def _stem(path: Path) -> str:
    return path.name if path.is_dir() else path.stem


def _folder_or_dicom(text: StudyText, path: Path, place: str) -> None:
    found = find_dicom_study(path)
    if found is None:
        _folder(text, path, place)
    else:
        _dicom(text, found, path, place=place)


def _dicom(text: StudyText, found: DicomStudy, path: Path, *, place: str) -> None:
    cases, roles = found.raw.cases, found.roles
    text.open("data", means="where the cases come from: table, folder, npz, dicom or synthetic")
    text.add("dicom", f"{place}/", means="DICOM files, found by content; relative to this file")
    labels = (Path(place) / os.path.relpath(found.labels.resolve(), path.resolve())).as_posix()
    text.add("labels", os.path.normpath(labels), means="a row each file, series or patient")
    for note in found.raw.notes:
        text.say(note)
    if roles.patient:
        text.add("patient", roles.patient, means="who: keeps a patient in one part")
    else:
        text.offer("patient", "patient_id", means="who: PatientID of the headers, the default")
    known = roles.patient is not None or bool(cases["patient_id"].notna().all())
    _image_input(text, column="file", size=None)
    _table_target(text, found.raw, roles, answer=None)
    _split(text, by="patient" if known else "case", part=roles.part)
    text.rest(subgroups=list(found.subgroups))


def _folder(text: StudyText, path: Path, place: str) -> None:
    if len({folder.name for folder in class_folders(path)[0]}) < 2:
        raise no_classes(path)
    raw = read_folder(path)
    if raw.cases["label"].nunique() < 2:
        raise no_classes(path)
    tables = tables_in(path)
    if tables:
        text.say(f"{tables[0].name} lies in the folder, too: 'bedside init' may know more from it.")
    text.open("data", means="where the cases come from: table, folder, npz or synthetic")
    text.add("folder", f"{place}/", means="one sub-folder per class; relative to this file")
    if is_note(Path(raw.cases["file"].iloc[0])):
        write_note_input(text, "file")
    else:
        _image_input(text, column="file", size=image_size(raw, "file", path))
    counts = Counter(raw.cases["label"])
    _target(text, column="label", classes=tuple(sorted(counts)), counts=counts)
    part = "part" if "part" in raw.cases else None
    _split(text, by="case", part=part)
    text.rest(subgroups=[])


def _table(text: StudyText, path: Path, place: str) -> None:
    raw = read_table(path)
    series = find_series(raw)
    if series is not None:
        write_series(text, series, place)
        text.rest(subgroups=[])
        return
    roles = find_roles(raw)
    apart = roles.file is not None and not roles.note
    texts = () if apart else find_text_columns(raw.cases, taken=roles.named)
    found = Found()
    if roles.file is None and not texts:
        found = find_columns(raw.cases, taken=roles.named_but_for_groups, label=roles.label)
    _refuse_unfit(raw, roles, texts, found=found)
    _table_data(text, raw, roles, place)
    root = path.parent / (roles.root or "")
    if roles.note:
        write_note_input(text, str(roles.file))
    elif texts:
        write_text_inputs(text, texts)
    elif found.columns:
        write_table_input(text, found)
    elif roles.volume:
        _volume_input(text, "volume", column=roles.file, size=VOLUME_SIZE)
    else:
        _image_input(text, column=str(roles.file), size=image_size(raw, str(roles.file), root))
    for other in roles.other_files:
        text.say(f"Column {json.dumps(other, ensure_ascii=False)} names files, too.")
    _table_target(text, raw, roles, answer=answer_column(texts))
    shared = 0
    if roles.part and roles.patient:
        shared = straddling(raw.cases, patient=roles.patient, part=roles.part)
    _split(text, by="patient" if roles.patient else "case", part=roles.part, shared=shared)
    text.rest(subgroups=list(roles.subgroups))


def _table_target(text: StudyText, raw: RawCases, roles: Roles, *, answer: str | None) -> None:
    if roles.label is None and not roles.labels and answer is not None:
        write_summary_target(text, answer)
        return
    counts = Counter(raw.cases[roles.label].dropna()) if roles.label else Counter[str]()
    _target(
        text,
        column=roles.label,
        columns=roles.labels,
        classes=roles.classes,
        counts=counts,
        unknown=_unknown_values(raw.cases, roles),
    )


def _table_data(text: StudyText, raw: RawCases, roles: Roles, place: str) -> None:
    text.open("data", means="where the cases come from: table, folder, npz or synthetic")
    text.add("table", place, means="one row a case; the path is relative to this file")
    if roles.root:
        inner = (Path(place).parent / roles.root).as_posix()
        text.add("root", inner, means="the folder that the files named in the table lie in")
    if roles.file and not roles.found:
        text.say("The files were not found beside the table: name their folder as root.")
    if roles.patient:
        blanks = int(raw.cases[roles.patient].isna().sum())
        also = f"; {blanks} blank cells there must be filled in" if blanks else ""
        text.add("patient", roles.patient, means=f"who: keeps a patient in one part{also}")
    for key, column, means in (
        ("case", roles.case, "which: names each case in the predictions"),
        ("site", roles.site, "where: lets you split or report by hospital"),
        ("time", roles.time, "when: lets you test on the latest cases"),
    ):
        if column:
            text.add(key, column, means=means)


def _refuse_unfit(raw: RawCases, roles: Roles, texts: tuple[str, ...], *, found: Found) -> None:
    """Tell what a table lacks for a study of images, texts or its own columns."""
    if roles.file is None and not texts and not found.columns:
        raise StudyError(
            sentence(
                raw.source,
                expected="columns of numbers, categories or texts, or one that names a file in "
                f"each row ({', '.join(IMAGE_SUFFIXES)})",
                got=f"{_columns(raw)} without any beside the label and ids",
                remedy="Add what the label is to be told from",
            )
        )
    if roles.label is None and not roles.labels and answer_column(texts) is None:
        raise StudyError(
            sentence(
                raw.source,
                expected="a column with two or more classes, by the name of label, target or "
                "diagnosis, or several columns of 0 and 1",
                got=f"{_columns(raw)} without one",
                remedy="Add the label or name its column so",
            )
        )


def _columns(raw: RawCases) -> str:
    return f"{len(raw.cases.columns)} column{'' if len(raw.cases.columns) == 1 else 's'}"


def _npz(text: StudyText, path: Path, place: str) -> None:
    headers = npz_headers(path)
    parts = npz_parts(headers)
    labels = label_columns(read_labels(path, parts))
    shape = headers[f"{parts[0]}images"].shape
    volume = len(shape) > 4 or (len(shape) == 4 and shape[3] not in (1, 3, 4))
    text.open("data", means="where the cases come from: table, folder, npz or synthetic")
    text.add("npz", place, means="images, labels and parts in one file, as MedMNIST has them")
    if volume:
        _volume_input(text, "volume", column="image", size=list(shape[1:4]))
    else:
        _image_input(text, column="image", size=kept_size(shape[1], shape[2]))
    single = "label" in labels
    counts = Counter(labels["label"].dropna()) if single else Counter[str]()
    _target(
        text,
        column="label" if single else None,
        columns=() if single else tuple(map(str, labels.columns)),
        classes=tuple(sorted(counts)),
        counts=counts,
    )
    _split(text, by="case", part="part" if parts != ("",) else None)
    text.rest(subgroups=[])


def _decathlon(text: StudyText, path: Path, place: str) -> None:
    known = write_decathlon(text, path, place)
    _split(text, by="patient" if known else "case", part=None)


def _volume_input(
    text: StudyText, name: str, *, column: str | None = None, size: list[int] | None = None
) -> None:
    text.open("inputs", means="what the model sees; the names are yours")
    text.add(name, means="one input")
    text.add("modality", "volume", means="NIfTI, a folder of DICOM slices, or an array", depth=2)
    if column:
        text.add("column", column, means="the column that holds it", depth=2)
    if size:
        text.add("size", size, means="slices, rows and columns that each is brought onto", depth=2)


def _image_input(text: StudyText, *, column: str, size: list[int] | None) -> None:
    text.open("inputs", means="what the model sees; the names are yours")
    text.add("image", means="one input")
    text.add("modality", "image", means="PNG, JPEG, TIFF or DICOM, or an array of pixels", depth=2)
    text.add("column", column, means="the column that holds it", depth=2)
    text.add("size", size or DEFAULT_SIZE, means=SIZE_MEANS, depth=2)
    for key, value, means in IMAGE_OPTIONS:
        text.offer(key, value, means=means, depth=2)


def _target(
    text: StudyText,
    *,
    column: str | None,
    columns: tuple[str, ...] = (),
    classes: tuple[str, ...],
    counts: Counter[str],
    unknown: tuple[str | int, ...] = (),
) -> None:
    text.open("target", means="what the model shall answer")
    text.add("task", "classify", means="one class of two or several, or several labels at once")
    if column is None:
        text.add("columns", list(columns), means="one label each: 1 is yes, 0 is no")
        _unknown(text, unknown)
        return
    text.add("column", column, means="the column that holds the class")
    _unknown(text, unknown)
    negative = negative_of(classes)
    if len(classes) == 2:
        positive = positive_of(classes, negative=negative, counts=counts)
        share = counts[positive] / max(1, counts.total())
        means = f"the class to be found ({share:.0%} of cases); the other counts as negative"
        text.add("positive", positive, means=means)
    elif negative is not None and several_findings(classes):
        text.add("negative", negative, means="this value is negative, every other one positive")
    else:
        text.say(f"{len(classes)} classes were found; each is told from all others.")
        if negative is not None:
            text.offer("negative", negative, means="switch on to ask: this value, or any other?")


def _unknown(text: StudyText, values: tuple[str | int, ...]) -> None:
    if values:
        means = "values that mean nobody knows, never counted as negative; '' is a blank cell"
        text.add("unknown", list(values), means=means)


def _unknown_values(cases: pd.DataFrame, roles: Roles) -> tuple[str | int, ...]:
    """Blanks, and in columns of 0 and 1 the -1 that some sets write for uncertain."""
    columns = cases[[roles.label] if roles.label else list(roles.labels)]
    found: list[str | int] = [""] if bool(columns.isna().any(axis=None)) else []
    if roles.labels:
        uncertain: dict[str, str | int] = {"-1": -1, "-1.0": "-1.0"}
        found += [
            value for word, value in uncertain.items() if bool((columns == word).any(axis=None))
        ]
    return tuple(found)


def _split(text: StudyText, *, by: str, part: str | None, shared: int = 0) -> None:
    text.open("split", means="which cases train the model and which test it")
    if by == "case":
        for line in BY_CASE:
            text.say(line)
    text.split(by=by)
    if part is None:
        return
    if shared:
        text.say(f"Not used: {shared} patients have cases in more than one of these parts.")
        text.offer("column", part, means="the parts that came with the data")
    else:
        text.add("column", part, means="the parts that came with the data; remove to draw them")
