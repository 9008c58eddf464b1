"""The tags that a network learns entities by, one a word.

Enters: entities of texts, and where the words of the texts stand. Leaves: targets with a tag
for each word that is kept of a text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bedside.errors import DataError, sentence
from bedside.modalities.text_tags import UNTOLD, tags_of
from bedside.schema import Array, Part, Targets
from bedside.tasks.tag import entities_of

if TYPE_CHECKING:
    from bedside.schema import Rows
    from bedside.training.texts import Texts

OFFSETS = ".offsets"
BLOCK = 1024


def with_tags(
    targets: Mapping[Part, Targets],
    arrays: Mapping[Part, Mapping[str, Rows]],
    texts: Mapping[Part, Texts],
) -> dict[Part, Targets]:
    """Targets with ``tags`` (N, T) int64, -1 where no word is, and the input as ``source``.

    Args:
        targets: of each part.
        arrays: of each part; one input has offsets.
        texts: of each part.

    Raises:
        DataError: an entity lies outside its text.
    """
    name = next(key for key in arrays["train"] if key.endswith(OFFSETS))
    source = name.removesuffix(OFFSETS)
    made: dict[Part, Targets] = {}
    for part, own in targets.items():
        _refuse_outside(own, texts[part][source], part=part)
        tags = _tags(own, arrays[part][name], arrays[part][f"{source}.mask"])
        facts = {**own.facts, "source": source}
        made[part] = replace(own, arrays={**own.arrays, "tags": tags}, facts=facts)
    return made


def _tags(targets: Targets, offsets: Rows, mask: Rows) -> Array:
    found = np.full(mask.shape, UNTOLD, dtype=np.int64)
    entities = entities_of(targets.arrays["truth"])
    for start in range(0, len(entities), BLOCK):
        rows = slice(start, start + BLOCK)
        pairs = zip(offsets[rows], mask[rows], entities[rows], strict=True)
        for row, (own, there, marked) in enumerate(pairs, start=start):
            tags, _ = tags_of(marked, own[there], targets.names)
            found[row, : len(tags)] = tags
    return found


def _refuse_outside(targets: Targets, texts: list[str], *, part: Part) -> None:
    """What could not be looked at when the entities were read: those of texts in files."""
    pairs = zip(entities_of(targets.arrays["truth"]), texts, strict=True)
    outside = sum(any(entity.end > len(text) for entity in own) for own, text in pairs)
    if outside:
        raise DataError(
            sentence(
                f"{part} part",
                expected="entities inside their texts",
                got=f"{outside} texts with one that ends behind them",
                remedy="Count characters of the text as it stands in the file",
            )
        )
