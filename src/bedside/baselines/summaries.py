"""Peers of summaries that need no neighbours: a constant one, and two that quote the text.

Enters: texts with their reference summaries. Leaves: summaries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bedside.baselines.contract import FittedSummariser, TextLesson
from bedside.baselines.sentences import best_count, quoted, sentences_of
from bedside.schema import Arrays, State
from bedside.tasks.summarise import as_texts


@dataclass(frozen=True)
class Written:
    """A fitted peer that writes each summary from its own text alone.

    Args:
        write: a text -> its summary.
    """

    write: Callable[[str], str]

    def summarise(self, sources: Sequence[str]) -> Arrays:
        """N texts -> ``{"text": (n,) object}``."""
        return {"text": as_texts([self.write(text) for text in sources])}


class CommonestSummary:
    """The commonest summary of training, whatever the text says.

    Where most reports are normal it scores high; a model that does not beat it by far has
    learnt little.
    """

    name = "commonest-summary"

    def fit_texts(
        self, training: TextLesson, *, validation: TextLesson, state: State, seed: int, threads: int
    ) -> FittedSummariser:
        """Count; the arguments are those of `Summariser.fit_texts`."""
        del validation, state, seed, threads  # nothing to choose, draw or share out
        counted = Counter(training.summaries)
        most = max(counted.values())
        commonest = min(text for text, count in counted.items() if count == most)
        return Written(lambda _: commonest)


class Lead:
    """The first sentences of the text, as many as suit the validation cases best."""

    name = "lead"

    def fit_texts(
        self, training: TextLesson, *, validation: TextLesson, state: State, seed: int, threads: int
    ) -> FittedSummariser:
        """Choose how many; the arguments are those of `Summariser.fit_texts`."""
        del training, state, seed, threads  # it learns nothing, draws nothing
        count = best_count(_lead, validation)
        return Written(lambda text: _lead(text, count))


class Centroid:
    """The sentences nearest to the centre of all words of the text, as many as suit best.

    Words weigh the more the fewer training sentences hold them. Source: Radev 2004,
    doi:10.1016/j.ipm.2003.10.006.
    """

    name = "centroid"

    def fit_texts(
        self, training: TextLesson, *, validation: TextLesson, state: State, seed: int, threads: int
    ) -> FittedSummariser:
        """Weigh words and choose how many; the arguments are those of `Summariser.fit_texts`."""
        del state, seed, threads  # nothing drawn, nothing to share out
        weigher = word_weigher(
            [one for text in training.sources for one in sentences_of(text) or [text]]
        )

        def central(text: str, count: int) -> str:
            sentences = sentences_of(text)
            if weigher is None or len(sentences) <= count:
                return " ".join(sentences)
            weights = weigher.transform(sentences)
            centre = np.asarray(weights.sum(axis=0)).ravel()
            order = np.argsort(-(weights @ centre), kind="stable")
            return quoted(sentences, order[:count].tolist())

        count = best_count(central, validation)
        return Written(lambda text: central(text, count))


def word_weigher(texts: Sequence[str], *, most: int = 1) -> Any:
    """TF-IDF of words, and of runs of up to `most` words; None where no text holds a word."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    weigher = TfidfVectorizer(
        token_pattern=r"(?u)\w+", ngram_range=(1, most), sublinear_tf=True, dtype=np.float32
    )
    try:
        return weigher.fit(texts)
    except ValueError:  # an empty vocabulary
        return None


def _lead(text: str, count: int) -> str:
    return " ".join(sentences_of(text)[:count])
