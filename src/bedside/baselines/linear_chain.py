"""A linear chain on hand-made features of words: the classical way to find entities.

Enters: texts with their entities. Leaves: for new texts, the likeliest entities. The library
is CRFsuite (Okazaki 2007); features after Ratinov and Roth 2009 (doi:10.3115/1596374.1596399):
the word, its beginnings, endings and shape, and the words around it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bedside.baselines.contract import FittedTagger, TagLesson
from bedside.baselines.dictionary import as_cells
from bedside.modalities.text_entities import Entity
from bedside.modalities.text_spelling import cut_words, shape_of
from bedside.modalities.text_tags import pieces_of, tags_of
from bedside.schema import Arrays, State

AROUND = 2
"""Words to each side that are looked at."""
PENALTIES = {"c1": 0.05, "c2": 0.05}
"""Of large and of squared weights: the library's usual order of size."""
ITERATIONS = 80


class LinearChain:
    """A conditional random field, trained by L-BFGS."""

    name = "linear-chain"

    def fit_entities(
        self, training: TagLesson, *, validation: TagLesson, state: State, seed: int, threads: int
    ) -> FittedTagger:
        """Learn from training texts.

        Args:
            training: cases to learn from.
            validation: of no use; nothing is chosen.
            state: of the task; its labels are those of the lessons.
            seed: of no use; the solver draws nothing.
            threads: of no use; it runs in one.
        """
        del validation, seed, threads
        import pycrfsuite

        names = tuple(state["names"])
        trainer = pycrfsuite.Trainer(verbose=False)
        trainer.set_params({**PENALTIES, "max_iterations": ITERATIONS})
        for text, entities in zip(training.texts, training.entities, strict=True):
            spans = cut_words(text, most=len(text))
            if len(spans):
                tags, _ = tags_of(entities, spans, names)
                trainer.append(_features(text, spans.tolist()), [str(tag) for tag in tags])
        with tempfile.TemporaryDirectory() as folder:  # the library writes models to files alone
            path = Path(folder) / "chain"
            trainer.train(str(path))
            tagger = pycrfsuite.Tagger()
            tagger.open(str(path))  # it reads the file whole; of bytes it would keep no hold
        return Chain(tagger, names)


class Chain:
    """A fitted peer."""

    def __init__(self, tagger: Any, names: Sequence[str]) -> None:
        self._tagger, self._names = tagger, names

    def tag(self, texts: Sequence[str]) -> Arrays:
        """N texts -> ``{"entities": (n,) object}``."""
        return {"entities": as_cells([self._entities(text) for text in texts])}

    def _entities(self, text: str) -> list[Entity]:
        spans = cut_words(text, most=len(text))
        if not len(spans):
            return []
        tags = np.array([int(tag) for tag in self._tagger.tag(_features(text, spans.tolist()))])
        return [
            Entity(int(spans[first, 0]), int(spans[last, 1]), self._names[label])
            for first, last, label in pieces_of(tags)
        ]


def _features(text: str, spans: Sequence[Sequence[int]]) -> list[list[str]]:
    """The features of each word of a text."""
    words = [text[start:end] for start, end in spans]
    low = [word.lower() for word in words]
    shapes = [shape_of(word) for word in words]
    found = []
    for place, word in enumerate(low):
        own = [
            *("always", f"word={word}", f"shape={shapes[place]}"),
            *(f"start={word[:n]}" for n in (2, 3, 4)),
            *(f"end={word[-n:]}" for n in (2, 3, 4)),
        ]
        for step in (*range(-AROUND, 0), *range(1, AROUND + 1)):
            there = place + step
            inside = 0 <= there < len(low)
            own.append(f"{step}:word={low[there] if inside else '|'}")
            if inside and abs(step) == 1:
                own += [f"{step}:shape={shapes[there]}", f"{step}:end={low[there][-3:]}"]
        if place:
            own.append(f"pair={low[place - 1]} {word}")
        found.append(own)
    return found
