"""A package that finds entities, asked about texts of any length.

Enters: an open package and texts. Leaves: entities in the characters of each text. The network
reads so many words at a time; a longer text is cut between sentences, and only where one
sentence is longer than that, within it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bedside.errors import PackageError, sentence
from bedside.modalities.text_entities import Entity
from bedside.modalities.text_spelling import cut_words
from bedside.schema import Sample
from bedside.tasks.tag import Tag

if TYPE_CHECKING:
    from bedside.deployment.predictor import Predictor

SENTENCE_END = re.compile(r"[.!?:;](?=\s)|\n")
"""Where a text is cut first, behind the sign."""
Sure = tuple[Entity, float]
"""An entity and its probability."""


def entities_in(predictor: Predictor, texts: Sequence[str]) -> list[list[Sure]]:
    """Find the entities of N texts.

    Args:
        predictor: of a package whose task is `tag`.
        texts: as they are; places count their characters.

    Raises:
        PackageError: the package has another task.
    """
    length = _words_at_a_time(predictor)
    pieces = [(n, start, end) for n, text in enumerate(texts) for start, end in cut(text, length)]
    found: list[list[Sure]] = [[] for _ in texts]
    if not pieces:
        return found
    samples = [Sample(texts[n][start:end]) for n, start, end in pieces]
    for (n, start, _), record in zip(pieces, predictor.predict(samples), strict=True):
        for first, last, label, probability in json.loads(record["entities"]):
            found[n].append((Entity(start + first, start + last, label), probability))
    return found


def labels_of(predictor: Predictor) -> tuple[str, ...]:
    """The labels that a package finds.

    Raises:
        PackageError: it has another task.
    """
    _words_at_a_time(predictor)
    return tuple(predictor.package.contents.task_state["names"])


def cut(text: str, most: int) -> list[tuple[int, int]]:
    """Start and end of pieces of at most `most` words that hold all words of a text.

    A piece ends behind a sentence where it can.
    """
    words = cut_words(text, most=len(text)).tolist()
    ends = [match.end() for match in SENTENCE_END.finditer(text)]
    pieces: list[tuple[int, int]] = []
    first, place = 0, 0
    while first < len(words):
        last = min(first + most, len(words))
        if last < len(words):
            while place < len(ends) and ends[place] <= words[last][0]:
                place += 1
            end = ends[place - 1] if place else 0
            if end > words[first][0]:
                last = next(n for n in range(last, first, -1) if words[n - 1][1] <= end)
        pieces.append((words[first][0], words[last - 1][1]))
        first = last
    return pieces


def _words_at_a_time(predictor: Predictor) -> int:
    contents = predictor.package.contents
    if not isinstance(contents.task, Tag):
        raise PackageError(
            sentence(
                "Package",
                expected="one that finds entities (task: tag)",
                got=f"task: {getattr(contents.task, 'task', 'another')}",
                remedy="Name the package of a tag study",
            )
        )
    return int(contents.modality_states[contents.task_state["source"]]["length"])
