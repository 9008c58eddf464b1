"""Entities: pieces of a text that bear a label, as people and other programs write them down.

Enters: a cell of JSON, or of text with its entities. Leaves: `Entity`s in the order of the text,
free of overlaps, whose places count characters of the text as bedside reads it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from bedside.data.mark_keys import MARK_KEYS
from bedside.modalities.text_files import in_one_form

Overlapping: TypeAlias = Literal["refuse", "longest"]

START, END, LABEL = MARK_KEYS


@dataclass(frozen=True, order=True)
class Entity:
    """A piece of a text.

    Args:
        start, end: its first character, and the one after its last.
        label: what it is.
    """

    start: int
    end: int
    label: str

    def overlaps(self, other: Entity) -> bool:
        """Whether the two share a character."""
        return self.start < other.end and other.start < self.end


class EntityError(ValueError):
    """What is wrong with the entities of one text, free of its words."""


def read_entities(cell: str) -> list[Entity]:
    """A cell of JSON -> entities as they are written.

    A list whose entries are ``[start, end, "label"]`` or objects with ``start``, ``end`` and
    ``label`` (``start_position``, ``end_position`` and ``entity_type`` are understood as well);
    a blank cell holds none.

    Raises:
        EntityError: it is something else.
    """
    if not cell.strip():
        return []
    try:
        entries = json.loads(cell)
    except (json.JSONDecodeError, RecursionError):
        raise EntityError("text that is no JSON") from None
    if not isinstance(entries, list):
        raise EntityError("JSON that is no list")
    return [_mark(entry) for entry in entries]


def write_entities(entities: Iterable[Entity]) -> str:
    """Entities -> the one form in which they travel, ``[[start, end, "label"], ...]``."""
    return json.dumps([[m.start, m.end, m.label] for m in sorted(entities)], ensure_ascii=False)


def settled(entities: Sequence[Entity], length: int, *, overlapping: Overlapping) -> list[Entity]:
    """Entities in the order of a text of `length` characters, one letter in one entity at most.

    Args:
        entities: as written.
        length: of the text.
        overlapping: ``refuse``, or keep the ``longest`` of those that overlap.

    Raises:
        EntityError: one lies outside the text or holds nothing, or some overlap.
    """
    for entity in entities:
        if not 0 <= entity.start < entity.end <= length:
            raise EntityError(f"{entity.start} to {entity.end} in a text of {length} characters")
    kept: list[Entity] = []
    for entity in sorted(set(entities), key=lambda m: (m.start - m.end, m)):  # the longest first
        if any(entity.overlaps(other) for other in kept):
            if overlapping == "refuse":
                raise EntityError("entities that overlap")
            continue
        kept.append(entity)
    return sorted(kept)


def in_clean_text(entities: Sequence[Entity], written: str) -> list[Entity]:
    """Entities of a text as it was written -> the same of what is read of it.

    Reading drops blanks around and brings line ends and letters into one form, which may
    move what stands behind.
    """
    whole = in_one_form(written)[0]
    if whole.strip() == written:
        return list(entities)
    lead, last = len(whole) - len(whole.lstrip()), len(whole.strip())

    def moved(place: int) -> int:
        return min(max(len(in_one_form(written[:place])[0]) - lead, 0), last)

    return [Entity(moved(m.start), moved(m.end), m.label) for m in entities]


def _mark(entry: Any) -> Entity:
    if isinstance(entry, dict):
        found: list[Any] = [
            next((entry[k] for k in keys if k in entry), None) for keys in (START, END, LABEL)
        ]
    elif isinstance(entry, list) and len(entry) >= 3:
        found = entry[:3]
    else:
        raise EntityError("an entry that is neither [start, end, label] nor an object with these")
    start, end, label = found
    for place in (start, end):
        if not isinstance(place, int) or isinstance(place, bool):
            raise EntityError("an entry whose start or end is no whole number")
    if not isinstance(label, str) or not label.strip():
        raise EntityError("an entry without a label")
    return Entity(int(start), int(end), label.strip())
