"""From labelled cases to the questions a classical method can learn, and back.

Enters: features, truth and known of the training and validation cases. Leaves:
a `FittedBaseline` whose logits have one column per class or label. Each label
is a question of its own; several classes are one question together. What was
never seen with two answers in training is answered by its prevalence alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, cast

import numpy as np
from scipy import sparse
from scipy.special import logsumexp

from bedside.baselines.contract import Labelled
from bedside.errors import DataError, Problems
from bedside.schema import Array, Arrays, Kind

Scorer: TypeAlias = Callable[[Array], Array]
"""Features (n, F) -> log-odds (n,) of a yes/no question, log-probabilities (n, C) of classes."""

REMEDY = "Look for blank or constant inputs in the audit"


@dataclass(frozen=True)
class Question:
    """One thing to learn, with unknown answers left out.

    Args:
        features: (n, F) float32 of the training cases, or a sparse matrix of words.
        answers: (n,) int, 0 to classes - 1; every answer occurs.
        held_features: (m, F) float32 of the validation cases, m may be 0.
        held_answers: (m,) int.
        classes: how many answers there are; 2 is yes or no unless `several`.
        several: True where the answers are classes, of which one is right.
    """

    features: Array
    answers: Array
    held_features: Array
    held_answers: Array
    classes: int
    several: bool

    def loss(self, scores: Array) -> float:
        """Mean log loss of scores for the validation cases; NaN where there are none."""
        if self.held_answers.size == 0:
            return float("nan")
        if self.several:
            return float(-scores[np.arange(len(scores)), self.held_answers].mean())
        signs = np.where(self.held_answers == 1, 1.0, -1.0)
        return float(np.logaddexp(0.0, -signs * scores).mean())


Learner: TypeAlias = Callable[[Question], Scorer]


@dataclass(frozen=True)
class Constant:
    """Answers every case alike: a scalar log-odds or (C,) log-probabilities."""

    score: Array

    def __call__(self, features: Array) -> Array:
        return np.broadcast_to(self.score, (features.shape[0], *self.score.shape))


@dataclass(frozen=True)
class Spread:
    """Puts scores of the classes that were seen among all K; the others get a floor.

    Args:
        scorer: (n, F) -> (n, seen) log-probabilities.
        seen: (seen,) indices of the classes that occur in training.
        classes: K.
        floor: probability of each class that does not occur.
    """

    scorer: Scorer
    seen: Array
    classes: int
    floor: float

    def __call__(self, features: Array) -> Array:
        scores = np.full((features.shape[0], self.classes), np.log(self.floor))
        rest = 1.0 - self.floor * (self.classes - self.seen.size)
        scores[:, self.seen] = self.scorer(features) + np.log(rest)
        return scores


@dataclass(frozen=True)
class Answers:
    """A fitted baseline: one scorer per label, or one for all classes.

    Args:
        scorers: one per column of the logits, or a single one with all K columns.
        width: F.
    """

    scorers: tuple[Scorer, ...]
    width: int

    def outputs(self, features: Array) -> Arrays:
        """Features (n, F) -> ``{"logits": (n, K) float32}``; see `FittedBaseline`."""
        problems = Problems(DataError)
        _check_features(problems, features, width=self.width, where="features to predict")
        problems.raise_if_any()
        # The libraries refuse an empty table: one made-up row is scored and dropped again.
        count = features.shape[0]  # of a sparse matrix, too
        asked = features if count else np.zeros((1, self.width), np.float32)
        columns = [np.asarray(scorer(asked)).reshape(max(count, 1), -1) for scorer in self.scorers]
        logits = np.concatenate(columns, axis=1)[:count]
        return {"logits": logits.astype(np.float32)}


def answer_each(training: Labelled, validation: Labelled, *, kind: Kind, learn: Learner) -> Answers:
    """Learn every question of a task.

    Args:
        training: features, truth and known of the training cases.
        validation: the same of the validation cases; chooses settings only.
        kind: binary, classes or labels.
        learn: called for each question that has at least two answers in training.

    Raises:
        DataError: shapes do not agree, or a feature is not finite.
    """
    _check(training, validation, kind=kind)
    width = training[0].shape[1]
    if kind == "classes":
        return Answers((_learn_classes(training, validation, learn=learn),), width)
    columns = range(training[1].shape[1])
    scorers = [_learn_label(training, validation, column=k, learn=learn) for k in columns]
    return Answers(tuple(scorers), width)


def prevalence_score(question: Question) -> Array:
    """Log-odds () or log-probabilities (C,) of the answers' shares in training."""
    shares = np.bincount(question.answers, minlength=question.classes) / question.answers.size
    if question.several:
        return cast("Array", np.log(shares))
    return np.asarray(np.log(shares[1] / shares[0]))


