"""Which of several summaries to give: the one that the others agree with most.

Enters: summaries drawn from a network, and those of similar training cases. Leaves: the
candidate of least expected loss under both (minimum Bayes risk; Kumar and Byrne 2004,
aclanthology.org/N04-1022). Agreement counts words in the same order, and words that say much:
a rare one weighs more than "no", so that findings are not outvoted by the usual phrases.

What is heard is words, never the pieces that a vocabulary cuts them into: the pieces of a rare
word are each common, and would agree with the pieces of other words.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from bedside.schema import Array, State
from bedside.tasks.overlap import Worded

Summary = tuple[str, ...]
"""Words, in order."""

NEIGHBOURS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7)
SHARPNESS = (5.0, 10.0, 20.0)
FACTS = (0.0, 0.3, 0.6, 0.9)
LENGTH = (0.0, 0.02, 0.05, 0.08, 0.12)
FEWEST_SUMMARIES = 3
"""Training summaries that a word must stand in before its weight is kept by name: the weights
travel, and a name that stands in one patient's summary must not travel with them."""


@dataclass(frozen=True)
class Telling:
    """How much each word says: the more, the fewer training summaries have it.

    Args:
        words: word -> its weight, of those that stand in `FEWEST_SUMMARIES` or more.
        rare: the weight of all other words.
    """

    words: Mapping[str, float]
    rare: float

    @classmethod
    def learnt(cls, summaries: Sequence[Summary]) -> Telling:
        """From the words of training summaries."""
        cases = Counter(word for summary in summaries for word in set(summary))
        whole = len(summaries) + 1
        words = {
            word: round(math.log(whole / (count + 1)), 4)
            for word, count in sorted(cases.items())
            if count >= FEWEST_SUMMARIES
        }
        return cls(words, round(math.log(whole / 2), 4))

    def of(self, word: str) -> float:
        """The weight of one word; what holds no letter says nothing."""
        if not any(map(str.isalpha, word)):
            return 0.0
        return self.words.get(word, self.rare)

    def whole(self, summary: Summary) -> float:
        """What a summary says in all, each different word once."""
        return sum(map(self.of, sorted(set(summary))))


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
    drawn: Sequence[Summary], near: Sequence[Summary], similarity: Array, *, telling: Telling
) -> Pool:
    """Gather the candidates of one case.

    Args:
        drawn: R summaries of the network.
        near: K summaries of similar training cases.
        similarity: (K,) of those cases.
        telling: how much each word says.
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
        np.stack([order, in_words(summaries, summaries, telling)]),
        np.array([len(summary) for summary in summaries]),
    )


def in_order(one: Summary, other: Summary) -> float:
    """F1 of the longest common subsequence (ROUGE-L; Lin 2004, aclanthology.org/W04-1013)."""
    return Worded.of_words(one).alike(Worded.of_words(other))


def in_words(ones: Sequence[Summary], others: Sequence[Summary], telling: Telling) -> Array:
    """(A, B): F1 of the different words that two summaries share, each by its weight."""
    places: dict[str, int] = {}
    for summary in (*ones, *others):
        for word in summary:
            places.setdefault(word, len(places))
    weight = np.array([telling.of(word) for word in places])
    left, right = (_presence(each, places) for each in (ones, others))
    common = (left * weight) @ right.T
    whole = (left @ weight)[:, None] + (right @ weight)[None]
    return np.asarray(np.where(whole > 0, 2 * common / np.maximum(whole, 1e-12), 0.0))


def _presence(summaries: Sequence[Summary], places: Mapping[str, int]) -> Array:
    """(A, V) 1 where a summary has a word."""
    found = np.zeros((len(summaries), len(places)))
    for row, summary in enumerate(summaries):
        found[row, [places[word] for word in summary]] = 1
    return found


@dataclass(frozen=True)
class Nearness:
    """How near the C candidates of one validation case are to its reference.

    Args:
        order: (C,) `in_order`.
        words: (C,) `in_words`.
        told: what the reference says in all, `Telling.whole`.
    """

    order: Array
    words: Array
    told: float

    @classmethod
    def of(cls, candidates: Sequence[Summary], truth: Summary, telling: Telling) -> Nearness:
        """Compare candidates with the reference."""
        return cls(
            np.array([in_order(one, truth) for one in candidates]),
            in_words(candidates, [truth], telling)[:, 0],
            telling.whole(truth),
        )


def choose_weights(
    pools: Sequence[Pool], nearness: Sequence[Nearness], *, carried: bool
) -> dict[str, Any]:
    """The weights under which the chosen candidates are nearest to the references.

    Nearness in order counts every case alike. Nearness in words counts a case by how much its
    reference says: else the many cases without a finding would choose.

    Args:
        pools: of validation cases.
        nearness: of their candidates.
        carried: whether similar cases may speak at all.

    Returns:
        A task's ``ranking``: the words of `Weights`.
    """
    best, found = -1.0, Weights()
    judged = list(zip(pools, nearness, strict=True))
    told = max(sum(each.told for each in nearness), 1e-12)
    shares, sharpness = (NEIGHBOURS, SHARPNESS) if carried else ((0.0,), (SHARPNESS[0],))
    for one in product(shares, sharpness, FACTS, LENGTH):
        weights = Weights(*one)
        chosen = [(near, pool.scores(weights).argmax()) for pool, near in judged]
        order = float(np.mean([near.order[place] for near, place in chosen]))
        words = sum(near.told * near.words[place] for near, place in chosen) / told
        if order + words > best + 1e-9:
            best, found = order + words, weights
    return vars(found)
