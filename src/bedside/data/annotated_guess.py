"""A first study file for texts in which people marked entities.

Enters: an IOB file, a folder of them or of brat, or a JSON file of spans. Leaves: whether it is
one, and the sections of data, inputs and target.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedside.data.annotated_source import (
    ENTITIES,
    ENTITY_KEYS,
    IOB_SUFFIXES,
    PART,
    TEXT,
    TEXT_KEYS,
    UTF8,
    read_annotated,
)
from bedside.data.column_roles import find_roles
from bedside.data.iob_lines import DOCUMENT, TAG
from bedside.data.mark_keys import MARK_KEYS
from bedside.data.raw_cases import PART_WORDS, text_table
from bedside.data.study_text import Verbatim
from bedside.data.table_source import TEXT_SUFFIXES

if TYPE_CHECKING:
    from bedside.data.study_text import StudyText

LOOKED_AT = 200
"""Lines of a file that tell whether they are words and tags."""
HEAD_BYTES = 100_000
MOST_LABELS = 12


def annotated_files(path: Path) -> list[Path]:
    """What of a path `read_annotated` is to be given; empty where it holds no entities.

    Of a folder of IOB files named after parts, these files in the order train, validation, test.
    """
    if path.is_dir():
        if any(text.with_suffix(".ann").exists() for text in path.rglob("*.txt")):
            return [path]
        inside = [file for file in sorted(path.iterdir()) if file.stem.lower() in PART_WORDS]
        parts = {PART_WORDS[file.stem.lower()]: file for file in inside if _is_iob(file)}
        order = [part for part in ("train", "validation", "test") if part in parts]
        return [parts[part] for part in order] if len(order) > 1 else []
    if path.suffix.lower() == ".json":
        return [path] if _is_json(path) else []
    return [path] if _is_iob(path) else []


def write_annotated(text: StudyText, files: list[Path], place: str) -> tuple[str, str | None]:
    """Write the sections; by what to split, and the column of parts.

    Args:
        text: to add to.
        files: as `annotated_files` found them.
        place: of what was given to init, as the study file shall name it.

    Raises:
        DataError: a file is not of its form, by line.
    """
    raw = read_annotated(files)
    given = [place] if len(files) == 1 else [f"{place}/{file.name}" for file in files]
    text.open("data", means=f"where the cases come from: {len(raw.cases)} texts with entities")
    text.add("annotated", given, means="IOB, brat or JSON; paths are relative to this file")
    for note in raw.notes:
        text.say(note)
    patient = find_roles(replace(raw, cases=text_table(raw.cases))).patient
    if patient:
        text.add("patient", patient, means="who: keeps a patient in one part")
    else:
        column = next((c for c in raw.cases if c not in (TEXT, ENTITIES, PART)), "patient_id")
        text.offer("patient", column, means="what stays together: a column that says whose it is")
    text.open("inputs", means="what the model sees; the name is yours")
    text.add("text", means="one input")
    text.add("modality", "text", means="reports, notes, sentences", depth=2)
    text.add("column", TEXT, means="the column that holds it", depth=2)
    text.add("spelling", True, means="words by how they are spelt; entities need it", depth=2)
    text.offer("length", 1024, means="words that training reads; auto: up to 512", depth=2)
    entries = [sorted(_marks(json.loads(cell))) for cell in raw.cases[ENTITIES]]
    count = sum(map(len, entries))
    text.open("target", means="what the model shall answer")
    text.add("task", "tag", means=f"marks pieces of the text; {count} were marked by people")
    labels = sorted({label for own in entries for _, _, label in own})
    shown = labels if 0 < len(labels) <= MOST_LABELS else Verbatim("[...]")
    text.offer("labels", shown, means="the labels to find; by default all that were used")
    means = "of entities over each other the longest counts; refuse stops there"
    if any(after[0] < before[1] for own in entries for before, after in pairwise(own)):
        text.add("overlapping", "longest", means=means)
    else:
        text.offer("overlapping", "longest", means=means)
    return "patient" if patient else "case", PART if PART in raw.cases else None


def _is_iob(path: Path) -> bool:
    """Whether lines are words and tags, with an entity somewhere among them."""
    if path.suffix.lower() not in (*IOB_SUFFIXES, *TEXT_SUFFIXES):
        return False
    lines = [line for line in _head(path).splitlines()[:LOOKED_AT] if line.strip()]
    cells = [line.split("\t") if "\t" in line else line.split() for line in lines]
    words = [own for own in cells if own[0] != DOCUMENT]
    tags = [TAG.fullmatch(own[-1].strip()) if len(own) > 1 else None for own in words]
    return bool(tags) and all(tags) and any(tag and tag[1] for tag in tags)


def _is_json(path: Path) -> bool:
    """Whether a list of objects with a text and entities begins here."""
    try:
        entries = json.loads(path.read_text(encoding=UTF8))
    except (OSError, ValueError, RecursionError):
        return False
    first = entries[0] if isinstance(entries, list) and entries else None
    return (
        isinstance(first, dict)
        and any(key in first for key in TEXT_KEYS)
        and any(key in first for key in ENTITY_KEYS)
    )


def _head(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(HEAD_BYTES).decode("utf-8-sig", "ignore")
    except OSError:
        return ""


def _marks(entries: Any) -> Iterator[tuple[int, int, str]]:
    """First and last place and label of each entity; what is written otherwise, the run names."""
    for entry in entries if isinstance(entries, list) else ():
        cells = entry if isinstance(entry, list) else _cells(entry)
        if len(cells) >= 3 and isinstance(cells[0], int) and isinstance(cells[1], int):
            yield cells[0], cells[1], str(cells[2])


def _cells(entry: Any) -> list[Any]:
    """Start, end and label of an object, by what its keys are called."""
    named = entry if isinstance(entry, dict) else {}
    found = (next((named[key] for key in keys if key in named), None) for keys in MARK_KEYS)
    return [value for value in found if value is not None]
