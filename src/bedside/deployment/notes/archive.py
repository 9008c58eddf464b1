"""The notes of an archive, one after the other, in one order; none is held longer than its turn.

Enters: a folder of text files, a table (CSV, TSV, Parquet) or JSON lines with a column of texts,
or one text file. Leaves: `Note`s. Of a folder, the names of one folder's files are in memory.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedside.data.csv_form import TAB_SUFFIX, first_line, separator_of
from bedside.data.text_lines import allow_long_cells, checked_header
from bedside.errors import DataError, StudyError, nearest, sentence
from bedside.modalities.text_files import LONGEST, UTF16_MARKS
from bedside.privacy.encodings import decoded
from bedside.privacy.files import PARQUET
from bedside.privacy.tables import open_parquet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TABLES = (".csv", TAB_SUFFIX)
LINES = (".jsonl", ".ndjson")
TEXTS = (".txt",)
ROWS = 256
"""Of a Parquet table that are in memory at once."""
ESCAPED = re.compile("[\udc80-\udcff]")
"""What stands for a byte that is no UTF-8."""
FOREIGN = "not UTF-8: read as Windows-1252, letters could be wrong"


@dataclass(frozen=True)
class Archive:
    """Where notes come from.

    Args:
        source: a folder, a table or a text file.
        column: of a table, with the texts.
        id_column: of a table, that names the notes; None counts rows.
        patient_column: of a table, that names the patients; None leaves them unknown.
    """

    source: Path
    column: str | None = None
    id_column: str | None = None
    patient_column: str | None = None

    @property
    def is_table(self) -> bool:
        return self.source.suffix.lower() in (*TABLES, *LINES, *PARQUET)

    def columns(self) -> list[str]:
        """Those that were named."""
        named = (self.column, self.id_column, self.patient_column)
        return [name for name in named if name is not None]


@dataclass(frozen=True)
class Note:
    """One note, not yet read.

    Args:
        name: of the note, as its owner calls it: a path below the folder, a cell, or ``row-2``.
        content: its text, or the file that holds it.
        patient: whose it is, where that is known.
        problem: why there is no text, for its record.
    """

    name: str
    content: str | Path | None
    patient: str | None = None
    problem: str | None = None

    def read(self, *, where: str) -> tuple[str, str | None]:
        """The text as it was written, and a remark on how it was read.

        Raises:
            DataError: it cannot be read, or is no text.
        """
        if self.content is None:
            raise DataError(self.problem or f"{where}: no text.")
        if isinstance(self.content, str):
            return _mended(self.content, where)
        try:
            if self.content.stat().st_size > LONGEST:
                raise _no_text(where, f"a file of more than {LONGEST:,} bytes")
            raw = self.content.read_bytes()
        except OSError as error:
            raise _no_text(where, f"a file that cannot be read ({error.strerror})") from None
        return _text_of(raw, where)


def notes_of(archive: Archive) -> Iterator[Note]:
    """The notes of an archive.

    Raises:
        StudyError: a column is missing or was not named.
        DataError: there is no such archive, it is of another kind, or a table's quotes are broken.
        InstallError: pyarrow is needed and not installed.
    """
    source, suffix = archive.source, archive.source.suffix.lower()
    if not source.exists():
        raise _refused(source.name, "a folder or a table of notes", "nothing", "Check the path")
    if source.is_dir():
        return _of_folder(archive)
    if suffix in TABLES:
        return _of_csv(archive)
    if suffix in LINES:
        return _of_lines(archive)
    if suffix in PARQUET:
        return _of_parquet(archive)
    if suffix not in TEXTS:
        expected = "a folder of .txt files, a .csv, .tsv, .parquet or .jsonl table, or a .txt file"
        raise _refused(source.name, expected, f"'{suffix}'", "Bring the notes into such a form")
    return iter([Note(source.name, source)])


def count_notes(archive: Archive) -> int:
    """How many notes there are; a table is passed once, no file is opened.

    It ends where a table is damaged: whoever works through it says so in its place.
    """
    count = 0
    with suppress(DataError):
        for _ in notes_of(archive):
            count += 1
    return count


def _of_folder(archive: Archive) -> Iterator[Note]:
    if archive.columns():
        remedy = "Leave --column, --id and --patient out, or name the table itself"
        raise StudyError(f"--column: expected a table, got a folder. {remedy}.")
    found = _walk(archive.source, "")
    first = next(found, None)
    if first is None:
        remedy = "Name a table itself, with --column"
        raise _refused(archive.source.name, ".txt files in or below the folder", "none", remedy)

    def every() -> Iterator[Note]:
        yield first
        yield from found

    return every()


def _walk(folder: Path, steps: str) -> Iterator[Note]:
    try:
        with os.scandir(folder) as entries:
            names = sorted(
                entry.name + ("/" if entry.is_dir(follow_symlinks=False) else "")
                for entry in entries
                if not entry.name.startswith(".")
                and not entry.is_symlink()
                and (entry.is_dir() or entry.name.lower().endswith(TEXTS))
            )
    except OSError as error:
        got = f"one that cannot be read ({error.strerror})"
        raise _refused("notes", "a folder", got, "Allow it, or take it out") from None
    for name in names:
        if name.endswith("/"):
            yield from _walk(folder / name[:-1], steps + name)
        else:
            yield Note(steps + name, folder / name)


def _of_csv(archive: Archive) -> Iterator[Note]:
    path = archive.source
    with path.open("rb") as stream:
        head = stream.read(2)
    encoding = "utf-16" if head in UTF16_MARKS else "utf-8-sig"
    allow_long_cells()
    # a byte that is no UTF-8 becomes a mark of itself, so that its own row alone is read otherwise
    with path.open(encoding=encoding, errors="surrogateescape", newline="") as stream:
        separator = separator_of(first_line(stream.readline()), path.suffix)
        stream.seek(0)
        reader = csv.reader(stream, delimiter=separator, strict=True)
        places: Mapping[str, int] = {}
        width = row = 0
        try:
            for row, cells in enumerate(reader, start=1):
                if row == 1:
                    header = checked_header(cells, path.name)
                    places, width = _places(header, archive), len(header)
                elif cells:
                    yield _row(cells, places, archive, row=row, width=width)
        except csv.Error:
            expected = "quotes that open and close around a whole cell"
            remedy = "Double the quotes inside a cell; the same command then goes on"
            where = f"{path.name}, row {row + 1}"
            raise _refused(where, expected, "broken ones", remedy) from None


def _places(header: Sequence[str], archive: Archive) -> dict[str, int]:
    """Where the named columns stand.

    Raises:
        StudyError: one is missing, or none was named.
    """
    name = archive.source.name
    if archive.column is None:
        raise StudyError(
            sentence(
                "--column",
                expected="the column that holds the texts",
                got="none",
                remedy=f"Name it; {name} has {', '.join(header)}",
            )
        )
    for column in archive.columns():
        if column not in header:
            raise StudyError(f"{name}: no column '{column}'. {nearest(column, header)}")
    return {column: list(header).index(column) for column in archive.columns()}


def _row(
    cells: Sequence[str], places: Mapping[str, int], archive: Archive, *, row: int, width: int
) -> Note:
    if len(cells) != width:
        where = f"row {row} of {archive.source.name}"
        remedy = "Quote cells that hold the separator"
        problem = sentence(where, expected=f"{width} cells", got=str(len(cells)), remedy=remedy)
        return Note(f"row-{row}", None, problem=problem)
    named = {column: cells[place] for column, place in places.items()}
    return _named(named, archive, row=row)


def _named(cells: Mapping[str, Any], archive: Archive, *, row: int) -> Note:
    """A row's note, from the cells of the columns that were named."""

    def cell(column: str | None) -> str | None:
        value = None if column is None else cells[column]
        return None if value is None or value == "" else str(value)

    patient = cell(archive.patient_column)
    name = cell(archive.id_column) or f"row-{row}"
    text = cells[archive.column or ""]
    if text is not None and not isinstance(text, str):
        where = f"row {row} of {archive.source.name}, column '{archive.column}'"
        got = type(text).__name__
        problem = sentence(where, expected="a text", got=got, remedy="Name the column of texts")
        return Note(name, None, patient, problem)
    return Note(name, text or "", patient)


