"""A folder of brat: ``<name>.txt`` beside ``<name>.ann`` (Stenetorp 2012).

Enters: a folder. Leaves: texts and their entities. Relations, events and remarks are left
out; an entity in several pieces counts from its first letter to its last.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from bedside.errors import DataError, Problems

LINE = re.compile(r"T\S+\t(\S+) (\d+ \d+(?:;\d+ \d+)*)(?:\t.*)?")


def read_brat(folder: Path) -> tuple[dict[str, list[Any]], list[str]]:
    """All texts below a folder that have a file of entities beside them, by path.

    Returns:
        Columns ``text``, ``entities`` and ``document`` (the text's place, without suffix);
        notes of what was left out.

    Raises:
        DataError: files that are not UTF-8, and lines that are no entities, by number.
    """
    problems = Problems(DataError)
    columns: dict[str, list[Any]] = {"text": [], "entities": [], "document": []}
    alone = split = others = 0
    for count, path in enumerate(sorted(folder.rglob("*.txt")), start=1):
        beside = path.with_suffix(".ann")
        if not beside.exists():
            alone += 1
            continue
        where = f"text {count} of {folder.name}"
        try:
            # brat counts every character, line ends of two as well
            text = path.read_bytes().decode("utf-8")
            lines = beside.read_bytes().decode("utf-8").splitlines()
        except UnicodeDecodeError:
            problems.add(where, expected="UTF-8", got="other bytes", remedy="Save it as UTF-8")
            continue
        entities = []
        for number, line in enumerate(lines, start=1):
            if not line.startswith("T"):
                others += bool(line.strip())
                continue
            found = LINE.fullmatch(line)
            if found is None:
                problems.add(
                    f"{where}, line {number} of its .ann",
                    expected="T1, a tab, a label, start and end",
                    got="another form",
                    remedy="Export it again from brat",
                )
                continue
            places = [int(place) for place in re.findall(r"\d+", found[2])]
            split += len(places) > 2
            entities.append([min(places), max(places), found[1]])
        columns["text"].append(text)
        columns["entities"].append(json.dumps(entities, ensure_ascii=False))
        columns["document"].append(path.relative_to(folder).with_suffix("").as_posix())
    if not columns["text"]:
        problems.add(
            folder.name,
            expected=".txt files with an .ann file beside them",
            got="none",
            remedy="Name the folder that brat wrote",
        )
    problems.raise_if_any()
    said = {
        "texts without an .ann file were left out": alone,
        "entities in several pieces were read from the first to the last letter": split,
        "lines that are no entities (relations, events, remarks) were left out": others,
    }
    return columns, [f"{number} {words}." for words, number in said.items() if number]
