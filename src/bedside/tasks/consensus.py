"""Which of several summaries to give: the one that the others agree with most.

Enters: summaries drawn from a network, and those of similar training cases. Leaves: the
candidate of least expected loss under both (minimum Bayes risk; Kumar and Byrne 2004,
aclanthology.org/N04-1022). Agreement counts words in the same order, and words that say much:
a rare one weighs more than "no", so that findings are not outvoted by the usual phrases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from bedside.schema import Array, State
from bedside.tasks.overlap import Worded

Summary = tuple[int, ...]
"""Tokens that are words, in order."""

NEIGHBOURS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7)
SHARPNESS = (5.0, 10.0, 20.0)
FACTS = (0.0, 0.3, 0.6, 0.9)
LENGTH = (0.0, 0.01, 0.02, 0.03, 0.05)


@dataclass(frozen=True)
class Weights:
    """How candidates are weighed; chosen on validation.

    Args:
        neighbours: share of the similar cases' summaries in what is agreed with, the rest
            being drawn summaries; 0 where no cases are carried.
        sharpness: how much more a more similar case counts: ``exp(sharpness * similarity)``.
        facts: share of weighed words in the agreement, the rest being their order.
        length: reward for each e-fold of length, against summaries that say too little.
    """

    neighbours: float = 0.5
    sharpness: float = 10.0
    facts: float = 0.5
    length: float = 0.02

    @classmethod
    def of(cls, state: State) -> Weights:
        """As a task's state holds them."""
        return cls(**state["ranking"])


@dataclass(frozen=True)
class Pool:
    """The different candidates of one case, C of them, and who speaks for which.

    Args:
        first: (C,) place of each among all that were given, the drawn ones first.
        drawn: (C,) share of the drawn summaries that are this one.
        near: (K,) which candidate each similar case's summary is.
        similarity: (K,) of those cases.
        agreement: (2, C, C) order and weighed words, each in [0, 1].
        length: (C,) words.
    """

    first: Array
    drawn: Array
    near: Array
    similarity: Array
    agreement: Array
    length: Array

    def scores(self, weights: Weights) -> Array:
        """(C,) what each candidate is worth."""
        share = weights.neighbours if len(self.near) else 0.0
        evidence = (1 - share) * self.drawn
        if share:
            voice = np.exp(weights.sharpness * (self.similarity - self.similarity.max()))
            np.add.at(evidence, self.near, share * voice / voice.sum())
        order, words = self.agreement
        agreed = ((1 - weights.facts) * order + weights.facts * words) @ evidence
        return np.asarray(agreed + weights.length * np.log1p(self.length))

    def best(self, weights: Weights) -> int:
        """Place of the candidate that is worth most, among all that were given."""
        return int(self.first[self.scores(weights).argmax()])


def pool_of(
    drawn: Sequence[Summary], near: Sequence[Summary], similarity: Array, *, weight: Array
) -> Pool:
    """Gather the candidates of one case.

    Args:
        drawn: R summaries of the network.
        near: K summaries of similar training cases.
        similarity: (K,) of those cases.
        weight: (V,) how much each token says.
    """
    first: dict[Summary, int] = {}
    for place, summary in enumerate((*drawn, *near)):
        first.setdefault(summary, place)
    index = {summary: candidate for candidate, summary in enumerate(first)}
    shares = np.zeros(len(first))
    for summary in drawn:
        shares[index[summary]] += 1 / len(drawn)
    summaries = list(first)
    worded = [Worded.of_words(summary) for summary in summaries]
    order = np.array([[one.alike(other) for other in worded] for one in worded])
    return Pool(
        np.fromiter(first.values(), dtype=np.int64),
        shares,
        np.array([index[summary] for summary in near], dtype=np.int64),
        np.asarray(similarity, dtype=np.float64),
        np.stack([order, in_words(summaries, summaries, weight)]),
        np.array([len(summary) for summary in summaries]),
    )


def in_order(one: Summary, other: Summary) -> float:
    """F1 of the longest common subsequence (ROUGE-L; Lin 2004, aclanthology.org/W04-1013)."""
    return Worded.of_words(one).alike(Worded.of_words(other))


def in_words(ones: Sequence[Summary], others: Sequence[Summary], weight: Array) -> Array:
    """(A, B): F1 of the different words that two summaries share, each by its weight."""
    left, right = (_presence(each, weight) for each in (ones, others))
    common = (left * weight) @ right.T
    whole = (left @ weight)[:, None] + (right @ weight)[None]
    return np.asarray(np.where(whole > 0, 2 * common / np.maximum(whole, 1e-12), 0.0))


def _presence(summaries: Sequence[Summary], weight: Array) -> Array:
    """(A, V) 1 where a summary has a token."""
    found = np.zeros((len(summaries), len(weight)))
    for row, summary in enumerate(summaries):
        found[row, list(summary)] = 1
    return found


def choose_weights(
    pools: Sequence[Pool], gains: Sequence[Array], *, carried: bool
) -> dict[str, Any]:
    """The weights under which the chosen candidates are nearest to the references.

    Args:
        pools: of validation cases.
        gains: of each, (C,) how near every candidate is to the reference.
        carried: whether similar cases may speak at all.

    Returns:
        A task's ``ranking``: the words of `Weights`.
    """
    best, found = -1.0, Weights()
    judged = list(zip(pools, gains, strict=True))
    shares, sharpness = (NEIGHBOURS, SHARPNESS) if carried else ((0.0,), (SHARPNESS[0],))
    for one in product(shares, sharpness, FACTS, LENGTH):
        weights = Weights(*one)
        reached = [gain[pool.scores(weights).argmax()] for pool, gain in judged]
        mean = float(np.mean(reached))
        if mean > best + 1e-9:
            best, found = mean, weights
    return vars(found)
