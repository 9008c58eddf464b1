"""What a user hands to a predictor -> the cases to predict.

Enters: files, folders, a CSV with the study's input columns, arrays or samples.
Leaves: a list of `Case`, each with the reference of every input. Nothing is
decoded here, so a hundred thousand files cost their names only.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np

from bedside.data.csv_form import TAB_SUFFIX, first_line, separator_of
from bedside.data.dicom_header import HEAD_BYTES, MARK, MARK_AT, looks_like_dicom
from bedside.data.text_lines import allow_long_cells
from bedside.data.written_paths import written_path
from bedside.errors import DataError, nearest, sentence
from bedside.modalities import columns_of
from bedside.schema import Array, Reference, Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedside.schema import Modality

Source: TypeAlias = str | Path | Array | Sample | Mapping[str, object]
_CASE_ID = "case_id"
DICOM_SUFFIX, DICOM_INDEX = ".dcm", "DICOMDIR"


@dataclass(frozen=True)
class Case:
    """One case to predict.

    Args:
        name: what the user calls it: the file as given, the row's ``case_id``, or
            ``row-2`` as a run names it.
        where: names it in messages, by number or row, never by file name.
        inputs: input -> its reference, or a sample that was read elsewhere.
        problem: the sentence that says why there are no inputs.
        beside: columns of its own for the answer, one cell for each of its rows.
    """

    name: str
    where: str
    inputs: Mapping[str, Reference | Sample] = field(default_factory=dict)
    problem: str | None = None
    beside: Mapping[str, Sequence[str | float]] = field(default_factory=dict)


def find_cases(
    sources: Source | Sequence[Source],
    modalities: Mapping[str, Modality],
    *,
    root: Path | None = None,
) -> list[Case]:
    """List the cases behind what the user gave, in that order, folders sorted.

    Args:
        sources: one or several files, folders, CSV tables, arrays or samples, or rows as
            mappings, column -> cell.
            A folder is searched to its depth for the modality's suffixes, and for DICOM
            by its content; where the package reads volumes, each folder of DICOM slices is one
            case. A CSV has the columns of all inputs.
        modalities: the package's inputs.
        root: folder that the paths of a CSV are relative to; its own by default.

    Raises:
        DataError: nothing was given or found, a column is missing, or the package
            has several inputs and something else than a CSV was given.
    """
    single = isinstance(sources, str | Path | np.ndarray | Sample | Mapping)
    given = [cast("Source", sources)] if single else list(cast("Sequence[Source]", sources))
    if not given:
        raise DataError(
            sentence(
                "Cases to predict",
                expected="files, folders or a CSV",
                got="none",
                remedy="Name at least one",
            )
        )
    found: list[Case | tuple[str, Reference | Sample]] = []
    for source in given:
        if isinstance(source, np.ndarray):
            found.append(("", Reference("", source)))
        elif isinstance(source, Sample):
            found.append(("", source))
        elif isinstance(source, Mapping):
            found.append(_given_row(source, modalities, root, number=len(found) + 1))
        elif _is_table(Path(source), modalities):
            found += _rows(Path(source), modalities, root)
        else:
            found += ((str(file), Reference("", file)) for file in _files(Path(source), modalities))
    return [
        item if isinstance(item, Case) else _single(item, modalities, f"{i + 1} of {len(found)}")
        for i, item in enumerate(found)
    ]


def _is_table(path: Path, modalities: Mapping[str, Modality]) -> bool:
    read_as_input = any(".csv" in modality.suffixes for modality in modalities.values())
    return path.suffix.lower() in (".csv", TAB_SUFFIX) and not read_as_input


def _single(
    item: tuple[str, Reference | Sample], modalities: Mapping[str, Modality], number: str
) -> Case:
    """A case of the one input that the package has."""
    if len(modalities) != 1:
        raise DataError(
            sentence(
                "Cases to predict",
                expected=f"a CSV, since the package has the inputs {', '.join(modalities)}",
                got="files or arrays",
                remedy=f"Write a CSV with the columns {', '.join(_columns(modalities))}",
            )
        )
    (name,) = modalities
    label, content = item
    where = f"{'file' if label else 'case'} {number}"
    if isinstance(content, Reference):
        content = Reference(where, content.content)
    return Case(label or number.partition(" ")[0], where, {name: content})


def _files(path: Path, modalities: Mapping[str, Modality]) -> Iterator[Path]:
    """A file itself, whatever its suffix; of a folder, the files with the modality's suffixes."""
    if not path.is_dir():
        yield path
        return
    suffixes = tuple(suffix for modality in modalities.values() for suffix in modality.suffixes)
    series = any(getattr(modality, "reads_series", False) for modality in modalities.values())
    others = count = 0
    for place, folders, files in os.walk(path, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if series and _holds_slices([Path(place) / name for name in files], suffixes):
            count += 1
            yield Path(place)
            continue
        for name in sorted(files):
            file = Path(place) / name
            if not name.startswith(".") and _is_meant(file, suffixes):
                count += 1
                yield file
            else:
                others += 1
    if not count:
        raise DataError(
            sentence(
                "Folder to predict",
                expected=f"files ending in {', '.join(suffixes) or 'what this package reads'}"
                f"{', or folders of DICOM slices' if series else ''}",
                got=f"{others} other files" if others else "no files",
                remedy="Name another folder, or the files themselves",
            )
        )


def _holds_slices(files: Sequence[Path], suffixes: tuple[str, ...]) -> bool:
    """Whether some file of a folder is DICOM; whether it is a sound series, its reader tells."""
    return any(
        _is_meant(file, (DICOM_SUFFIX,))
        for file in files
        if not file.name.startswith(".") and not file.name.lower().endswith(suffixes)
    )


def _is_meant(file: Path, suffixes: tuple[str, ...]) -> bool:
    """Whether a file of a folder has a suffix of the package, or is DICOM by another name."""
    if file.name.lower().endswith(suffixes):
        return True
    if DICOM_SUFFIX not in suffixes or file.name == DICOM_INDEX:
        return False
    try:
        with file.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError:
        return False
    return head[MARK_AT:] == MARK or (not file.suffix and looks_like_dicom(head))


def _rows(path: Path, modalities: Mapping[str, Modality], root: Path | None) -> Iterator[Case]:
    root = path.parent if root is None else root
    for where, cells in table_rows(path, needs=_columns(modalities)):
        yield _row(cells, root, where, modalities=modalities)


def table_rows(
    path: Path, *, needs: Sequence[str]
) -> Iterator[tuple[str, Mapping[str, str | None]]]:
    """The rows of a CSV: where each stands, the header being row 1, and its cells by column.

    Args:
        path: a table with a header, separated by commas, semicolons or tabs.
        needs: columns that it must have.

    Raises:
        DataError: it cannot be read, lacks a column or has no row.
    """
    count = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            allow_long_cells()
            separator = separator_of(first_line(stream.readline()), path.suffix)
            stream.seek(0)
            reader = csv.DictReader(stream, delimiter=separator, strict=True)
            reader.fieldnames = [name.strip() for name in reader.fieldnames or []]
            _check_columns(reader.fieldnames, path.name, needs)
            for count, cells in enumerate(reader, start=1):
                yield f"row {count + 1} of {path.name}", cells
    except FileNotFoundError:
        raise DataError(
            sentence(path.name, expected="a CSV table", got="no such file", remedy="Check its name")
        ) from None
    except csv.Error:
        raise DataError(
            sentence(
                f"{path.name}, after row {count + 1}",
                expected="cells quoted in pairs",
                got="a quote that is not closed or stands free, or a cell without an end",
                remedy="Write it again with a spreadsheet, as CSV in UTF-8",
            )
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            sentence(
                path.name,
                expected="a CSV table in UTF-8",
                got=type(error).__name__,
                remedy="Save it as CSV in UTF-8",
            )
        ) from None
    if not count:
        raise DataError(
            sentence(path.name, expected="at least one row", got="none", remedy="Add cases")
        )


def _columns(modalities: Mapping[str, Modality]) -> list[str]:
    used = (column for modality in modalities.values() for column in modality.columns_used())
    return list(dict.fromkeys(used))


def _check_columns(have: Sequence[str], table: str, needs: Sequence[str]) -> None:
    missing = [column for column in needs if column not in have]
    if missing:
        raise DataError(f"{table}: no column '{missing[0]}'. {nearest(missing[0], have)}")


def _row(
    cells: Mapping[str, str | None], root: Path, where: str, *, modalities: Mapping[str, Modality]
) -> Case:
    name = cells.get(_CASE_ID) or where.split(" of ", maxsplit=1)[0].replace(" ", "-")
    try:
        if None in cells or None in cells.values():
            raise DataError(  # the cells of such a row stand under wrong names
                sentence(
                    where,
                    expected="as many cells as the header has",
                    got="more" if None in cells else "fewer",
                    remedy="Correct the row; quote cells that hold the separator",
                )
            )
        inputs = {
            key: _reference(cells, root, where, modality=modality)
            for key, modality in modalities.items()
        }
    except DataError as error:
        return Case(name, where, problem=str(error))
    return Case(name, where, inputs)


def _given_row(
    row: Mapping[str, object],
    modalities: Mapping[str, Modality],
    root: Path | None,
    *,
    number: int,
) -> Case:
    """A row that was handed over as column -> cell; None is a blank cell."""
    where = f"row {number} of those given"
    _check_columns(list(row), where, _columns(modalities))
    cells = {name: "" if cell is None else str(cell) for name, cell in row.items()}
    return _row(cells, Path() if root is None else root, where, modalities=modalities)


def _reference(
    cells: Mapping[str, str | None], root: Path, where: str, *, modality: Modality
) -> Reference:
    columns = modality.columns_used()
    if isinstance(columns_of(modality), tuple):
        return Reference(where, {column: cells[column] or "" for column in columns})
    if not modality.suffixes or getattr(modality, "reads_cells", False):
        content = {column: cells[column] or "" for column in columns}
        return Reference(where, content if len(columns) > 1 else content[columns[0]])
    cell = (cells[columns[0]] or "").strip()
    place = f"{where}, column '{columns[0]}'"
    if not cell:
        raise DataError(
            sentence(
                place,
                expected="a file path",
                got="a blank cell",
                remedy="Fill it in or leave the row out",
            )
        )
    file = written_path(root, cell).resolve()
    if not file.is_relative_to(root.resolve()):
        raise DataError(
            sentence(
                place,
                expected="a file in or below the table's folder",
                got="a path that leads out of it",
                remedy="Put the table into a folder above its files, or name that folder (--root)",
            )
        )
    return Reference(where, file)
