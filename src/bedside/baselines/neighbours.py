"""Peers of summaries that look for similar training texts and take over what was written there.

Enters: texts with their reference summaries. Leaves: summaries of training cases. Hospital
reports repeat themselves so much that this is hard to beat by words; what is rare about a
case is lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bedside.baselines.contract import FittedSummariser, TextLesson
from bedside.baselines.summaries import word_weigher
from bedside.schema import Array, Arrays, State
from bedside.tasks.overlap import Worded
from bedside.tasks.summarise import as_texts

NEIGHBOURS = 20
BLOCK = 512
"""Texts that are compared with all of training at a time."""


@dataclass(frozen=True)
class Neighbours:
    """A fitted peer.

    Args:
        weigher: TF-IDF of training, None where it holds no word.
        weights: (n, V) sparse, of the training texts.
        summaries: n texts.
        worded: the same as words; each distinct text once.
        count: how many neighbours have a say.
    """

    weigher: Any
    weights: Any
    summaries: Sequence[str]
    worded: dict[str, Worded]
    count: int

    def summarise(self, sources: Sequence[str]) -> Arrays:
        """N texts -> the summary of the nearest, or the one most like those of the others."""
        found: list[str] = []
        for start in range(0, len(sources), BLOCK):
            nearest = self._nearest(sources[start : start + BLOCK])
            found += [self._agreed([self.summaries[row] for row in rows]) for rows in nearest]
        return {"text": as_texts(found)}

    def _nearest(self, sources: Sequence[str]) -> Array:
        """(n, k) rows of the nearest training texts, the nearest first; of equals the first."""
        if self.weigher is None:
            return np.zeros((len(sources), 1), dtype=np.int64)
        alike = np.asarray((self.weigher.transform(sources) @ self.weights.T).todense())
        return np.argsort(-alike, axis=1, kind="stable")[:, : self.count]

    def _agreed(self, candidates: list[str]) -> str:
        """Of candidates, the nearest case's first, the one most like all the others together."""
        counted = Counter(candidates)
        if len(counted) == 1:
            return candidates[0]

        def support(text: str) -> float:
            own = self.worded[text]
            others = ((n, self.worded[o]) for o, n in counted.items() if o != text)
            return counted[text] - 1 + sum(n * own.alike(other) for n, other in others)

        return max(counted, key=support)  # of equals the nearest, which was counted first


class NearestReport:
    """What was written of the most similar training text."""

    name = "nearest-report"

    def fit_texts(
        self, training: TextLesson, *, validation: TextLesson, state: State, seed: int, threads: int
    ) -> FittedSummariser:
        """Weigh words; the arguments are those of `Summariser.fit_texts`."""
        del validation, state, seed, threads  # nothing to choose, draw or share out
        return _fitted(training, count=1)


class NeighbourConsensus:
    """Of the summaries of twenty similar training texts, the one most like all the others."""

    name = "neighbour-consensus"

    def fit_texts(
        self, training: TextLesson, *, validation: TextLesson, state: State, seed: int, threads: int
    ) -> FittedSummariser:
        """Weigh words; the arguments are those of `Summariser.fit_texts`."""
        del validation, state, seed, threads  # nothing to choose, draw or share out
        return _fitted(training, count=NEIGHBOURS)


def _fitted(training: TextLesson, *, count: int) -> Neighbours:
    weigher = word_weigher(training.sources, most=2)
    weights = None if weigher is None else weigher.transform(training.sources)
    worded = {text: Worded.of(text) for text in set(training.summaries)}
    return Neighbours(weigher, weights, training.summaries, worded, count)
