"""Gradient-boosted trees (LightGBM), stopped early on validation.

Enters: features, truth and known of the training cases; validation cases decide
how many trees are kept. Leaves: log-odds or log-probabilities.

Source: Ke, G. et al., LightGBM: a highly efficient gradient boosting decision
tree, Advances in Neural Information Processing Systems 30, 2017.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import lightgbm
import numpy as np

from bedside.baselines.boosted_forecast import fit_trees
from bedside.baselines.contract import FittedBaseline, FittedForecaster, Labelled, Lesson
from bedside.baselines.plain_scorers import Trees
from bedside.baselines.questions import Question, Scorer, answer_each, log_probabilities
from bedside.schema import Array, Kind, State

SMALL = 1000
"""Below so many training cases: smaller trees and smaller steps."""
MOST_TREES = 1000
PATIENCE = 50
UNTRIED_TREES = 100
"""Trees that are grown where no validation case can stop them."""


class BoostedTrees:
    """LightGBM with small steps and leaves that suit the number of cases."""

    name = "boosted-trees"

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
        """Grow trees until validation log loss stops falling; see `Baseline.fit`."""
        learn = partial(_learn, seed=seed, threads=threads)
        return answer_each((features, truth, known), validation, kind=kind, learn=learn)

    def fit_windows(
        self, training: Lesson, *, validation: Lesson, state: State, seed: int, threads: int
    ) -> FittedForecaster:
        """Grow trees for each step ahead; see `Forecaster.fit_windows`."""
        return fit_trees(training, validation=validation, state=state, seed=seed, threads=threads)


@dataclass(frozen=True)
class _Scores:
    booster: lightgbm.Booster
    several: bool
    threads: int

    def __call__(self, features: Array) -> Array:
        scores = np.asarray(
            self.booster.predict(
                np.ascontiguousarray(features), raw_score=True, num_threads=self.threads
            )
        )
        return log_probabilities(scores) if self.several else scores

    def plain(self) -> Trees:
        """The same as numbers."""
        return Trees.of(self.booster, several=self.several)


def _learn(question: Question, *, seed: int, threads: int) -> Scorer:
    settings = _settings(question, seed=seed, threads=threads)
    training = lightgbm.Dataset(question.features, question.answers, params=settings)
    if question.held_answers.size == 0:
        booster = lightgbm.train(settings, training, num_boost_round=UNTRIED_TREES)
        return _Scores(booster, question.several, threads)
    held = lightgbm.Dataset(
        question.held_features, question.held_answers, reference=training, params=settings
    )
    booster = lightgbm.train(
        settings,
        training,
        num_boost_round=MOST_TREES,
        valid_sets=[held],
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
    )
    return _Scores(booster, question.several, threads)


def _settings(question: Question, *, seed: int, threads: int) -> dict[str, Any]:
    cases, width = question.features.shape
    several = question.several
    settings: dict[str, Any] = {
        "objective": "multiclass" if several else "binary",
        "metric": "multi_logloss" if several else "binary_logloss",
        "learning_rate": 0.05 if cases < SMALL else 0.1,
        "num_leaves": 15 if cases < SMALL else 31,
        # Leaves of about 2 % of few cases.
        "min_data_in_leaf": int(np.clip(cases // 50, 2, 20)),
        "min_data_in_bin": int(np.clip(cases // 100, 1, 3)),
        # On HOG of X-rays, 63 bins and a fifth of a thousand features a tree took a
        # quarter of the time of 255 bins and half of them, at the same AUROC.
        "max_bin": 63,
        "feature_fraction": float(np.clip(100 / width, 0.2, 1.0)),
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 1.0,
        "seed": seed % 2**31,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads,
        "verbosity": -1,
    }
    if several:
        settings["num_class"] = question.classes
    return settings
