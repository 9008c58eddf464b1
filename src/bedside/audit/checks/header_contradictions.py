"""What DICOM headers and the table of cases say differently of one image.

Enters: the evidence; facts of each header stand in its sample's geometry, and where the
cohort comes from DICOM files, their patient, sex and age stand in columns. Leaves:
findings that count cases and name columns. Which of the two is right, nobody here knows.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from bedside.audit.evidence import Evidence
from bedside.audit.findings import Finding, Severity
from bedside.data.dicom_source import HEADER_COLUMNS
from bedside.data.dicom_terms import BODY_PARTS, MODALITIES, RADIOGRAPHS

if TYPE_CHECKING:
    import pandas as pd

CHECK = "headers-and-table"
Meanings: TypeAlias = frozenset[str]
"""What a word can mean; two words contradict each other where they share no meaning."""
LOOK = "Look at these images and find out which of the two is right."
YEARS_APART = 1.0
"""Ages may be rounded, or taken on the day before a birthday."""


def headers_and_table(evidence: Evidence) -> list[Finding]:
    """Side, view, body part, modality, sex, age and patient, by header and by table (warn)."""
    found: list[Finding] = []
    for name, images in evidence.images.items():
        facts = {r: g.geometry.source for r, g in images.items() if _is_dicom(g.geometry.source)}
        for asked in QUESTIONS:
            headers = {
                row: word
                for row, fact in facts.items()
                if (word := next((fact[key] for key in asked.facts if fact.get(key)), None))
            }
            found += _differences(evidence, asked, headers, spoken=evidence.spoken(name))
    for asked in BY_COLUMN:
        found += _differences(evidence, asked, _header_cells(evidence, asked.header), spoken="")
    return found + _patients(evidence)


@dataclass(frozen=True)
class _Question:
    """One thing that both may say.

    Args:
        what: in words.
        header: column of the cohort that holds the header's word, where there is one.
        columns: plain names of columns of a table that say it.
        contradict: whether two words cannot both be right; False too where one says nothing.
        facts: of a header, the first that is there counts.
    """

    what: str
    header: str
    columns: frozenset[str]
    contradict: Callable[[str, str], bool]
    facts: tuple[str, ...] = ()


def _differences(
    evidence: Evidence, asked: _Question, headers: dict[int, str], *, spoken: str
) -> Iterator[Finding]:
    for column in _columns(evidence, asked):
        cells = evidence.cohort.cases[column]
        both = {r: (w, str(cells.iloc[r])) for r, w in headers.items() if cells.notna().iloc[r]}
        torn = {row: words for row, words in both.items() if asked.contradict(*words)}
        if not torn:
            continue
        count = "1 case" if len(torn) == 1 else f"{len(torn)} cases"
        message = (
            f"{spoken}{count} of {len(both)}: {asked.what} by the header contradicts column "
            f"'{column}' of the table."
        )
        told = asked.facts  # codes are told; ages, and what a person wrote, are not
        details = [f"header {word}" for word, _ in torn.values()] if told else ()
        yield evidence.finding(CHECK, "warn", message, rows=torn, remedy=LOOK, details=details)


def _patients(evidence: Evidence) -> list[Finding]:
    """One person by the headers who stands under several ids: a leak that no split sees."""
    column = evidence.cohort.patient
    header = _header_cells(evidence, "patient_id")
    if column is None or column not in evidence.cohort.cases or not header:
        return []
    own = evidence.cohort.patients()
    if own is None or all(own[row] == word for row, word in header.items()):
        return []
    ids: dict[str, set[str]] = defaultdict(set)
    rows: dict[str, list[int]] = defaultdict(list)
    for row, word in header.items():
        ids[word].add(own[row])
        rows[word].append(row)
    # A word such as ANONYMOUS, or one id for all, names nobody.
    torn = [word for word, under in ids.items() if len(under) > 1 and _names_one(word, len(ids))]
    if not torn:
        return []
    found = [row for word in torn for row in rows[word]]
    apart = 0
    if evidence.parts is not None:
        apart = sum(np.unique(evidence.parts[rows[word]]).size > 1 for word in torn)
    who = "1 PatientID" if len(torn) == 1 else f"{len(torn)} PatientIDs"
    message = (
        f"{who} of the headers {'stands' if len(torn) == 1 else 'stand'} under several ids in "
        f"column '{column}' of the table"
        + (f", {apart} of them in more than one part." if apart else ".")
    )
    severity: Severity = "warn"
    remedy = "Give one person one id, or name the headers' column as data.patient."
    return [evidence.finding(CHECK, severity, message, rows=found, count=len(torn), remedy=remedy)]


def _names_one(word: str, different: int) -> bool:
    return different > 1 and any(map(str.isdigit, word))


def _is_dicom(source: object) -> bool:
    return isinstance(source, dict) and source.get("format") == "DICOM"


def _header_cells(evidence: Evidence, name: str) -> dict[int, str]:
    """Row -> what the header says, where the cohort was made from DICOM headers."""
    cases = evidence.cohort.cases
    if not {"sop_uid", "header_sop_uid"} & set(cases.columns):
        return {}
    column = f"header_{name}" if f"header_{name}" in cases else name
    if column not in cases:
        return {}
    cells: pd.Series = cases[column]
    return {int(row): str(cells.iloc[row]) for row in np.flatnonzero(cells.notna())}


def _columns(evidence: Evidence, asked: _Question) -> list[str]:
    """Columns of the table that answer a question; those of the headers are none."""
    names = [str(name) for name in evidence.cohort.cases.columns]
    of_headers = set()
    if {"sop_uid", "header_sop_uid"} & set(names):
        of_headers = {name for name in HEADER_COLUMNS if f"header_{name}" not in names}
    return [
        name
        for name in names
        if _plain(name) in asked.columns
        and name not in of_headers
        and not name.startswith("header_")
    ]


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _apart(meanings: Callable[[str], Meanings]) -> Callable[[str, str], bool]:
    """Two words contradict each other where both mean something and nothing in common."""

    def contradict(header: str, table: str) -> bool:
        one, other = meanings(header), meanings(table)
        return bool(one and other and not one & other)

    return contradict


def _known(words: dict[str, str]) -> Callable[[str], Meanings]:
    """Meanings by a list: ``"L LEFT" -> "L"``; other words mean nothing."""
    table = {word: frozenset(means.split()) for own, means in words.items() for word in own.split()}
    return lambda word: table.get(_plain(word).upper(), frozenset())


def _body_part(word: str) -> Meanings:
    """Body parts of PS3.16; CHESTABDOMEN is both chest and abdomen."""
    plain = _plain(word).upper()
    if plain not in BODY_PARTS:
        return frozenset()
    return frozenset(part for part in BODY_PARTS if part in plain or plain in part)


def _modality(word: str) -> Meanings:
    plain = _plain(word).upper()
    known = plain in MODALITIES
    return RADIOGRAPHS if plain in RADIOGRAPHS else frozenset({plain} if known else ())


def _ages_apart(header: str, table: str) -> bool:
    """Ages of years more than one apart; ``057Y`` is read as 57."""
    ages = [re.fullmatch(r"0*(\d+(?:\.\d+)?) ?[yY]?", word.strip()) for word in (header, table)]
    if not (ages[0] and ages[1]):
        return False
    return abs(float(ages[0][1]) - float(ages[1][1])) > YEARS_APART


SIDES = {"L LEFT": "L", "R RIGHT": "R"}
PROJECTIONS = {
    "AP": "AP", "PA": "PA", "FRONTAL FRONT": "AP PA", "LATERAL LAT": "LL RL LLD RLD", "LL": "LL",
    "RL": "RL", "LLD": "LLD", "RLD": "RLD", "CC": "CC", "MLO": "MLO", "ML": "ML", "LM": "LM",
}  # fmt: skip
SEXES = {"M MALE MAN": "M", "F FEMALE WOMAN": "F"}
QUESTIONS = (
    _Question(
        "the side", "laterality", frozenset({"laterality", "side", "imagelaterality"}),
        _apart(_known(SIDES)), ("image_laterality", "laterality"),
    ),
    _Question(
        "the view", "view_position", frozenset({"view", "viewposition", "projection"}),
        _apart(_known(PROJECTIONS)), ("view_position",),
    ),
    _Question(
        "the body part", "body_part", frozenset({"bodypart", "bodypartexamined"}),
        _apart(_body_part), ("body_part",),
    ),
    _Question(
        "the modality", "modality", frozenset({"modality"}), _apart(_modality), ("modality",)
    ),
)  # fmt: skip
BY_COLUMN = (
    _Question(
        "the sex", "sex", frozenset({"sex", "gender", "patientsex", "patientgender"}),
        _apart(_known(SEXES)),
    ),
    _Question(
        "the age", "age_years", frozenset({"age", "ageyears", "patientage"}), _ages_apart
    ),
)  # fmt: skip
