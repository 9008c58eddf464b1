"""Checks of identifiers: in names of files, in names of columns, in what columns hold.

Enters: the evidence. Leaves: findings that name columns, counts and rows, never a value.
Headers of DICOM files have a check of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import PurePath
from typing import TYPE_CHECKING

import numpy as np

from bedside.audit.evidence import Evidence
from bedside.audit.findings import Finding
from bedside.audit.identifying_words import NAMED, NAMED_PARTS, OF_PEOPLE, USUAL_WORDS
from bedside.schema import Array

if TYPE_CHECKING:
    import pandas as pd

LONG_NUMBER = re.compile(r"(?<!\d)\d{7,}(?!\d)")
DATE = re.compile(
    r"(?<!\d)(19|20)\d{2}[-_. ]?(0[1-9]|1[0-2])[-_. ]?(0[1-9]|[12]\d|3[01])(?!\d)"
    r"|(?<!\d)(0[1-9]|[12]\d|3[01])[-_. ](0[1-9]|1[0-2])[-_. ](19|20)\d{2}(?!\d)"
)
TWO_WORDS = re.compile(r"(?<![A-Za-z])([A-Z][A-Za-z'-]+)[ _,^]{1,2}([A-Z][A-Za-z'-]+)(?![A-Za-z])")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
PHONE = re.compile(r"(\+|00)?\(?\d{2,5}\)?([ ./-]\(?\d{2,5}\)?){1,5}")
PERSON = re.compile(r"[A-Z][A-Za-z'-]+(\^|, ?)[A-Z][A-Za-z'-]+([ ^][A-Za-z'^.-]+)*")
SOCIAL = re.compile(r"\d{3}-\d{2}-\d{4}")
PHONE_DIGITS = (8, 15)
VARIED, FEWEST_PEOPLE = 0.05, 3
"""Share of differing pairs of words from which they look like people, not like a scheme."""
MOSTLY = 0.5
BIRTH_SPAN_YEARS = 25
LISTED = 12


def file_names(evidence: Evidence) -> list[Finding]:
    """Names of files that look like a person's, hold a date (warn) or a long number (note)."""
    found = []
    for column in _file_columns(evidence):
        stems = [PurePath(str(cell)).stem for cell in evidence.cohort.cases[column]]
        named, dated = _names_of_people(stems), _matching(stems, DATE)
        numbered = [n for n in _matching(stems, LONG_NUMBER) if not _only_date(stems[n])]
        for rows, words in ((named, "look like a person's name"), (dated, "hold a date")):
            if not rows:
                continue
            message = f"Column '{column}': names of {_files(len(rows))} {words}."
            remedy = "Rename the files by a code before they leave the hospital."
            found.append(evidence.finding("file-names", "warn", message, rows=rows, remedy=remedy))
        if numbered:
            message = (
                f"Column '{column}': names of {_files(len(numbered))} hold a number of seven "
                "digits or more, which may be a record number or a code."
            )
            found.append(evidence.finding("file-names", "note", message, rows=numbered))
    return found


def identifying_columns(evidence: Evidence) -> list[Finding]:
    """Columns named like identifiers, or holding what looks like some (warn)."""
    by_reason: dict[str, list[str]] = {}
    rows: dict[str, Array] = {}
    files = _file_columns(evidence)
    for column in map(str, evidence.cohort.cases.columns):
        if column in ("case_id", *files):
            continue
        cells = evidence.cohort.cases[column]
        reason, which = _reason(column, cells, is_time=column == evidence.cohort.time)
        if reason:
            by_reason.setdefault(reason, []).append(column)
            rows[reason] = np.union1d(rows.get(reason, np.empty(0, np.int64)), which)
    return [
        evidence.finding(
            "identifying-columns",
            "warn",
            f"{_columns(columns)} {reason}.",
            rows=rows[reason],
            remedy="Take these columns out of the table, or make sure that nobody else gets it.",
        )
        for reason, columns in by_reason.items()
    ]


