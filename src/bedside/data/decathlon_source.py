"""A task of the Medical Segmentation Decathlon: a folder with dataset.json.

Enters: the folder, and a table that says which cases are one person's. Leaves: `RawCases` with
``case_id``, ``image``, ``mask`` and, with the table, ``patient``; the numbers of the structures
by name. Only the training list has masks; the hidden test list is left out and counted.

What such folders are known for, and how it is met: the list says more or fewer cases than there
are (the list counts, not ``numTraining``); files are written .nii where the list says .nii.gz, or
the other way round; labels are the wrong way round (name -> number, as nnU-Net writes them); labels
are stored as fractions (see `modalities.label_masks`).

The form: Antonelli 2022, doi:10.1038/s41467-022-30695-9.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bedside.data.raw_cases import RawCases, rows_named
from bedside.data.table_source import read_table
from bedside.errors import DataError, Problems, StudyError, sentence

DATASET = "dataset.json"
BACKGROUND = "background"
_ENDINGS = (".nii.gz", ".nii", ".nrrd", ".nhdr")


@dataclass(frozen=True)
class DecathlonTask:
    """What dataset.json says.

    Args:
        files: of each training case, image and mask, relative to the folder.
        structures: name -> number in the masks, without the background.
        modalities: names of the channels.
        tests: how many test cases without masks are listed.
    """

    files: tuple[tuple[str, str], ...]
    structures: dict[str, int]
    modalities: tuple[str, ...]
    tests: int = 0


def read_decathlon(folder: Path, *, groups: Path | None = None) -> RawCases:
    """Read the training cases; row 1 is the first of the list.

    Args:
        folder: holds dataset.json.
        groups: a table with the columns ``case`` and ``patient``.

    Raises:
        StudyError: the folder or the table is missing.
        DataError: dataset.json has another form, a case stands twice, or the table lacks cases.
    """
    task = read_dataset(folder)
    names = [case_name(image) for image, _ in task.files]
    cases = pd.DataFrame(
        {
            "case_id": names,
            "image": [_there(folder, image) for image, _ in task.files],
            "mask": [_there(folder, mask) for _, mask in task.files],
        },
        dtype="str",
    )
    source = f"the training list of {folder.name}/{DATASET}"
    again = cases["case_id"].duplicated().to_numpy().nonzero()[0]
    if len(again):
        raise DataError(
            sentence(
                source, expected="each case once", got=f"{len(again)} again "
                f"({rows_named(again, 1)})", remedy="Remove them from the list",
            )
        )  # fmt: skip
    notes = (f"{task.tests} test case(s) without masks are left out.",) if task.tests else ()
    if groups is not None:
        cases["patient"] = _patients(cases["case_id"], groups, source=source)
    return RawCases(
        cases,
        source,
        first_row=1,
        root=folder,
        notes=notes,
        patient=None if groups is None else "patient",
        structures=task.structures,
    )


def read_dataset(folder: Path) -> DecathlonTask:
    """Read dataset.json.

    Raises:
        StudyError: it is missing.
        DataError: it has another form.
    """
    path = folder / DATASET
    if not path.is_file():
        raise StudyError(
            sentence(
                f"data.decathlon {folder.name}",
                expected=f"a folder with {DATASET}",
                got="none there" if not folder.is_dir() else "a folder without it",
                remedy="Correct the path; it is relative to the study file",
            )
        )
    try:
        words = json.loads(path.read_text(encoding="utf-8-sig"))
        return DecathlonTask(
            files=tuple((str(case["image"]), str(case["label"])) for case in words["training"]),
            structures=_structures(words["labels"]),
            modalities=tuple(map(str, (words.get("modality") or words["channel_names"]).values())),
            tests=len(words.get("test") or ()),
        )
    except (OSError, ValueError, LookupError, AttributeError, TypeError):
        raise DataError(
            sentence(
                f"{folder.name}/{DATASET}",
                expected="the keys modality, labels and training as the Decathlon has them",
                got="another form",
                remedy="Correct the file, or name a folder per class or a table",
            )
        ) from None


def case_name(image: str) -> str:
    """Name of a case: its image's, without folder and ending."""
    name = Path(image.replace("\\", "/")).name
    ending = next((end for end in _ENDINGS if name.lower().endswith(end)), "")
    return name[: len(name) - len(ending)]


def _structures(labels: Mapping[str, Any]) -> dict[str, int]:
    """Name -> number, in the order of numbers; names in small letters, without blanks."""
    pairs = [(n, name) if _is_number(n) else (name, n) for n, name in labels.items()]
    found = {_plain(str(name)): int(number) for number, name in sorted(pairs, key=_number)}
    return {name: number for name, number in found.items() if number != 0}


def _number(pair: tuple[Any, Any]) -> int:
    return int(pair[0])


def _is_number(word: object) -> bool:
    return str(word).strip().isdecimal()


def _plain(name: str) -> str:
    return re.sub(r"\W+", "_", name.strip().lower()).strip("_") or "structure"


def _there(folder: Path, written: str) -> str:
    """The path as written, or with the other of .nii and .nii.gz where only that is there."""
    path = re.sub(r"^(\./)+", "", written.replace("\\", "/"))
    other = path.removesuffix(".gz") if path.endswith(".gz") else f"{path}.gz"
    if not (folder / path).exists() and (folder / other).is_file():
        return other
    return path


def _patients(cases: pd.Series, groups: Path, *, source: str) -> pd.Series:
    """The patient of each case."""
    table = read_table(groups)
    problems = Problems(DataError)
    for column in ("case", "patient"):
        if column not in table.cases:
            problems.add(
                f"data.groups {groups.name}",
                expected="the columns case and patient",
                got=f"none called '{column}'",
                remedy="Name them so",
            )
    problems.raise_if_any()
    known = table.cases.dropna(subset=["case", "patient"])
    names = known["case"].str.strip().map(case_name)
    patients = known.set_axis(names)["patient"]
    if patients.index.duplicated().any():
        raise DataError(
            sentence(
                f"data.groups {groups.name}",
                expected="each case once",
                got=f"{int(patients.index.duplicated().sum())} again",
                remedy="Keep one row a case",
            )
        )
    found = cases.map(patients)
    lost = found.isna().to_numpy().nonzero()[0]
    if len(lost):
        raise DataError(
            sentence(
                f"data.groups {groups.name}",
                expected=f"the patient of each case of {source}",
                got=f"none for {len(lost)} ({rows_named(lost, 1)})",
                remedy="Add them, or leave groups out and split by case",
            )
        )
    return found
