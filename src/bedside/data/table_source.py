"""A table of cases on disk: CSV, TSV or Parquet.

Enters: a path. Leaves: `RawCases` with every cell as it was written. A damaged
table stops here, with the line that is at fault, since a reader that fills gaps
would shift labels to other patients.
"""

from __future__ import annotations

import io
from itertools import islice
from pathlib import Path

import pandas as pd

from bedside.data.csv_form import first_line, separator_of
from bedside.data.raw_cases import RawCases, text_table
from bedside.data.text_lines import TextLines, checked_header
from bedside.errors import DataError, StudyError, sentence

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
PARQUET_SUFFIXES = (".parquet", ".pq")
CHUNK_ROWS = 50_000
DECIMAL_COMMA = r"[-+]?\d+,\d+|[-+]?\d+"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def read_table(path: Path) -> RawCases:
    """Read a table; the first line of a CSV or TSV names its columns.

    A ``.csv`` whose header holds no comma but tabs, semicolons or bars is read with those. In
    columns of numbers with a decimal comma, which need such a separator, it becomes a point.
    Rows are named as a spreadsheet shows them: the header is row 1.

    Raises:
        StudyError: the suffix is unknown or the file is missing.
        DataError: the file is empty, not UTF-8, ragged, badly quoted or damaged.
    """
    suffix = path.suffix.lower()
    if suffix not in TEXT_SUFFIXES + PARQUET_SUFFIXES:
        raise StudyError(
            sentence(
                f"data.table {path.name}",
                expected="a .csv, .tsv or .parquet file",
                got=f"'{suffix}'" if suffix else "no suffix",
                remedy="Save the table as CSV in UTF-8",
            )
        )
    if not path.is_file():
        raise StudyError(
            sentence(
                f"data.table {path.name}",
                expected="an existing file",
                got="a folder" if path.is_dir() else "none there",
                remedy="Correct the path; it is relative to the study file",
            )
        )
    if suffix in PARQUET_SUFFIXES:
        return RawCases(_read_parquet(path), path.name, first_row=1, root=path.parent)
    return RawCases(_read_text(path), path.name, first_row=2, root=path.parent)


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise DataError(
            sentence(
                path.name,
                expected="a readable Parquet file",
                got=f"a damaged one ({type(error).__name__})",
                remedy="Write it again",
            )
        ) from None
    table.columns = checked_header([str(name) for name in table.columns], path.name)
    return text_table(table.reset_index(drop=True))


def _read_text(path: Path) -> pd.DataFrame:
    text = _decode(path)
    separator = separator_of(first_line(text), path.suffix)
    lines = TextLines(io.StringIO(text, newline=""), separator=separator, name=path.name)
    header = lines.header()
    chunks: list[pd.DataFrame] = []
    rows = lines.rows(len(header))
    while chunk := list(islice(rows, CHUNK_ROWS)):
        chunks.append(pd.DataFrame(chunk, columns=header, dtype="str"))
    lines.problems.raise_if_any()
    if not chunks:
        return pd.DataFrame(columns=header, dtype="str")
    table = text_table(pd.concat(chunks, ignore_index=True))
    return table if separator == "," else table.apply(_with_points)


def _with_points(column: pd.Series) -> pd.Series:
    """``40,5`` -> ``40.5`` where all of a column are such numbers or whole ones."""
    cells = column.dropna().str.strip()
    if not cells.str.contains(",").any() or not cells.str.fullmatch(DECIMAL_COMMA).all():
        return column
    return column.str.replace(",", ".")


def _decode(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path.name}: cannot be read ({type(error).__name__}).") from None
    remedy = "Save it as CSV in UTF-8"
    if not raw.strip():
        got = "an empty file"
        raise DataError(sentence(path.name, expected="a table", got=got, remedy="Fill it in"))
    if raw.startswith(UTF16_MARKS):
        raise DataError(sentence(path.name, expected="UTF-8 text", got="UTF-16", remedy=remedy))
    if (position := raw.find(b"\0")) >= 0:
        got = f"a NUL byte on {_line_of(raw, position)}"
        raise DataError(sentence(path.name, expected="plain text", got=got, remedy=remedy))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        got = f"other bytes on {_line_of(raw, error.start)}"
        raise DataError(
            sentence(path.name, expected="UTF-8 text", got=got, remedy=remedy)
        ) from None


def _line_of(raw: bytes, position: int) -> str:
    newlines = raw.count(b"\n", 0, position)
    return f"line {newlines + 1}"
