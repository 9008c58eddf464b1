"""From the files of a set to what a study reads.

Enters: a set's folder and the words of its entry ``convert``. Leaves: a table in the folder. The
raw files stay as they came.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from bedside.errors import DataError, sentence
from bedside.registry import Registry
from bedside.run_folder import atomic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

CONVERTERS: Registry[Callable[[Path, Mapping[str, Any]], None]] = Registry(
    "converter",
    {
        "join-parts": "bedside.data.public.converting:join_parts",
        "openi-reports": "bedside.data.public.converting:openi_reports",
        "pairs": "bedside.data.public.converting:pairs",
    },
)
OPENI_COLUMNS = ("uid", "indication", "comparison", "findings", "impression", "mesh", "same_text")


def convert(folder: Path, words: Mapping[str, Any]) -> None:
    """Make what the words say, by the converter that ``how`` names."""
    CONVERTERS.load(str(words["how"]))(folder, words)


def join_parts(folder: Path, words: Mapping[str, Any]) -> None:
    """One CSV of several with the same columns, and a column ``part`` that names where from.

    Args:
        folder: of the set.
        words: ``into``, the table; ``parts``, part -> file.

    Raises:
        DataError: the files differ in their columns.
    """
    columns: list[str] = []
    rows: list[list[str]] = []
    for part, name in words["parts"].items():
        with (folder / name).open(encoding="utf-8-sig", newline="") as stream:
            lines = csv.reader(stream)
            header = next(lines, [])
            columns = columns or header
            if header != columns or not header:
                raise _unexpected(name, f"the {len(columns)} columns of the other parts", header)
            rows += [[*line, part] for line in lines]
    _write(folder / words["into"], [*columns, "part"], rows)


def pairs(folder: Path, words: Mapping[str, Any]) -> None:
    """Which cases (2k-1, 2k) of a Decathlon task are one patient's: columns case and patient.

    Args:
        folder: of the set.
        words: ``task``, the task's folder; ``into``, the table.

    Raises:
        DataError: a case has no number.
    """
    from bedside.data.decathlon_source import case_name, read_dataset

    rows = []
    for image, _ in read_dataset(folder / words["task"]).files:
        case = case_name(image)
        number = re.search(r"\d+$", case)
        if number is None:
            raise _unexpected(words["task"], "cases that end in a number", [])
        rows.append([case, f"pair-{(int(number[0]) + 1) // 2}"])
    _write(folder / words["into"], ["case", "patient"], rows)


def openi_reports(folder: Path, words: Mapping[str, Any]) -> None:
    """A table of Open-i's XML reports that have findings and an impression.

    ``same_text`` is equal where the findings are, but for case and blanks.

    Args:
        folder: of the set.
        words: ``into``, the table.

    Raises:
        DataError: there are no reports, or a file is no XML.
    """
    rows, numbers = [], dict[str, int]()
    for path in sorted(folder.rglob("*.xml"), key=lambda path: (len(path.stem), path.stem)):
        report = _report(path)
        if report["findings"] and report["impression"]:
            same = numbers.setdefault(report["findings"].lower(), len(numbers) + 1)
            rows.append([*(report[name] for name in OPENI_COLUMNS[:-1]), str(same)])
    if not rows:
        raise _unexpected(folder.name, "XML reports with findings and impression", [])
    _write(folder / words["into"], OPENI_COLUMNS, rows)


def _report(path: Path) -> dict[str, str]:
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError:
        raise _unexpected("the archive of reports", "files of XML", []) from None
    texts = {
        str(piece.get("Label", "")).lower(): " ".join("".join(piece.itertext()).split())
        for piece in root.iter("AbstractText")
    }
    named = root.find(".//uId")
    mesh = [" ".join((term.text or "").split()) for term in root.iterfind(".//MeSH/major")]
    return {
        "uid": path.stem if named is None else named.get("id", path.stem),
        "mesh": ";".join(mesh),
        **{name: texts.get(name, "") for name in OPENI_COLUMNS[1:5]},
    }


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with atomic(path) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(columns)
        lines.writerows(rows)


def _unexpected(where: str, expected: str, got: Sequence[str]) -> DataError:
    return DataError(
        sentence(
            where,
            expected=expected,
            got=f"{len(got)} others" if got else "none",
            remedy="The set has changed at its source: see its page",
        )
    )
