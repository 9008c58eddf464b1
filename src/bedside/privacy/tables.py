"""Tables without identifiers: CSV, TSV and Parquet, a few rows in memory at a time.

Enters: a table's path. Leaves: its copy with the same columns in the same order, and what was
found. A table that was not finished is not there: its copy gets its name when it is whole.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedside.data.csv_form import separator_of
from bedside.errors import DataError, InstallError, sentence
from bedside.privacy.encodings import encoding_of
from bedside.privacy.table_rows import Rows
from bedside.privacy.tally import Tally
from bedside.privacy.work import Work
from bedside.run_folder import atomic

if TYPE_CHECKING:
    import pyarrow
    from pyarrow.parquet import ParquetFile

LONGEST_CELL = 50_000_000
"""Characters: a quote that is never closed swallows the rest of its file."""
BATCH = 256


def copy_csv(path: Path, target: Path, work: Work) -> Tally:
    """Copy a CSV or TSV; the copy is UTF-8 with the same separator.

    Raises:
        DataError: it is no text, its quotes are broken, or a row has other columns.
        StudyError: a column is missing.
    """
    encoding = encoding_of(path)
    if encoding is None:
        raise _refused("table", "a text of rows", "a file of another kind", "Export it again")
    with path.open(encoding=encoding.name, newline="") as stream:
        first = stream.readline()
        stream.seek(0)
        separator = separator_of(first.rstrip("\r\n"), path.suffix)
        lines = _rows(stream, separator)
        header = next(lines, None)
        if header is None:
            raise _refused("table", "a row of names of columns", "an empty file", "Export it again")
        rows = Rows(header, work)
        with (
            atomic(target) as partial,
            partial.open("w", encoding="utf-8", newline="") as out,
        ):
            ending = "\r\n" if first.endswith("\r\n") else "\n"
            writer = csv.writer(out, delimiter=separator, lineterminator=ending)
            writer.writerow(header)
            for number, cells in enumerate(lines, start=2):
                if len(cells) != len(header):
                    raise _refused(
                        f"table, row {number}",
                        f"{len(header)} cells",
                        str(len(cells)),
                        "Look for a quote or a separator inside a cell",
                    )
                writer.writerow(rows.row(cells, number))
        rows.close()
    if not encoding.sure:
        rows.tally.remarks.append("not UTF-8: read as Windows-1252, letters could be wrong")
    return rows.tally


def _rows(stream: Any, separator: str) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(stream, delimiter=separator, strict=True)
    number = 0
    try:
        for cells in reader:
            number += 1
            if cells:  # a blank line is no row
                yield cells
    except csv.Error:
        raise _refused(
            f"table, row {number + 1}",
            "quotes that open and close around a whole cell",
            "broken ones",
            "Double the quotes inside a cell",
        ) from None


def open_parquet(path: Path, *, where: str) -> ParquetFile:
    """Open a Parquet table; `where` names it in messages.

    Raises:
        DataError: it is no Parquet.
        InstallError: pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ModuleNotFoundError:
        raise InstallError(
            sentence(
                "a Parquet table",
                expected="the library pyarrow",
                got="an install without it",
                remedy='Install it with: pip install "bedside[study]"',
            )
        ) from None
    try:
        return parquet.ParquetFile(path)
    except (pyarrow.ArrowException, OSError):
        raise _refused(where, "Parquet", "another or a damaged file", "Export it again") from None


def copy_parquet(path: Path, target: Path, work: Work) -> Tally:
    """Copy a Parquet table; columns that are replaced become text, all others keep their type.

    Raises:
        DataError: it is no Parquet.
        InstallError: pyarrow is not installed.
        StudyError: a column is missing.
    """
    source = open_parquet(path, where="table")
    from pyarrow.parquet import ParquetWriter

    with source:
        header = list(source.schema_arrow.names)
        rows = Rows(header, work)
        schema = _schema(source.schema_arrow, rows)
        with atomic(target) as partial, ParquetWriter(partial, schema) as writer:
            number = 1
            for batch in source.iter_batches(batch_size=BATCH):
                writer.write_batch(_copied(batch, rows, schema, first=number + 1))
                number += batch.num_rows
        rows.close()
    return rows.tally


def _schema(schema: pyarrow.Schema, rows: Rows) -> pyarrow.Schema:
    """Columns that are replaced, or are text and may hold dates, become text."""
    import pyarrow

    bare = schema.remove_metadata()  # it may name files and people
    for place, role in enumerate(rows.roles):
        if role != "copied" or pyarrow.types.is_temporal(schema.field(place).type):
            bare = bare.set(place, pyarrow.field(schema.names[place], pyarrow.string()))
    return bare


def _copied(
    batch: pyarrow.RecordBatch, rows: Rows, schema: pyarrow.Schema, *, first: int
) -> pyarrow.RecordBatch:
    import pyarrow

    columns = [column.to_pylist() for column in batch.columns]
    changed = [
        place
        for place, field in enumerate(schema)
        if pyarrow.types.is_string(field.type) or pyarrow.types.is_large_string(field.type)
    ]
    for row in range(batch.num_rows):
        cells = ["" if column[row] is None else str(column[row]) for column in columns]
        new = rows.row(cells, first + row)
        for place in changed:
            if columns[place][row] is not None:
                columns[place][row] = new[place]
    arrays = [
        pyarrow.array(column, type=field.type)
        for column, field in zip(columns, schema, strict=True)
    ]
    return pyarrow.RecordBatch.from_arrays(arrays, schema=schema)


def _refused(where: str, expected: str, got: str, remedy: str) -> DataError:
    return DataError(sentence(where, expected=expected, got=got, remedy=remedy))
