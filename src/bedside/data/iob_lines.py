"""Lines of a word and its tag, as shared tasks publish entities.

Enters: the text of a file; a blank line ends a text. Leaves: texts, whose words are joined by
one blank, and their entities. The schemes IOB1, IOB2 and IOBES are understood (Ramshaw and
Marcus 1995; Sang and Veenstra 1999): an entity begins at ``B-`` or ``S-``, and at an ``I-``
that follows nothing of its label.
"""

from __future__ import annotations

import json
import re
from typing import Any

from bedside.errors import DataError, Problems

DOCUMENT = "-DOCSTART-"
TAG = re.compile(r"(?:O|([BIES])(?:-(.+))?)")
LABELLESS = "entity"
"""Label of tags that are a bare B or I."""


def read_iob(text: str, *, where: str) -> tuple[dict[str, list[Any]], list[str]]:
    """The texts of a file with their entities.

    The first column is the word, the last one the tag; columns are parted by tabs, where a
    line has some, else by blanks.

    Args:
        text: the whole file.
        where: its name for messages.

    Returns:
        Columns ``text`` and ``entities``; notes of what was read otherwise than written.

    Raises:
        DataError: lines without a word and a tag, by number; or no text at all.
    """
    problems = Problems(DataError)
    columns: dict[str, list[Any]] = {"text": [], "entities": []}
    reading, started = Sentence(), 0
    for number, line in enumerate(text.splitlines(), start=1):
        cells = line.rstrip("\r").split("\t") if "\t" in line else line.split()
        if not line.strip() or cells[0] == DOCUMENT:
            started += reading.close(columns)
            continue
        tag = TAG.fullmatch(cells[-1].strip()) if len(cells) > 1 else None
        if tag is None or not cells[0].strip():
            problems.add(
                f"{where}, line {number}",
                expected="a word and a tag such as O, B-Disease or I-Disease",
                got=f"{len(cells)} columns" if len(cells) != 2 else "another tag",
                remedy="Correct it; a blank line parts two texts",
            )
            continue
        reading.add("".join(cells[0].split()), tag[1], tag[2] or LABELLESS)
    started += reading.close(columns)
    if not columns["text"]:
        problems.add(where, expected="lines of a word and its tag", got="none", remedy="Check it")
    problems.raise_if_any()
    if not started:
        return columns, []
    return columns, [f"{started} entities of {where} begin with I- or E-: read as beginning there."]


class Sentence:
    """One text as its lines come."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._entities: list[list[Any]] = []
        self._length, self._open, self._inside = 0, "", 0

    def add(self, word: str, scheme: str | None, label: str) -> None:
        """The next word; `scheme` is B, I, E, S, or None outside."""
        start = self._length + (1 if self._words else 0)
        self._length = start + len(word)
        self._words.append(word)
        if scheme is None:
            self._open = ""
            return
        if scheme in "IE" and self._open == label:
            self._entities[-1][1] = self._length
        else:
            self._inside += scheme in "IE"
            self._entities.append([start, self._length, label])
        self._open = "" if scheme in "ES" else label

    def close(self, columns: dict[str, list[Any]]) -> int:
        """End the text; returns how many of its entities began inside."""
        inside = self._inside
        if self._words:
            columns["text"].append(" ".join(self._words))
            columns["entities"].append(json.dumps(self._entities, ensure_ascii=False))
        self.__init__()  # type: ignore[misc]
        return inside
