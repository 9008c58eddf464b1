"""A folder that is no folder per class: what its owner may have meant, for a first study file.

Enters: a folder. Leaves: the tables that lie in it, and an error that names the way out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedside.data.table_source import PARQUET_SUFFIXES, TEXT_SUFFIXES
from bedside.errors import StudyError, sentence

if TYPE_CHECKING:
    from pathlib import Path


def no_classes(folder: Path) -> StudyError:
    """Tell who has a folder of images how to say which image is of which class."""
    tables = tables_in(folder)
    remedy = "Write a CSV of files and labels and give that to init"
    if tables:
        remedy = f"Name the table itself: bedside init {tables[0].as_posix()}"
    return StudyError(
        sentence(
            folder.name,
            expected="two or more sub-folders with images, one per class",
            got=f"{'a table beside ' if tables else ''}images that no such folders tell apart",
            remedy=remedy,
        )
    )


def tables_in(folder: Path) -> list[Path]:
    """The tables that lie in a folder itself, sorted."""
    known = TEXT_SUFFIXES + PARQUET_SUFFIXES
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in known)
