"""Which column of a table says what: file, patient, site, time, part, label.

Enters: a table as text. Leaves: `Roles`, a guess by names and by values, which the
user reads and corrects in the study file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bedside.data.raw_cases import PART_WORDS
from bedside.data.written_paths import IMAGE_SUFFIXES, NOTE_SUFFIX, find_written

if TYPE_CHECKING:
    import pandas as pd

    from bedside.data.raw_cases import RawCases

VOLUME_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr")
NAMES = {
    "patient": "patientid patient patientnumber patientno patid ptid subjectid subject subjectno "
    "mrn pid personid person participantid participant",
    "case": "caseid case examid",
    "site": "site siteid hospital hospitalid hospitalname center centre institution clinic",
    "time": "time date datetime timestamp studydate studytime examdate acquisitiondate year",
    "part": "split part fold set subset partition dataset",
    "label": "label labels target class diagnosis finding findings findinglabels findinglabel "
    "outcome category condition disease dx y",
    "subgroup": "sex gender patientsex patientgender view viewposition age patientage race "
    "ethnicity",
}
NEGATIVE_WORDS = ("nofinding", "nofindings", "normal", "negative", "healthy", "control", "none",
                  "no", "absent", "false", "0")  # fmt: skip
FLAGS = frozenset({"0", "1", "-1", "0.0", "1.0", "-1.0"})
MAX_CLASSES = 20
LOOKED_AT = 200
NAMES_A_FILE = 0.9


@dataclass(frozen=True)
class Roles:
    """What the columns of a table seem to say; None or empty where nothing does.

    Args:
        file: the column that names files of images, volumes or texts.
        root: folder below the table's that the files lie in, None: the table's own.
        found: whether the files looked for are there.
        volume: whether they are volumes rather than images.
        note: whether they are texts.
        patient, case, site, time, part: columns.
        label: one column of classes; `labels`: several of 0 and 1.
        classes: the values of `label`, the negative one first where there is one.
        negative: its value that means nothing was found.
        subgroups: columns to report by.
        other_files: further columns that name files.
    """

    file: str | None = None
    root: str | None = None
    found: bool = False
    volume: bool = False
    note: bool = False
    patient: str | None = None
    case: str | None = None
    site: str | None = None
    time: str | None = None
    part: str | None = None
    label: str | None = None
    labels: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    negative: str | None = None
    subgroups: tuple[str, ...] = ()
    other_files: tuple[str, ...] = ()

    @property
    def named_but_for_groups(self) -> frozenset[str | None]:
        """The same without columns to report by, which a model may learn from."""
        return self.named - {name for name in self.subgroups if name != self.site}

    @property
    def named(self) -> frozenset[str | None]:
        """Columns that play a role, but for labels by values alone."""
        return frozenset({
            *(self.file, self.patient, self.case, self.site, self.time, self.part, self.label),
            *self.labels, *self.subgroups,
        })  # fmt: skip


def find_roles(raw: RawCases) -> Roles:
    """Guess the roles of a table's columns."""
    cases = raw.cases
    file, root, found, others = _file_column(cases, raw.root or Path())
    patient = _named(cases, "patient")
    site = next(
        (c for c in _all_named(cases, "site") if 2 <= cases[c].nunique() <= len(cases) / 2), None
    )
    part = next((c for c in _all_named(cases, "part") if _only_parts(cases[c])), None)
    case = next((c for c in _all_named(cases, "case") if cases[c].is_unique), None)
    taken = {file, patient, site, part, case, *others}
    time = next((c for c in _all_named(cases, "time") if c not in taken), None)
    subgroups = [c for c in _all_named(cases, "subgroup") if cases[c].nunique() >= 2]
    free = [c for c in cases.columns if c not in {*taken, time, *subgroups}]
    label, labels = _label_columns(cases, free)
    classes = tuple(sorted(cases[label].dropna().unique())) if label else ()
    return Roles(
        file=file,
        root=root,
        found=found,
        volume=file is not None and _share_with(cases[file], VOLUME_SUFFIXES) >= NAMES_A_FILE,
        note=file is not None and _share_with(cases[file], (NOTE_SUFFIX,)) >= NAMES_A_FILE,
        patient=patient,
        case=case,
        site=site,
        time=time,
        part=part,
        label=label,
        labels=labels,
        classes=negative_first(classes),
        negative=negative_of(classes),
        subgroups=tuple(subgroups + [c for c in (site,) if c]),
        other_files=others,
    )


def straddling(cases: pd.DataFrame, *, patient: str, part: str) -> int:
    """How many patients have cases in more than one given part."""
    parts = cases[part].str.strip().str.lower().map(PART_WORDS)
    return int((parts.groupby(cases[patient]).nunique() > 1).sum())


