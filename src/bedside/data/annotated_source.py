"""Texts whose entities people marked: IOB files, brat folders, JSON files.

Enters: paths. Leaves: `RawCases` with ``text``, ``entities`` (JSON) and, where each file is
named after a part, ``part``; further plain columns of JSON files, and ``document`` of brat.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from bedside.data.brat_folder import read_brat
from bedside.data.iob_lines import read_iob
from bedside.data.raw_cases import PART_WORDS, RawCases
from bedside.errors import DataError, StudyError, sentence

TEXT, ENTITIES, PART = "text", "entities", "part"
TEXT_KEYS = ("text", "full_text")
ENTITY_KEYS = ("entities", "spans", "annotations")
IOB_SUFFIXES = (".tsv", ".iob", ".iob2", ".bio", ".conll", ".txt")
UTF8 = "utf-8-sig"


@dataclass
class Annotated:
    """Texts of one file or folder: columns of equal length, and notes."""

    columns: dict[str, list[Any]]
    notes: list[str] = field(default_factory=list)


def read_annotated(paths: Sequence[Path]) -> RawCases:
    """Read files in the order given; the form of each follows from its kind.

    A folder is brat's (``.txt`` beside ``.ann``), a ``.json`` a list of objects with a text
    and its entities, anything else lines of a word and its tag (IOB).

    Raises:
        StudyError: a path does not exist.
        DataError: a file is not of its form, by line; files of one name.
    """
    found: list[Annotated] = []
    for path in paths:
        if not path.exists():
            raise StudyError(
                sentence(
                    "data.annotated",
                    expected="existing files or folders",
                    got=f"none at entry {len(found) + 1}",
                    remedy="Correct the path; it is relative to the study file",
                )
            )
        found.append(_read(path))
    parts = [PART_WORDS.get(path.stem.lower()) for path in paths]
    tables = [pd.DataFrame(own.columns) for own in found]
    if all(parts) and len(paths) > 1:
        tables = [t.assign(**{PART: part}) for t, part in zip(tables, parts, strict=True)]
    cases = pd.concat(tables, ignore_index=True)
    notes = [note for own in found for note in own.notes]
    source = paths[0].name if len(paths) == 1 else f"{len(paths)} annotated files"
    return RawCases(cases, source, first_row=1, notes=tuple(notes))


def _read(path: Path) -> Annotated:
    if path.is_dir():
        return Annotated(*read_brat(path))
    try:
        text = path.read_text(encoding=UTF8)
    except UnicodeDecodeError as error:
        raise DataError(
            sentence(
                f"{path.name}, byte {error.start}",
                expected="text in UTF-8",
                got="other bytes (Latin-1 or Windows-1252, if it is a text)",
                remedy="Save it as UTF-8; a guess could turn letters into others",
            )
        ) from None
    if path.suffix.lower() == ".json":
        return Annotated(_from_json(text, path.name))
    return Annotated(*read_iob(text, where=path.name))


def _from_json(text: str, name: str) -> dict[str, list[Any]]:
    try:
        entries = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise DataError(
            sentence(
                f"{name}{line}",
                expected="JSON",
                got="text that is none",
                remedy="Export it again",
            )
        ) from None
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise _no_objects(name, "something else")
    keys = entries[0] if entries else {}
    text_key = next((key for key in TEXT_KEYS if key in keys), None)
    entity_key = next((key for key in ENTITY_KEYS if key in keys), None)
    whole = text_key in keys and entity_key in keys
    if not whole or any(text_key not in e or entity_key not in e for e in entries):
        raise _no_objects(name, "objects without them")
    others = [key for key, value in keys.items() if _plain(value) and key != text_key]
    return {
        TEXT: [e[text_key] for e in entries],
        ENTITIES: [json.dumps(e[entity_key]) for e in entries],
        **{key: [_cell(e, key) for e in entries] for key in others},
    }


def _cell(entry: Mapping[str, Any], key: str) -> Any:
    value = entry.get(key)
    return value if _plain(value) else None


def _plain(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _no_objects(name: str, got: str) -> DataError:
    return DataError(
        sentence(
            name,
            expected=f"a list of objects with {' or '.join(TEXT_KEYS)}, and "
            f"{', '.join(ENTITY_KEYS[:-1])} or {ENTITY_KEYS[-1]}",
            got=got,
            remedy="Rename the keys, or write a table with a column of entities",
        )
    )