def _of_lines(archive: Archive) -> Iterator[Note]:
    name, checked = archive.source.name, False
    with archive.source.open("rb") as stream:
        for row, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            entry = _object(line)
            if entry is not None and not checked:
                _places(list(entry), archive)
                checked = True
            missing = [c for c in archive.columns() if c not in (entry or {})]
            if entry is not None and not missing:
                yield _named(entry, archive, row=row)
                continue
            got = "something else" if entry is None else f"one without '{missing[0]}'"
            where = f"line {row} of {name}"
            problem = sentence(
                where, expected="a JSON object", got=got, remedy="Export the line again"
            )
            yield Note(f"row-{row}", None, problem=problem)


def _object(line: bytes) -> dict[str, Any] | None:
    text, _ = decoded(line)
    try:
        entry = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def _of_parquet(archive: Archive) -> Iterator[Note]:
    table = open_parquet(archive.source, where=archive.source.name)
    with table:
        columns = list(_places(table.schema_arrow.names, archive))
        row = 1
        for batch in table.iter_batches(batch_size=ROWS, columns=columns):
            for cells in batch.to_pylist():
                row += 1
                yield _named(cells, archive, row=row)


def _mended(text: str, where: str) -> tuple[str, str | None]:
    """A cell; where its bytes were no UTF-8, read as what else they could be."""
    if not ESCAPED.search(text):
        return text, None
    try:
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a broken letter of JSON, which reading replaces
        return text, None
    return _text_of(raw, where)


def _text_of(raw: bytes, where: str) -> tuple[str, str | None]:
    text, encoding = decoded(raw)
    if text is None or encoding is None:
        raise _no_text(where, "bytes that are none")
    return text, None if encoding.sure else FOREIGN


def _no_text(where: str, got: str) -> DataError:
    return _refused(where, "a text", got, "Look at it yourself, or take it out")


def _refused(where: str, expected: str, got: str, remedy: str) -> DataError:
    return DataError(sentence(where, expected=expected, got=got, remedy=remedy))
