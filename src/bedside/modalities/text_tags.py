"""Entities of a text as tags of its words, and back.

Enters: entities, and where the words of the text stand. Leaves: one tag a word. Tag 0 is
outside; of label l, ``1 + 2 l`` begins an entity and ``2 + 2 l`` goes on with it (the scheme
IOB2).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bedside.modalities.text_entities import Entity
from bedside.schema import Array

OUTSIDE = 0
UNTOLD = -1
"""Tag of padding."""


def tag_count(labels: int) -> int:
    """K of L labels."""
    return 1 + 2 * labels


def allowed_transitions(labels: int) -> Array:
    """(K + 1, K) bool: which tag may follow which; the last row is the start of a text."""
    count = tag_count(labels)
    allowed = np.ones((count + 1, count), dtype=bool)
    for label in range(labels):
        inside = 2 + 2 * label
        allowed[:, inside] = False
        allowed[[inside - 1, inside], inside] = True
    return allowed


def tags_of(entities: Sequence[Entity], offsets: Array, names: Sequence[str]) -> tuple[Array, int]:
    """Entities of a text as tags of its words.

    Args:
        entities: in order, free of overlaps.
        offsets: (n, 2) start and end of each word.
        names: of the labels; others count as outside.

    Returns:
        (n,) int64, and how many entities do not begin and end where words do: they take all
        the words that they touch.
    """
    tags = np.full(len(offsets), OUTSIDE, dtype=np.int64)
    uneven = 0
    for entity in entities:
        if entity.label not in names:
            continue
        touched = np.flatnonzero((offsets[:, 0] < entity.end) & (offsets[:, 1] > entity.start))
        if not touched.size:
            continue
        begin = 1 + 2 * list(names).index(entity.label)
        tags[touched], tags[touched[0]] = begin + 1, begin
        ends = offsets[touched[0], 0], offsets[touched[-1], 1]
        uneven += ends != (entity.start, entity.end)
    return tags, uneven


def pieces_of(tags: Array) -> list[tuple[int, int, int]]:
    """Tags (T,) of one text -> first word, last word and label of each entity."""
    found: list[tuple[int, int, int]] = []
    for place, tag in enumerate(tags.tolist()):
        if tag == OUTSIDE:
            continue
        label = (tag - 1) // 2
        if tag % 2 == 0 and found and found[-1][1] == place - 1 and found[-1][2] == label:
            found[-1] = (found[-1][0], place, label)
        else:
            found.append((place, place, label))
    return found