def _reason(column: str, cells: pd.Series, *, is_time: bool) -> tuple[str, Array]:
    """Why a column looks identifying, and its rows; empty where it does not."""
    filled = np.flatnonzero(cells.notna().to_numpy())
    if not len(filled):
        return "", filled
    if _says_identifier(column):
        return "by name of an identifier", filled
    if is_time:
        return "", filled
    if not _is_text(cells):
        return ("dates that look like birthdays", filled) if _births(cells) else ("", filled)
    texts = [str(cell).strip() for cell in cells.iloc[filled]]
    tests: dict[str, Callable[[str], bool]] = {
        "e-mail addresses": lambda text: bool(EMAIL.fullmatch(text)),
        "social security numbers": lambda text: bool(SOCIAL.fullmatch(text)),
        "telephone numbers": _is_phone,
        "names of people": lambda text: bool(PERSON.fullmatch(text)),
    }
    for what, test in tests.items():
        hits = np.array([test(text) for text in texts])
        if hits.mean() >= MOSTLY:
            return f"what looks like {what}", filled[hits]
    return ("dates that look like birthdays", filled) if _births(cells) else ("", filled)


def _says_identifier(column: str) -> bool:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column)
    words = [word for word in re.split(r"[^a-z]+", spaced.lower()) if word]
    if "".join(words) in NAMED:
        return True
    return bool(NAMED_PARTS & set(words)) or ("name" in words and bool(OF_PEOPLE & set(words)))


def _births(cells: pd.Series) -> bool:
    """Whether most cells are dates that lie as far apart as people's years of birth."""
    if not (_is_text(cells) or str(cells.dtype).startswith("datetime")):
        return False
    texts = cells.dropna().astype(str)
    dates = [match.group() for text in texts if (match := DATE.search(text))]
    if not dates or len(dates) < MOSTLY * len(texts):
        return False
    years = [int(re.findall(r"(?:19|20)\d{2}", date)[0]) for date in dates]
    early, late = np.percentile(years, (5, 95))
    return bool(late - early >= BIRTH_SPAN_YEARS)


def _is_text(cells: pd.Series) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_string_dtype(cells) or pd.api.types.is_object_dtype(cells))


def _is_phone(text: str) -> bool:
    digits = sum(map(str.isdigit, text))
    dated = DATE.fullmatch(text)
    inside = PHONE_DIGITS[0] <= digits <= PHONE_DIGITS[1]
    return inside and not dated and bool(PHONE.fullmatch(text))


def _file_columns(evidence: Evidence) -> list[str]:
    """Columns that hold the paths of files; none where there are no files."""
    cohort = evidence.cohort
    if cohort.root is None:
        return []
    used = [c for modality in evidence.means.modalities.values() for c in modality.columns_used()]
    values = {*cohort.arrays, *cohort.texts}
    return [c for c in dict.fromkeys(used) if c in cohort.cases.columns and c not in values]


def _names_of_people(stems: list[str]) -> list[int]:
    """Positions of stems such as SURNAME_GIVEN, unless all follow one scheme."""
    pairs = {n: words for n, stem in enumerate(stems) if (words := _two_words(stem))}
    if len(set(pairs.values())) < max(FEWEST_PEOPLE, VARIED * len(pairs)):
        return []
    return list(pairs)


def _two_words(stem: str) -> tuple[str, str] | None:
    for match in TWO_WORDS.finditer(stem):
        first, second = (word.lower() for word in match.groups())
        if not {first, second} & USUAL_WORDS:
            return first, second
    return None


def _matching(stems: Iterable[str], pattern: re.Pattern[str]) -> list[int]:
    return [n for n, stem in enumerate(stems) if pattern.search(stem)]


def _only_date(stem: str) -> bool:
    """Whether every long number of a stem is a date, which is told already."""
    return not LONG_NUMBER.search(DATE.sub("", stem))


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _columns(columns: list[str]) -> str:
    shown = ", ".join(f"'{column}'" for column in columns[:LISTED])
    more = f" and {len(columns) - LISTED} more" if len(columns) > LISTED else ""
    return f"{'Columns' if len(columns) > 1 else 'Column'} {shown}{more}: "[:-1]
