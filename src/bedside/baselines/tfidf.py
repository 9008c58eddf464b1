"""Logistic regression on weighted words and pairs of words: the peer of networks that read texts.

Enters: whole texts (nothing is cut off), hand-made features of the other inputs where there
are any, truth and known; validation cases choose the strength of the penalty. Leaves:
log-odds or log-probabilities. Words that are in few texts weigh more (Spärck Jones 1972,
doi:10.1108/eb026526), repeated ones by the logarithm of their count.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bedside.baselines.contract import FittedReader, Written
from bedside.baselines.peer import WORD, Peer, WordWeights
from bedside.baselines.plain_scorers import Linear, plain
from bedside.baselines.questions import (
    Answers,
    Question,
    Scorer,
    answer_each,
    log_probabilities,
)
from bedside.schema import Array, Arrays, Kind

WORDS_TOGETHER = (1, 2)
MOST_WORDS = 200_000
"""Words and pairs of each input that are kept: the commonest."""
FEWEST_TEXTS = 3
"""Training texts that a word or pair must stand in: it travels with a package, and a name that
stands in one patient's note must not."""
PENALTIES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
"""Inverse strengths C that are tried, strongest penalty first."""
UNTRIED = 10.0
"""C where no validation case can choose it."""
ITERATIONS = 300


class TfidfLogistic:
    """L2-penalised logistic regression on TF-IDF of words and pairs, lower case."""

    name = "tfidf-logistic"

    def fit_words(
        self, training: Written, *, validation: Written, kind: Kind, seed: int, threads: int
    ) -> FittedReader:
        """Weigh the words of training, fit, and choose C by validation log loss.

        Args:
            training: cases to learn from.
            validation: cases that choose C.
            kind: binary, classes or labels.
            seed: of no use; the solver draws nothing at random.
            threads: how many may be used.

        Raises:
            DataError: shapes do not agree, or a feature is not finite.
        """
        del seed
        weighers = {name: _weigher(texts) for name, texts in training.texts.items()}
        scaler = None
        if training.features is not None:
            scaler = StandardScaler().fit(training.features.astype(np.float64))
        weights = Weights(weighers, scaler)
        with threadpool_limits(threads):
            answers = answer_each(
                (weights.of(training), training.truth, training.known),
                (weights.of(validation), validation.truth, validation.known),
                kind=kind,
                learn=_learn,
            )
        return Reader(weights, answers)


@dataclass(frozen=True)
class Weights:
    """Fitted on training cases: text input -> the weigher of its words, and the others' scale."""

    weighers: Mapping[str, TfidfVectorizer | None]
    scaler: StandardScaler | None

    def of(self, written: Written) -> Array:
        """(n, V) sparse: the words' weights of all inputs side by side, then other features."""
        blocks = [
            weigher.transform(written.texts[name])
            for name, weigher in self.weighers.items()
            if weigher is not None
        ]
        if self.scaler is not None and written.features is not None:
            scaled = self.scaler.transform(written.features.astype(np.float64))
            # of length about one, as the words of a text are
            blocks.append(sparse.csr_array(scaled / np.sqrt(scaled.shape[1])))
        if not blocks:  # texts without a word
            blocks.append(sparse.csr_array((len(written), 1)))
        return cast("Array", sparse.csr_array(sparse.hstack(blocks), dtype=np.float64))


@dataclass(frozen=True)
class Reader:
    """A fitted peer."""

    weights: Weights
    answers: Answers

    def outputs(self, written: Written) -> Arrays:
        """Texts and features of n cases -> ``{"logits": (n, K) float32}``."""
        if not len(written):
            return self.answers.outputs(np.zeros((0, self.answers.width), np.float32))
        return self.answers.outputs(self.weights.of(written))

    def plain(self, others: tuple[str, ...]) -> Peer:
        """The same as numbers, for cases whose `others` are described beside their texts."""
        words = {
            name: None
            if own is None
            else WordWeights(own.get_feature_names_out().tolist(), own.idf_)
            for name, own in self.weights.weighers.items()
        }
        scaler = self.weights.scaler
        answers = Answers(tuple(map(plain, self.answers.scorers)), self.answers.width)
        scale = None if scaler is None else (scaler.mean_, scaler.scale_)
        return Peer(answers, others, words, scale)


@dataclass(frozen=True)
class _Scores:
    model: Any
    several: bool

    def __call__(self, features: Array) -> Array:
        scores = self.model.decision_function(features)
        if not self.several:
            return cast("Array", scores)
        if scores.ndim == 1:  # two classes: scikit-learn answers their log-odds only
            scores = np.stack([-scores / 2, scores / 2], axis=1)
        return log_probabilities(scores)

    def plain(self) -> Linear:
        """The same as numbers."""
        return Linear.of(self.model, several=self.several)


def _weigher(texts: Sequence[str]) -> TfidfVectorizer | None:
    """Fitted on texts; None where no word stands in enough of them."""
    weigher = TfidfVectorizer(
        token_pattern=WORD,
        ngram_range=WORDS_TOGETHER,
        sublinear_tf=True,
        max_features=MOST_WORDS,
        min_df=FEWEST_TEXTS,
    )
    try:
        return weigher.fit(texts)
    except ValueError:  # its word for an empty vocabulary, or for too few texts
        return None


def _learn(question: Question) -> Scorer:
    if question.held_answers.size == 0:
        return _fitted(question, strength=UNTRIED)
    best, lowest = None, float("inf")
    for strength in PENALTIES:
        scorer = _fitted(question, strength=strength)
        loss = question.loss(scorer(question.held_features))
        if loss >= lowest:
            break  # the loss falls, then rises along C: the rest costs most and is worse
        best, lowest = scorer, loss
    return best or _fitted(question, strength=UNTRIED)


def _fitted(question: Question, *, strength: float) -> Scorer:
    model: Any = LogisticRegression(C=strength, max_iter=ITERATIONS)
    with warnings.catch_warnings():
        # A fit that stops early is a more strongly penalised one; validation judges it.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(question.features, question.answers)
    return _Scores(model, question.several)
