"""Codes of terms, by a dictionary that the user brings.

Enters: a CSV with the columns term, code and system. Leaves: which terms a text holds, where, and
their codes: the longest, whole words, whatever the capitals.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from bedside.data.csv_form import first_line, separator_of
from bedside.data.text_lines import checked_header
from bedside.errors import Problems, StudyError, nearest, sentence
from bedside.modalities.text_lookup import Phrases, words_of

COLUMNS = ("term", "code", "system")
Code: TypeAlias = tuple[str, str]
"""Code and system."""


@dataclass(frozen=True)
class CodeBook:
    """A user's terms and their codes.

    Args:
        phrases: terms -> their codes, in the order of the file.
        digest: sha256 of the file.
    """

    phrases: Phrases[tuple[Code, ...]]
    digest: str

    def matches(self, text: str) -> list[tuple[int, int, tuple[Code, ...]]]:
        """Start, end and codes of the terms of a text."""
        entries = self.phrases.entries
        return [(*span, entries[words]) for words, span in self.phrases.matches(text)]


def read_codes(path: Path, *, where: str = "--codes") -> CodeBook:
    """Read a dictionary of codes.

    Args:
        path: CSV or TSV, UTF-8; a term may stand in several rows, with a code each.
        where: names the option in messages.

    Raises:
        StudyError: it cannot be read, lacks a column, or has rows without a term or a code.
    """
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        got = "no such file" if isinstance(error, FileNotFoundError) else "one that cannot be read"
        raise StudyError(
            sentence(where, expected="a CSV in UTF-8", got=got, remedy="Check the path and save it")
        ) from None
    lines = text.splitlines(keepends=True)
    separator = separator_of(first_line(lines[0]) if lines else "", path.suffix)
    rows = csv.reader(lines, delimiter=separator, strict=True)
    try:
        table = list(rows)
    except csv.Error:
        remedy = "Double the quotes inside a cell"
        raise StudyError(
            sentence(where, expected="cells quoted in pairs", got="others", remedy=remedy)
        ) from None
    places = _places(table[0] if table else [], where)
    return CodeBook(
        Phrases(_entries(table[1:], places, where), whole_words=True),
        hashlib.sha256(raw).hexdigest(),
    )


def _places(cells: list[str], where: str) -> tuple[int, ...]:
    header = [name.lower() for name in checked_header(cells, where)]
    for column in COLUMNS:
        if column not in header:
            raise StudyError(f"{where}: no column '{column}'. {nearest(column, header)}")
    return tuple(header.index(column) for column in COLUMNS)


def _entries(
    rows: Sequence[list[str]], places: tuple[int, ...], where: str
) -> Mapping[tuple[str, ...], tuple[Code, ...]]:
    problems = Problems(StudyError)
    entries: dict[tuple[str, ...], tuple[Code, ...]] = {}
    for number, cells in enumerate(rows, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        term, code, system = (
            cells[place].strip() if place < len(cells) else "" for place in places
        )
        words = words_of(term)
        if not words or not code or not system:
            lacking = [n for n, v in zip(COLUMNS, (words, code, system), strict=True) if not v]
            problems.add(
                f"{where}, row {number}",
                expected="a term, its code and the code's system",
                got=f"no {lacking[0]}",
                remedy="Fill it in or leave the row out",
            )
            continue
        known = entries.get(words, ())
        if (code, system) not in known:
            entries[words] = (*known, (code, system))
    if not entries and not problems.found:
        problems.add(where, expected="at least one term", got="none", remedy="Add terms")
    problems.raise_if_any()
    return entries
