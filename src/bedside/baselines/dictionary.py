"""What was an entity in training is one again: the peer that every tagger must beat.

Enters: texts with their entities. Leaves: for new texts, the longest known entries from left
to right. An entry counts only where enough of its occurrences in training were entities;
validation chooses how many are enough.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bedside.baselines.contract import FittedTagger, TagLesson
from bedside.modalities.text_entities import Entity, write_entities
from bedside.modalities.text_lookup import Phrases, Words, words_of
from bedside.schema import Array, Arrays, State

ENOUGH = (0.0, 0.2, 0.4, 0.6, 0.8)
"""Shares of an entry's occurrences that are tried."""


class Dictionary:
    """Entries of training, without regard to capitals."""

    name = "dictionary"

    def fit_entities(
        self, training: TagLesson, *, validation: TagLesson, state: State, seed: int, threads: int
    ) -> FittedTagger:
        """List the entities of training; validation chooses which are kept.

        Args:
            training: cases to learn from.
            validation: cases that choose how often an entry must have been an entity.
            state: of the task; its labels are those of the lessons.
            seed: of no use; nothing is drawn at random.
            threads: of no use; one is enough.
        """
        del state, seed, threads
        labels: dict[Words, Counter[str]] = defaultdict(Counter)
        for text, entities in zip(training.texts, training.entities, strict=True):
            for entity in entities:
                words = words_of(text[entity.start : entity.end])
                if words:
                    labels[words][entity.label] += 1
        every = Lookup({words: counted.most_common(1)[0][0] for words, counted in labels.items()})
        seen = Counter(words for text in training.texts for words, _ in every.matches(text))
        shares = {words: sum(counted.values()) / max(seen[words], 1)
                  for words, counted in labels.items()}  # fmt: skip
        tries = [every.only({w for w in shares if shares[w] >= enough}) for enough in ENOUGH]
        return max(tries, key=lambda lookup: lookup.agreement(validation))


@dataclass(frozen=True)
class Lookup:
    """A fitted peer: words -> label."""

    entries: Mapping[Words, str]

    def only(self, kept: set[Words]) -> Lookup:
        """The same with some entries alone."""
        return Lookup({words: label for words, label in self.entries.items() if words in kept})

    def matches(self, text: str) -> Iterator[tuple[Words, tuple[int, int]]]:
        """Entries in a text from left to right, the longest first, with start and end."""
        return self._phrases.matches(text)

    @cached_property
    def _phrases(self) -> Phrases[str]:
        return Phrases(self.entries)

    def entities(self, text: str) -> list[Entity]:
        """The entities of a text."""
        return [Entity(*span, self.entries[words]) for words, span in self.matches(text)]

    def tag(self, texts: Sequence[str]) -> Arrays:
        """N texts -> ``{"entities": (n,) object}``."""
        return {"entities": as_cells([self.entities(text) for text in texts])}

    def agreement(self, lesson: TagLesson) -> float:
        """F1 of entities, strict."""
        found = right = 0
        for text, wanted in zip(lesson.texts, lesson.entities, strict=True):
            given = self.entities(text)
            found, right = found + len(given), right + len(set(given) & set(wanted))
        wanted_too = sum(map(len, lesson.entities))
        return 2 * right / max(found + wanted_too, 1)


def as_cells(entities: Sequence[Sequence[Entity]]) -> Array:
    """(n,) object: entities of n texts as predictions hold them."""
    cells = np.empty(len(entities), dtype=object)
    cells[:] = [write_entities(own) for own in entities]
    return cells