def negative_of(classes: Iterable[str]) -> str | None:
    """The class that means nothing was found, None where none is known to."""
    return next((c for word in NEGATIVE_WORDS for c in classes if _plain(c) == word), None)


def several_findings(classes: tuple[str, ...]) -> bool:
    """Whether the values are lists of findings rather than classes of their own."""
    return len(classes) > MAX_CLASSES or any(mark in c for c in classes for mark in "|;")


def positive_of(classes: tuple[str, ...], *, negative: str | None, counts: Counter[str]) -> str:
    """Of two classes the one that is not negative; where neither is known to be, the rarer."""
    if negative is not None:
        return next(c for c in classes if c != negative)
    return min(classes, key=lambda c: (counts[c], c))


def negative_first(classes: Sequence[str]) -> tuple[str, ...]:
    """The same classes, the negative one first."""
    negative = negative_of(classes)
    return tuple(sorted(classes, key=lambda c: (c != negative, c)))


def _plain(name: object) -> str:
    return re.sub(r"[\W_]", "", str(name)).lower()


def _all_named(cases: pd.DataFrame, role: str) -> list[str]:
    """Columns whose name fits a role, the likeliest first."""
    words = NAMES[role].split()
    fits = [c for c in cases.columns if _plain(c) in words]
    return sorted(fits, key=lambda c: words.index(_plain(c)))


def _named(cases: pd.DataFrame, role: str) -> str | None:
    return next(iter(_all_named(cases, role)), None)


def _only_parts(column: pd.Series) -> bool:
    words = set(column.fillna("").str.strip().str.lower())
    return len(words) > 1 and words <= set(PART_WORDS)


def _share_with(column: pd.Series, suffixes: tuple[str, ...]) -> float:
    cells = column.dropna().head(LOOKED_AT)
    if cells.empty:
        return 0.0
    return float(cells.str.strip().str.lower().str.endswith(suffixes).mean())


def _file_column(
    cases: pd.DataFrame, root: Path
) -> tuple[str | None, str | None, bool, tuple[str, ...]]:
    """The column of files, the folder they lie in, whether they are there, and its rivals."""
    named = [
        c
        for c in cases.columns
        if any(
            _share_with(cases[c], suffixes) >= NAMES_A_FILE
            for suffixes in (IMAGE_SUFFIXES + VOLUME_SUFFIXES, (NOTE_SUFFIX,))
        )
    ]
    # A column of names without suffix has next to no name twice.
    suffixless = [
        c
        for c in cases.columns
        if c not in named and cases[c].nunique() > NAMES_A_FILE * len(cases)
    ]
    for column in named + suffixless:
        for folder in (None, *_folders(root)):
            if _exist(cases[column], root / (folder or "")):
                others = tuple(c for c in named if c != column)
                return column, folder, True, others
    return (named[0], None, False, tuple(named[1:])) if named else (None, None, False, ())


def _folders(root: Path) -> list[str]:
    if not root.is_dir():
        return []
    return sorted(e.name for e in root.iterdir() if e.is_dir() and not e.name.startswith("."))


def _exist(column: pd.Series, folder: Path) -> bool:
    """Whether nearly all of the first cells name files there; most columns fail at once."""
    cells = column.dropna().head(LOOKED_AT)
    missing = 0
    for cell in cells:
        missing += find_written(folder, cell) is None
        if missing > (1 - NAMES_A_FILE) * len(cells):
            return False
    return len(cells) > 0


def _label_columns(cases: pd.DataFrame, free: list[str]) -> tuple[str | None, tuple[str, ...]]:
    """One column of classes, or several of 0 and 1; by name first, then by their values."""
    for column in _all_named(cases[free], "label"):
        values = cases[column].dropna().unique()
        if 2 <= len(values) <= MAX_CLASSES or (len(values) > 1 and negative_of(values)):
            return column, ()
    flags = [c for c in free if _is_flag(cases[c])]
    if len(flags) > 1:
        return None, tuple(flags)
    most = min(MAX_CLASSES, len(cases) // 2)
    few = [c for c in free if 2 <= cases[c].nunique() <= most and not _is_id(c)]
    words = [c for c in few if not cases[c].str.fullmatch(r"[-+.\d]+").all()]
    return next(iter(flags + words), None), ()


def _is_id(column: str) -> bool:
    """Whether a column says by its name that it tells people or things apart: id, device_id."""
    return re.split(r"[^a-z0-9]+", column.strip().lower())[-1] == "id"


def _is_flag(column: pd.Series) -> bool:
    values = set(column.dropna().unique())
    return len(values) > 1 and values <= FLAGS and bool(values & {"1", "1.0"})
