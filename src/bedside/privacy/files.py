"""The files of an input, in one order, each with its kind; no folder is held in memory whole.

Enters: a file or a folder. Leaves: `Found`s, told apart by content: DICOM, tables, texts and
what is none of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bedside.data.dicom_header import HEAD_BYTES, looks_like_dicom
from bedside.errors import RunError, sentence

Form = Literal["text", "table", "parquet", "dicom", "link"]
TABLES = (".csv", ".tsv")
PARQUET = (".parquet", ".pq")


@dataclass(frozen=True)
class Found:
    """One file.

    Args:
        path: of it.
        relative: steps from the input to it; a single file has its name.
        form: as which it is read.
    """

    path: Path
    relative: tuple[str, ...]
    form: Form


def files_of(source: Path) -> Iterator[Found]:
    """Every file of an input, in alphabetical order within each folder; links are not followed.

    Raises:
        RunError: there is no such file or folder, or it cannot be read.
    """
    if not source.exists():
        raise RunError(
            sentence(
                source.name,
                expected="a file or a folder",
                got="nothing of that name",
                remedy="Check the path",
            )
        )
    if source.is_file():
        yield Found(source, (source.name,), form_of(source))
        return
    yield from _walk(source, ())


def count_files(source: Path) -> int:
    """How many files `files_of` will give, none of them opened."""
    if not source.is_dir():
        return int(source.exists())
    return sum(len(names) for _, _, names in os.walk(source))


def _walk(folder: Path, steps: tuple[str, ...]) -> Iterator[Found]:
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError as error:
        raise RunError(
            f"input: a folder cannot be read ({error.strerror}). Allow it, or take it out."
        ) from None
    for entry in entries:
        if entry.is_symlink():
            yield Found(entry, (*steps, entry.name), "link")
        elif entry.is_dir():
            yield from _walk(entry, (*steps, entry.name))
        elif entry.is_file():
            yield Found(entry, (*steps, entry.name), form_of(entry))


def form_of(path: Path) -> Form:
    """As which a file is read: tables by suffix, DICOM by content, all else as text."""
    suffix = path.suffix.lower()
    if suffix in TABLES:
        return "table"
    if suffix in PARQUET:
        return "parquet"
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError:  # told when it is copied
        return "text"
    return "dicom" if looks_like_dicom(head) else "text"


def refuse_overlap(source: Path, output: Path) -> None:
    """Refuse an output that is the input, lies inside it, or around it.

    Raises:
        RunError: says which.
    """
    inside, outside = output.resolve(), source.resolve()
    got = ""
    if inside == outside:
        got = "the input itself"
    elif outside in inside.parents:
        got = "a folder inside the input"
    elif inside in outside.parents:
        got = "a folder that holds the input"
    if got:
        raise RunError(
            sentence(
                output.name,
                expected="a folder apart from the input, which is never touched",
                got=got,
                remedy="Name another with -o",
            )
        )
