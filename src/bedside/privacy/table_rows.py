"""Rows of a table without identifiers, whatever file they come from.

Enters: names of columns and cells as text. Leaves: cells. Free text goes through the rules for
notes; columns named like identifiers are replaced whole; cells that are a date and nothing else
move with the patient; the rest is copied and told, since nobody looked into it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bedside.audit.identifying_words import NAMED, NAMED_PARTS, OF_PEOPLE
from bedside.errors import StudyError, nearest, sentence
from bedside.privacy.dates import date_spans, moved, reading_of
from bedside.privacy.surrogates import Surrogates
from bedside.privacy.tally import Tally
from bedside.privacy.work import Settings, Work, key_entries, patient_entry

Role = Literal["text", "patient", "name", "identifier", "copied"]
NAMES = frozenset({"surname", "forename", "firstname", "lastname", "physician", "doctor"})
SHORTEST_DATE = 6
ENTRIES = 1000
"""Replacements gathered before they go under lock."""


@dataclass
class Rows:
    """What is done to the rows of one table.

    Args:
        header: names of the columns.
        work: settings, secret, tagger, key.
        tally: of what is found.
    """

    header: Sequence[str]
    work: Work
    tally: Tally = field(default_factory=Tally)
    _entries: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.roles = roles_of(self.header, self.work.settings)
        self._patient = next((p for p, r in enumerate(self.roles) if r == "patient"), None)
        for name, role in zip(self.header, self.roles, strict=True):
            if role == "copied":
                self.tally.doubt("column", {"row": 1, "column": name})

    def row(self, cells: Sequence[str], number: int) -> list[str]:
        """One row without identifiers.

        Args:
            cells: as many as the header has.
            number: of the row; the header is row 1.
        """
        patient = f"row-{number}" if self._patient is None else cells[self._patient]
        surrogates = self.work.surrogates(patient)
        pairs = list(zip(cells, self.roles, strict=True))
        names = tuple(cell for cell, role in pairs if role == "name" and cell)
        self._note([patient_entry(surrogates)])
        return [
            self._cell(cell, place, surrogates, number=number, names=names)
            if cell.strip()
            else cell
            for place, cell in enumerate(cells)
        ]

    def close(self) -> None:
        """Put the last replacements under lock."""
        if self._entries:
            self.work.keep(self._entries)
            self._entries = []

    def _cell(
        self, cell: str, place: int, surrogates: Surrogates, *, number: int, names: Sequence[str]
    ) -> str:
        role, column = self.roles[place], self.header[place]
        where = {"row": number, "column": column}
        if role == "text":
            done = self.work.text(cell, surrogates, names=names)
            self.tally.add(done, place=where, show=self.work.settings.show)
            self._note(key_entries(done, surrogates)[1:])
            return done.text
        if role == "patient":
            return surrogates.pseudonym()
        if _is_date(cell):
            new = self._moved(cell, surrogates)
            if new is None:
                self.tally.doubt("date-gone", where)
            return new or "[date]"
        if role == "copied":
            return cell
        kind: Literal["name", "number"] = "name" if role == "name" else "number"
        new = surrogates.replacement(cell, kind, reading_of("", []))
        self.tally.count(kind, 0.99)
        self._note([{"kind": kind, "was": cell, "is": new}])
        return new

    def _moved(self, cell: str, surrogates: Surrogates) -> str | None:
        spans = list(date_spans(cell.strip()))
        reading = reading_of(cell.strip(), spans, self.work.settings.dates)
        new = moved(cell.strip(), surrogates.days, reading)
        if new is not None:
            self.tally.count("date", 0.95)
        return new

    def _note(self, entries: list[dict[str, Any]]) -> None:
        if self.work.key is None:
            return
        self._entries += entries
        if len(self._entries) >= ENTRIES:
            self.close()


def roles_of(header: Sequence[str], settings: Settings) -> list[Role]:
    """What becomes of each column.

    Raises:
        StudyError: a column that was named is not there, or none was.
    """
    if not settings.columns:
        raise StudyError(
            sentence(
                "--columns",
                expected="the columns of the table that hold free text",
                got="none",
                remedy=f"Name them; the table has {', '.join(header)}",
            )
        )
    for name in (*settings.columns, *([settings.patient] if settings.patient else [])):
        if name not in header:
            raise StudyError(f"table: no column '{name}'. {nearest(name, header)}")
    return [_role(name, settings) for name in header]


def _role(name: str, settings: Settings) -> Role:
    if name in settings.columns:
        return "text"
    if name == settings.patient:
        return "patient"
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
    joined = "".join(words)
    named = "name" in words and OF_PEOPLE & set(words)
    if NAMES & set(words) or named or (joined in NAMED and "name" in joined):
        return "name"
    return "identifier" if joined in NAMED or NAMED_PARTS & set(words) else "copied"


def _is_date(cell: str) -> bool:
    bare = cell.strip()
    if len(bare) < SHORTEST_DATE or bare.isdigit():
        return False
    spans = list(date_spans(bare))
    return len(spans) == 1 and (spans[0].start, spans[0].end) == (0, len(bare))
