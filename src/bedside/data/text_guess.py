"""A first study file of a table that holds texts.

Enters: a table's cells, and what its other columns were found to be. Leaves: which columns are
texts, and their lines of the study file; where no class is known but a column is named
like an answer, that is what is to be written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from bedside.data.study_text import StudyText

LOOKED_AT = 200
FEWEST_WORDS = 4
"""Words that half of a column's cells hold, or more, where it is a text."""
VARIED = 0.2
"""Share of different cells, of those that are filled."""
ANSWERS = frozenset({"impression", "summary", "conclusion", "abstract", "highlights", "beurteilung",
                     "zusammenfassung", "impresion", "resumen"})  # fmt: skip
"""Columns named so hold what somebody concluded from the others."""
TEXT_OPTIONS = (
    ("tokenizer", "words", "whole words; the default, bpe, cuts them into pieces"),
    ("length", 1024, "tokens kept; the default, auto, covers training texts up to 512"),
)


def find_text_columns(cases: pd.DataFrame, *, taken: Collection[str | None]) -> tuple[str, ...]:
    """Columns of sentences, in their order, those that play another role left out."""
    return tuple(
        str(column)
        for column in cases.columns
        if column not in taken and _holds_sentences(cases[column])
    )


def answer_column(columns: Sequence[str]) -> str | None:
    """The text column that is named like an answer."""
    return next((c for c in columns if ANSWERS & set(_words(c))), None)


def write_text_inputs(text: StudyText, columns: Sequence[str]) -> None:
    """One input for each column of texts; one that is named like an answer stays switched off."""
    answer = answer_column(columns)
    text.open("inputs", means="what the model sees; the names are yours")
    for column in columns:
        if column == answer:
            continue
        text.add(_name_of(column), means="one input")
        text.add("modality", "text", means="reports, notes, dialogues: cells of the table", depth=2)
        text.add("column", column, means="the column that holds it", depth=2)
        for key, value, means in TEXT_OPTIONS:
            text.offer(key, value, means=means, depth=2)
    if answer is not None:
        text.say(f"Column {json.dumps(answer, ensure_ascii=False)} reads like an answer: no input.")


def write_note_input(text: StudyText, column: str) -> None:
    """One input of texts that lie in files of their own."""
    text.open("inputs", means="what the model sees; the name is yours")
    text.add("note", means="one input")
    text.add("modality", "text", means="reports, notes, dialogues", depth=2)
    text.add("column", column, means="the column that names the file", depth=2)
    text.add("files", True, means="the texts lie in files, UTF-8", depth=2)
    for key, value, means in TEXT_OPTIONS:
        text.offer(key, value, means=means, depth=2)


def write_summary_target(text: StudyText, column: str) -> None:
    """Ask for the column that is named like an answer."""
    text.open("target", means="what the model shall answer")
    text.add("task", "summarise", means="writes a text of its own from the inputs")
    text.add("column", column, means="the column that holds what people wrote")


def _holds_sentences(cells: pd.Series) -> bool:
    some = cells.dropna().head(LOOKED_AT).astype(str)
    if some.empty:
        return False
    lengths = [len(re.findall(r"[^\W\d_]{2,}", cell)) for cell in some]
    return bool(np.median(lengths) >= FEWEST_WORDS and some.nunique() >= VARIED * len(some))


def _words(column: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column)
    return [word for word in re.split(r"[\W_]+", spaced.lower()) if word]


def _name_of(column: str) -> str:
    """A name that the study file allows: letters, digits, - and _, a letter first."""
    plain = "_".join(re.findall(r"[a-z0-9]+", column.lower()))
    return plain if plain[:1].isalpha() else f"text_{plain}".rstrip("_")
