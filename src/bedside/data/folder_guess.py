"""A folder that is no folder per class: what its owner may have meant, for a first study file.

Enters: a folder. Leaves: the tables that lie in it, and an error that names the way out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedside.data.folder_source import is_image, is_note
from bedside.data.table_source import PARQUET_SUFFIXES, TEXT_SUFFIXES
from bedside.errors import StudyError, sentence

if TYPE_CHECKING:
    from pathlib import Path


FEW_NOTES = 2
"""So many .txt files may be tables; more of them are notes."""


def no_classes(folder: Path) -> StudyError:
    """Tell who has a folder of images or notes how to say which is of which class."""
    tables, kind, got = tables_in(folder), "images", ""
    if not tables and _notes_below(folder):
        kind = "text files"
    if tables:
        remedy = f"Name the table itself: bedside init {tables[0].as_posix()}"
        got = "a table beside "
    else:
        remedy = "Write a CSV of files and labels and give that to init"
    return StudyError(
        sentence(
            folder.name,
            expected=f"two or more sub-folders with {kind}, one per class",
            got=f"{got}{kind} that no such folders tell apart",
            remedy=remedy,
        )
    )


def tables_in(folder: Path) -> list[Path]:
    """The tables that lie in a folder itself, sorted; many .txt files are notes."""
    known = TEXT_SUFFIXES + PARQUET_SUFFIXES
    found = sorted(file for file in folder.iterdir() if file.suffix.lower() in known)
    notes = [file for file in found if is_note(file)]
    return found if len(notes) <= FEW_NOTES else [file for file in found if file not in notes]


def _notes_below(folder: Path) -> bool:
    """Whether there are text files and no images."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return any(map(is_note, files)) and not any(map(is_image, files))
