"""Chains of tags: what a network says of every word, read as one sequence.

Enters: scores of N texts, T words, K tags. Leaves: the likeliest sequence (Viterbi), the
probability that a piece of it is exactly so (forward and backward sums), and how surprising
the true tags are. Lafferty, McCallum and Pereira 2001 (a linear-chain conditional random
field). numpy alone: serving runs the very same code.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
from scipy.special import logsumexp

from bedside.modalities.text_tags import OUTSIDE
from bedside.schema import Array


@dataclass(frozen=True)
class Chains:
    """N texts as a network scores them.

    Args:
        emissions: (N, T, K) score of each tag of each word.
        transitions: (K + 1, K) score of each tag after each other; the last row starts a text.
        mask: (N, T) bool, words that are there, the first ones of each text.
    """

    emissions: Array
    transitions: Array
    mask: Array

    @cached_property
    def forward(self) -> Array:
        """(N, T, K) log of the sum over all ways to a tag."""
        found = np.empty(self.emissions.shape, dtype=np.float64)
        found[:, 0] = self.transitions[-1] + self.emissions[:, 0]
        for t in range(1, self.mask.shape[1]):
            ways = found[:, t - 1, :, None] + self.transitions[:-1]
            here = logsumexp(ways, axis=1) + self.emissions[:, t]
            found[:, t] = np.where(self.mask[:, t, None], here, found[:, t - 1])
        return found

    @cached_property
    def backward(self) -> Array:
        """(N, T, K) log of the sum over all ways from a tag to the end; 0 at the last word."""
        found = np.zeros(self.emissions.shape, dtype=np.float64)
        for t in range(self.mask.shape[1] - 2, -1, -1):
            onward = (
                self.transitions[:-1] + (self.emissions[:, t + 1] + found[:, t + 1])[:, None, :]
            )
            found[:, t] = np.where(self.mask[:, t + 1, None], logsumexp(onward, axis=2), 0.0)
        return found

    @cached_property
    def total(self) -> Array:
        """(N,) log of the sum over all sequences."""
        return cast("Array", logsumexp(self.forward[:, -1], axis=1))

    def best(self) -> Array:
        """(N, T) int64: the likeliest tags, outside where no word is."""
        count, words, tags = self.emissions.shape
        score = self.transitions[-1] + self.emissions[:, 0]
        came = np.zeros((count, words, tags), dtype=np.int64)
        came[:, :] = np.arange(tags)  # past the end of a text nothing moves
        for t in range(1, words):
            ways = score[:, :, None] + self.transitions[:-1]
            there = self.mask[:, t, None]
            came[:, t] = np.where(there, ways.argmax(axis=1), came[:, t])
            score = np.where(there, ways.max(axis=1) + self.emissions[:, t], score)
        found = np.zeros((count, words), dtype=np.int64)
        tag = score.argmax(axis=1)
        for t in range(words - 1, -1, -1):
            found[:, t] = tag
            tag = came[np.arange(count), t, tag]
        return np.where(self.mask, found, OUTSIDE)

    def probability(self, text: int, first: int, last: int, *, begin: int) -> float:
        """Of one text, that words `first` to `last` are exactly one entity, and not a longer one.

        Args:
            text: which of N.
            first: its first word.
            last: its last word.
            begin: the tag that begins such an entity.
        """
        inside, emissions = begin + 1, self.emissions[text]
        score = float(self.forward[text, first, begin])
        tag = begin
        for t in range(first + 1, last + 1):
            score += float(self.transitions[tag, inside] + emissions[t, inside])
            tag = inside
        if last + 1 < self.mask.shape[1] and self.mask[text, last + 1]:
            onward = self.transitions[tag] + emissions[last + 1] + self.backward[text, last + 1]
            score += float(logsumexp(np.delete(onward, inside)))
        return float(np.clip(np.exp(score - self.total[text]), 0.0, 1.0))

    def surprise(self, tags: Array) -> float:
        """Mean negative log likelihood of true tags (N, T), by words; `UNTOLD` where none is."""
        rows, (count, words) = np.arange(len(tags)), tags.shape
        before, score = np.full(count, -1), np.zeros(count)
        for t in range(words):
            there = self.mask[:, t]
            tag = np.where(there, tags[:, t], 0)
            own = self.transitions[before, tag] + self.emissions[rows, t, tag]
            score, before = np.where(there, score + own, score), np.where(there, tag, before)
        some = self.mask[:, 0]
        return float((self.total - score)[some].sum() / max(int(self.mask.sum()), 1))
