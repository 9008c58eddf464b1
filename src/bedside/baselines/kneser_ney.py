"""Counts of runs of tokens, and how surprised they are by the next token.

Enters: sequences of token numbers. Leaves: minus the log-probability of each token after those
before it, by interpolated Kneser-Ney smoothing with three discounts (Kneser and Ney 1995,
doi:10.1109/ICASSP.1995.479394; Chen and Goodman 1999, doi:10.1006/csla.1999.0128).

Everything is one array operation for all runs of one length. A run is known by a number:
that of the run before its last token, and that token. A run that begins where a text begins
keeps its own count in the lower orders, since nothing else can stand before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bedside.modalities.text_tokens import BEGIN
from bedside.schema import Array
from bedside.tasks.language import NONE

USUAL = (0.5, 1.0, 1.5)
"""Discounts where too few runs are there to estimate them."""


@dataclass(frozen=True)
class Shares:
    """What one order says, of counts of its own.

    Args:
        own: (G,) discounted share of each run among those that begin alike.
        rest: (H,) what is left for the order below after each beginning; 1 where nothing
            was seen after it.
    """

    own: Array
    rest: Array


@dataclass(frozen=True)
class Order:
    """Runs of n tokens.

    Args:
        keys: (G,) sorted; number of the beginning times V plus the last token.
        highest: by how often runs occur, where no longer ones are asked.
        lower: by how many different tokens stand before them; None of the longest runs.
    """

    keys: Array
    highest: Shares
    lower: Shares | None


@dataclass(frozen=True)
class NGrams:
    """A fitted model.

    Args:
        orders: of runs of 1, 2 ... tokens.
        size: V.
    """

    orders: Sequence[Order]
    size: int

    def surprise(self, tokens: Array, *, order: int | None = None) -> Array:
        """Minus the log-probability of each token, in nats.

        Args:
            tokens: (N, L) as `fit_ngrams` takes them.
            order: tokens of a run at most; default all that were fitted.

        Returns:
            (N, L) float64, 0 where no token is.
        """
        words, places = _flat(tokens)
        order = len(self.orders) if order is None else order
        numbers = np.zeros(len(words), dtype=np.int64)  # of the run of no token: one for all
        chance = np.full(len(words), 1 / max(self.size - 2, 1))  # neither [pad] nor [begin]
        for length, own in enumerate(self.orders[:order], start=1):
            before = _before(numbers, length)
            there = before >= 0
            keys = np.where(there, before, 0) * self.size + words
            numbers = np.where(there, _found(own.keys, keys), NONE)
            shares = own.highest if length == order or own.lower is None else own.lower
            known = np.where(numbers >= 0, shares.own[numbers], 0.0)
            chance = np.where(there, known + shares.rest[before] * chance, chance)
        surprise = np.zeros(tokens.shape)
        surprise[tokens != NONE] = -np.log(chance[places > 0])
        return surprise


def fit_ngrams(tokens: Array, *, size: int, order: int) -> NGrams:
    """Count runs of tokens.

    Args:
        tokens: (N, L) whole numbers below `size`, `NONE` behind each text.
        size: V, entries of the vocabulary, `[pad]` and `[begin]` among them.
        order: tokens of the longest run; no more are counted than a text has.
    """
    words, places = _flat(tokens)
    numbers = np.zeros(len(words), dtype=np.int64)
    orders: list[Order] = []
    counted: list[_Counted] = []
    for length in range(1, order + 1):
        before = _before(numbers, length)
        there = np.flatnonzero((places >= length - 1) & (before >= 0))
        if not there.size:
            break  # no text is as long
        keys, first, inverse, counts = np.unique(
            before[there] * size + words[there],
            return_index=True, return_inverse=True, return_counts=True,
        )  # fmt: skip
        numbers = np.full(len(words), NONE, dtype=np.int64)
        numbers[there] = inverse
        begins = places[there[first]] == length - 1  # with [begin], before which nothing stands
        if length == 1:
            counts = np.where(begins, 0, counts)  # which is never the next token
        counted.append(_Counted(keys, counts, begins, numbers, there[first]))
    for place, own in enumerate(counted):
        beginnings = len(counted[place - 1].keys) if place else 1
        highest = _shares(own.counts, own.keys // size, beginnings)
        lower = None
        if place + 1 < len(counted):
            longer = counted[place + 1].first
            followed = np.bincount(own.numbers[longer], minlength=len(own.keys))
            varied = np.where(own.begins, own.counts, followed)
            lower = _shares(varied, own.keys // size, beginnings)
        orders.append(Order(own.keys, highest, lower))
    return NGrams(orders, size)


@dataclass(frozen=True)
class _Counted:
    """Runs of one length: keys, how often, whether at a text's beginning, where each stands.

    ``numbers`` (M,) is the run that ends at each place, ``first`` (G,) the first place of each.
    """

    keys: Array
    counts: Array
    begins: Array
    numbers: Array
    first: Array


def _flat(tokens: Array) -> tuple[Array, Array]:
    """All texts one behind the other, each after a `BEGIN`: tokens, and places in their text."""
    there = tokens != NONE
    lengths = there.sum(axis=1) + 1
    starts = np.cumsum(lengths) - lengths
    places = np.arange(lengths.sum()) - np.repeat(starts, lengths)
    words = np.full(len(places), BEGIN, dtype=np.int64)
    words[places > 0] = tokens[there]
    return words, places


def _before(numbers: Array, length: int) -> Array:
    """The run that each place goes on from; of single tokens, the one of no token.

    None stands before a text's beginning: a run that ends there has one token.
    """
    if length == 1:
        return numbers
    moved = np.full(len(numbers), NONE, dtype=np.int64)
    moved[1:] = numbers[:-1]
    return moved


def _found(keys: Array, asked: Array) -> Array:
    """Place of each asked key among sorted ones, `NONE` where it is not there."""
    places = np.searchsorted(keys, asked)
    places[places == len(keys)] = 0
    return np.where(keys[places] == asked, places, NONE)


def _shares(counts: Array, beginnings: Array, number: int) -> Shares:
    """Discounted shares, and what the discounts leave after each of `number` beginnings."""
    taken = np.array([0.0, *_discounts(counts)])[np.minimum(counts, 3)]
    totals = np.bincount(beginnings, weights=counts, minlength=number)
    left = np.bincount(beginnings, weights=taken, minlength=number)
    some = totals > 0
    rest = np.where(some, left / np.where(some, totals, 1), 1.0)
    return Shares((counts - taken) / np.maximum(totals[beginnings], 1), rest)


def _discounts(counts: Array) -> tuple[float, float, float]:
    """What is taken from counts of 1, of 2, and of 3 and more (Chen and Goodman's estimate)."""
    n1, n2, n3, n4 = (int((counts == times).sum()) for times in (1, 2, 3, 4))
    if not (n1 and n2 and n3 and n4):
        return USUAL
    kept = n1 / (n1 + 2 * n2)
    found = (1 - 2 * kept * n2 / n1, 2 - 3 * kept * n3 / n2, 3 - 4 * kept * n4 / n3)
    if not all(0 < own <= times for times, own in enumerate(found, start=1)):
        return USUAL
    return found
