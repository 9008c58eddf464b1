"""Metrics of language models: how surprising the texts of the test part are to them.

Enters: what a model answered, and weights of the cases. Leaves: one number a resample. Tokens of
all cases are pooled: a perplexity is the exponential of a ratio of two sums, of surprises and of
tokens (Jelinek 1977, doi:10.1121/1.2016299), the end of each whole text being a token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from bedside.evaluation.classification import share
from bedside.schema import Array
from bedside.tasks.language import by_text, perplexity_of

if TYPE_CHECKING:
    from bedside.evaluation.kinds import Answers


@dataclass(frozen=True)
class Surprises:
    """N cases.

    Args:
        surprise: (N,) sum over the tokens of each, in nats.
        tokens: (N,) how many those are.
        unknown: (N,) how many of them are not in the vocabulary.
        of_unknown: (N,) the part of `surprise` that is of those.
    """

    surprise: Array
    tokens: Array
    unknown: Array
    of_unknown: Array

    @classmethod
    def of(cls, answers: Answers) -> Self:
        """The cases of answers."""
        arrays = answers.prediction.arrays
        return cls(
            by_text(arrays["surprise"]),
            by_text(arrays["counts"]),
            by_text(arrays["unknown"]),
            by_text(arrays["surprise"] * arrays["unknown"]),
        )


def perplexity(own: Surprises, weights: Array) -> Array:
    """Among how many equally likely tokens a model seems to choose each next one."""
    return perplexity_of(weights @ own.surprise, weights @ own.tokens)


def bits_per_token(own: Surprises, weights: Array) -> Array:
    """Mean surprise in bits: the binary logarithm of `perplexity`."""
    return np.asarray(share(weights @ own.surprise, weights @ own.tokens) / np.log(2))


def perplexity_known(own: Surprises, weights: Array) -> Array:
    """`perplexity` over the tokens that are in the vocabulary."""
    return perplexity_of(
        weights @ (own.surprise - own.of_unknown), weights @ (own.tokens - own.unknown)
    )


def unknown_tokens(own: Surprises, weights: Array) -> Array:
    """Share of the tokens that are not in the vocabulary; the same for every model."""
    return share(weights @ own.unknown, weights @ own.tokens)
