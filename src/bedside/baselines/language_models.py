"""Classical language models: the shares of single tokens, and Kneser-Ney n-grams.

Enters: token numbers of texts, by the vocabulary that networks see. Leaves: how surprising each
token is. Of n-grams validation chooses how long runs are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bedside.baselines.contract import FittedLanguageModel, TokenLesson
from bedside.baselines.kneser_ney import NGrams, fit_ngrams
from bedside.modalities.text_tokens import UNKNOWN
from bedside.schema import Array, Arrays, State
from bedside.tasks.language import NONE

LONGEST = 12
"""Tokens of a run that are tried: sentences of reports that are ready-made are long."""


class Unigram:
    """How often each token occurs in training, wherever it stands: the floor of all."""

    name = "unigram"

    def fit_tokens(
        self,
        training: TokenLesson,
        *,
        validation: TokenLesson,
        state: State,
        seed: int,
        threads: int,
    ) -> FittedLanguageModel:
        """Count tokens; see `LanguageModel`."""
        del validation, state, seed, threads
        return Counted(fit_ngrams(training.tokens, size=training.size, order=1), 1)


class KneserNey:
    """Interpolated Kneser-Ney with three discounts, of runs of one to twelve tokens."""

    name = "kneser-ney"

    def fit_tokens(
        self,
        training: TokenLesson,
        *,
        validation: TokenLesson,
        state: State,
        seed: int,
        threads: int,
    ) -> FittedLanguageModel:
        """Count runs of tokens; validation chooses the longest; see `LanguageModel`."""
        del state, seed, threads
        ngrams = fit_ngrams(training.tokens, size=training.size, order=LONGEST)
        orders = range(1, len(ngrams.orders) + 1)
        return Counted(
            ngrams, min(orders, key=lambda n: ngrams.surprise(validation.tokens, order=n).sum())
        )


@dataclass(frozen=True)
class Counted:
    """A fitted peer.

    Args:
        ngrams: counted in training.
        order: tokens of a run at most.
    """

    ngrams: NGrams
    order: int

    def surprises(self, tokens: Array) -> Arrays:
        """Tokens (N, L) -> ``surprise``, ``counts`` and ``unknown``, (N, L) float32 each."""
        surprise = self.ngrams.surprise(tokens, order=self.order)
        return {
            "surprise": surprise.astype(np.float32),
            "counts": (tokens != NONE).astype(np.float32),
            "unknown": (tokens == UNKNOWN).astype(np.float32),
        }