def _learn_label(
    training: Labelled, validation: Labelled, *, column: int, learn: Learner
) -> Scorer:
    features, truth, known = training
    rows = known[:, column].astype(bool)
    answers = (truth[rows, column] > 0.5).astype(np.int64)
    if np.unique(answers).size < 2:
        return Constant(_lone_log_odds(answers))
    held_features, held_truth, held_known = validation
    held = held_known[:, column].astype(bool)
    question = Question(
        features=features[rows],
        answers=answers,
        held_features=held_features[held],
        held_answers=(held_truth[held, column] > 0.5).astype(np.int64),
        classes=2,
        several=False,
    )
    return learn(question)


def _lone_log_odds(answers: Array) -> Array:
    """Log-odds of a label with one answer only: half a case of the other is assumed.

    So one case more or less moves it, as it should, and it stays finite; with no
    known case at all it is 0.
    """
    yes = int(answers.sum())
    return np.asarray(np.log((yes + 0.5) / (answers.size - yes + 0.5)))


def _learn_classes(training: Labelled, validation: Labelled, *, learn: Learner) -> Scorer:
    features, truth, known = training
    rows = known.astype(bool).all(axis=1)
    chosen = truth[rows].argmax(axis=1)
    classes = truth.shape[1]
    seen = np.unique(chosen)
    if seen.size == 0:
        return Constant(np.full(classes, -np.log(classes)))
    held_features, held_truth, held_known = validation
    held = held_known.astype(bool).all(axis=1)
    held_chosen = held_truth[held].argmax(axis=1)
    usable = np.isin(held_chosen, seen)
    question = Question(
        features=features[rows],
        answers=np.searchsorted(seen, chosen),
        held_features=held_features[held][usable],
        held_answers=np.searchsorted(seen, held_chosen[usable]),
        classes=int(seen.size),
        several=True,
    )
    scorer = learn(question) if seen.size > 1 else Constant(np.zeros(1))
    # A class without a training case is given the weight of half a case.
    floor = 0.5 / (chosen.size + 0.5 * (classes - seen.size))
    return scorer if seen.size == classes else Spread(scorer, seen, classes, floor)


def log_probabilities(scores: Array) -> Array:
    """Scores (n, C) up to a constant -> log-probabilities (n, C)."""
    return cast("Array", scores - logsumexp(scores, axis=1, keepdims=True))


def _check(training: Labelled, validation: Labelled, *, kind: Kind) -> None:
    problems = Problems(DataError)
    width = training[0].shape[1] if training[0].ndim == 2 else -1
    columns = 1 if kind == "binary" or training[1].ndim < 2 else training[1].shape[1]
    for part, (features, truth, known) in (("training", training), ("validation", validation)):
        _check_features(problems, features, width=width, where=f"features of the {part} cases")
        for name, array in (("truth", truth), ("known", known)):
            if array.shape != (features.shape[0], columns):
                problems.add(
                    f"{name} of the {part} cases",
                    expected=f"shape ({features.shape[0]}, {columns})",
                    got=f"{array.shape}",
                    remedy="Pass features, truth and known of the same cases",
                )
    problems.raise_if_any()


def _check_features(problems: Problems, features: Array, *, width: int, where: str) -> None:
    if features.ndim != 2 or features.shape[1] != width:
        expected = f"(cases, {width})" if width >= 0 else "(cases, features)"
        got = f"shape {features.shape}"
        problems.add(where, expected=expected, got=got, remedy="Describe all cases alike")
        return
    bad = _not_finite(features)
    if bad:
        got = f"{bad} {'case' if bad == 1 else 'cases'} with NaN or infinity"
        problems.add(where, expected="finite numbers", got=got, remedy=REMEDY)


def _not_finite(features: Array) -> int:
    """Cases with a number that is none; of a sparse matrix, among what is written down."""
    if isinstance(features, np.ndarray):
        return int((~np.isfinite(features).all(axis=1)).sum())
    written = sparse.coo_array(features)
    return len(set(written.coords[0][~np.isfinite(written.data)].tolist()))
