"""Logistic regression on standardised features.

Enters: features, truth and known of the training cases; validation cases choose
the strength of the penalty. Leaves: log-odds or log-probabilities. Classes are
not weighted, so that its probabilities stay those of the training part.

Source: Cox, D. R., The regression analysis of binary sequences, 1958,
doi:10.1111/j.2517-6161.1958.tb00292.x.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bedside.baselines.contract import FittedBaseline, Labelled
from bedside.baselines.plain_scorers import Linear
from bedside.baselines.questions import Question, Scorer, answer_each, log_probabilities
from bedside.schema import Array, Kind

PENALTIES = (0.00001, 0.0001, 0.001, 0.01, 0.1, 1.0)
"""Inverse strengths C that are tried, strongest penalty first."""
UNTRIED = 0.01
"""C where no validation case can choose it."""
ITERATIONS = 300


class Logistic:
    """L2-penalised logistic regression; multinomial for several classes."""

    name = "logistic"

    def fit(
        self,
        features: Array,
        truth: Array,
        known: Array,
        *,
        kind: Kind,
        validation: Labelled,
        seed: int,
        threads: int,
    ) -> FittedBaseline:
        """Fit, choosing C by validation log loss; see `Baseline.fit`."""
        del seed  # the solver draws nothing at random
        with threadpool_limits(threads):
            return answer_each((features, truth, known), validation, kind=kind, learn=_learn)


@dataclass(frozen=True)
class _Scores:
    scaler: StandardScaler
    model: LogisticRegression
    several: bool

    def __call__(self, features: Array) -> Array:
        scaled = self.scaler.transform(features.astype(np.float64))
        scores = self.model.decision_function(scaled)
        if not self.several:
            return cast("Array", scores)
        if scores.ndim == 1:  # two classes: scikit-learn answers their log-odds only
            scores = np.stack([-scores / 2, scores / 2], axis=1)
        return log_probabilities(scores)

    def plain(self) -> Linear:
        """The same as numbers."""
        scale = (self.scaler.mean_, self.scaler.scale_)
        return Linear.of(self.model, several=self.several, scale=scale)


def _learn(question: Question) -> Scorer:
    features = question.features.astype(np.float64)
    scaler = StandardScaler(copy=False).fit(features)
    scaled = scaler.transform(features)  # in place: the largest array of a large study
    if question.held_answers.size == 0:
        return _Scores(scaler, _fitted(scaled, question, strength=UNTRIED), question.several)
    best, lowest = None, float("inf")
    for strength in PENALTIES:
        model = _fitted(scaled, question, strength=strength)
        scorer = _Scores(scaler, model, question.several)
        loss = question.loss(scorer(question.held_features))
        if loss >= lowest:
            break  # the loss falls, then rises along C: the rest costs most and is worse
        best, lowest = scorer, loss
    return best or _Scores(scaler, _fitted(scaled, question, strength=UNTRIED), question.several)


def _fitted(scaled: Array, question: Question, *, strength: float) -> Any:
    model: Any = LogisticRegression(C=strength, max_iter=ITERATIONS)
    with warnings.catch_warnings():
        # A fit that stops early is a more strongly penalised one; validation judges it.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(scaled, question.answers)
    return model
