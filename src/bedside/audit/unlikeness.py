"""Texts unlike the rest: another language, another field, letters that became others.

Enters: texts. Leaves: how unlike the rest each is, and from where on that is unusual.

Two n-gram models of order one, of words and of runs of three letters, say how surprising a text
is after all others: its own counts are taken off first, so no text helps to expect itself. Longer
runs would surprise more, but a handful of foreign texts that are alike teach them their own
wording, and pass. For the same reason the most surprising texts, 15 of 100, teach nothing; and
to find them, the first look counts only what more than one text in twenty holds.

Surprises of short texts vary more: the mean a token and its variance are fitted on the usual
texts as a constant and a part that falls with the length. What is unusual, the cohort says: the
fall of its own distribution between its 75th and 90th percentile, drawn on as an exponential to
the 99th (after Pickands 1975, doi:10.1214/aos/1176343003, with the shape of most tails), without
those beyond, until nothing changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bedside.schema import Array

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FEWEST_TEXTS = 100
"""Fewer say too little of what is usual."""
TOGETHER = 10_000
"""Texts that are compared at once; where there are more, every other, third ... makes a group."""
LOOKED_AT = 2000
"""Characters of a text, from its beginning."""
LETTERS = 3
"""Of a run."""
HELD_BY = 0.05
"""Share of texts that must hold a token for it to count in the first look."""
TRIMMED = 0.15
"""Share of texts that teach nothing."""
ROUNDS = 6
DISCOUNT = 0.5
"""Taken from each count and given to what was never seen."""
USUAL = 0.95
"""Share of texts that the variance by length is fitted on."""
LOW, HIGH = 0.75, 0.9
"""Between them the fall of the distribution is seen."""
SMALLEST = 1e-9
FALSE_ALARMS, CHANCE = 0.01, 0.1
"""Share of usual texts above the line; how many of all of them above the far one."""
_DIGIT = re.compile(r"\d")
_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|[^\w\s]"
)
"""A sign of a script without blanks, a number, a word, or a mark."""


@dataclass(frozen=True)
class Unlike:
    """How unlike the rest N texts are.

    Args:
        score: (N,) in standard deviations of two scores added; 0 of a text without a token.
        line: (N,) above which a text is unusual.
        far: (N,) above which chance hardly brings any text of the cohort.
    """

    score: Array
    line: Array
    far: Array

    @property
    def rows(self) -> Array:
        """Texts above the line, the most unlike first."""
        over = np.flatnonzero(self.score > self.line)
        return over[np.argsort(-self.score[over], kind="stable")]

    @property
    def striking(self) -> bool:
        """Whether there are more than usual texts explain, or one that they hardly would."""
        above = float((self.score > self.line).mean()) if len(self.score) else 0.0
        return above > FALSE_ALARMS or bool((self.score > self.far).any())


def find_unlike(texts: Sequence[str]) -> Unlike:
    """Say how unlike the rest each text is; the same texts give the same answer.

    Args:
        texts: `FEWEST_TEXTS` or more.
    """
    groups = -(-len(texts) // TOGETHER)
    score, line, far = np.zeros((3, len(texts)))
    for first in range(groups):
        own = slice(first, None, groups)
        score[own] = _scores(texts[own])
        line[own], far[own] = _lines(score[own], total=len(texts))
    return Unlike(score, line, far)


def _scores(texts: Sequence[str]) -> Array:
    """(N,) of texts that are compared with each other."""
    looks = [_Look.of(texts, cut) for cut in (_words, _runs)]
    learning = np.ones(len(texts), dtype=bool)
    score = looks[0].score(learning, held_by=HELD_BY) + looks[1].score(learning, held_by=HELD_BY)
    for _ in range(ROUNDS):
        learning = score <= np.quantile(score, 1 - TRIMMED)
        score = looks[0].score(learning) + looks[1].score(learning)
    return score


@dataclass(frozen=True)
class _Look:
    """Texts as counts of tokens.

    Args:
        counts: (N, V) how often each text holds each token.
        lengths: (N,) tokens of each.
    """

    counts: csr_array
    lengths: Array

    @classmethod
    def of(cls, texts: Sequence[str], cut: Callable[[str], Iterator[str]]) -> _Look:
        """Cut texts into tokens and count them."""
        from scipy.sparse import csr_array

        numbers: dict[str, int] = {}
        found = [
            np.array([numbers.setdefault(token, len(numbers)) for token in cut(text)], np.int64)
            for text in texts
        ]
        lengths = np.array([len(own) for own in found])
        columns = np.concatenate(found)
        starts = np.concatenate([[0], np.cumsum(lengths)])
        shape = (len(texts), max(len(numbers), 1))
        counts = csr_array((np.ones(len(columns)), columns, starts), shape=shape)
        counts.sum_duplicates()
        return cls(counts, lengths.astype(np.float64))

    def score(self, learning: Array, *, held_by: float = 0.0) -> Array:
        """(N,) how far the mean surprise of each text is from what its length lets expect.

        Args:
            learning: (N,) bool, texts that the counts are of.
            held_by: tokens that no larger share of those holds count as never seen.
        """
        cells = self.counts.tocoo()
        rows, columns = cells.coords
        learnt = self.counts[learning]
        total = learnt.sum(axis=0)
        own = np.where(learning[rows], cells.data, 0.0)
        others = total[columns] - own
        if held_by:
            held = np.bincount(learnt.indices, minlength=len(total)) / max(learning.sum(), 1)
            others = np.where(held[columns] > held_by, others, 0.0)
        whole = total.sum() - np.bincount(rows, weights=own, minlength=len(learning))[rows]
        whole = np.maximum(whole, 1.0)
        never = DISCOUNT * np.count_nonzero(total) / whole / (len(total) + 1)
        chance = np.maximum(others - DISCOUNT, 0.0) / whole + np.maximum(never, 1e-12)
        surprise = np.bincount(rows, weights=-np.log(chance) * cells.data, minlength=len(learning))
        return _by_length(surprise, self.lengths, learning)


def _by_length(surprise: Array, lengths: Array, learning: Array) -> Array:
    """Sums of surprises (N,) -> mean a token, standardised for how long a text is."""
    some = lengths > 0
    part = 1 / np.maximum(lengths, 1)
    mean = surprise * part
    terms = np.stack([np.ones(len(part)), part], axis=1)
    weight = 1 / np.sqrt(part + np.median(part[some])) if some.any() else part
    usual = learning & some
    score = np.zeros(len(mean))
    for _ in range(4):
        if usual.sum() < 2:
            break
        scaled = weight[usual]
        level = np.linalg.lstsq(terms[usual] * scaled[:, None], mean[usual] * scaled)[0]
        rest = mean - terms @ level
        score = np.where(some, rest / np.sqrt(terms @ _variance(rest[usual], part[usual])), 0.0)
        usual = learning & some & (score <= np.quantile(score[learning & some], USUAL))
    return score


def _variance(rest: Array, part: Array) -> Array:
    """Of residuals: a constant and a multiple of one over the length, neither below 0."""
    squares = rest**2
    terms = np.stack([np.ones(len(part)), part], axis=1)
    constant, falling = np.linalg.lstsq(terms, squares)[0]
    if constant <= 0:
        constant, falling = 0.0, squares.sum() / part.sum()
    elif falling <= 0:
        constant, falling = squares.mean(), 0.0
    return np.array([constant + 1e-12, falling])


def _lines(score: Array, *, total: int) -> tuple[float, float]:
    """Above which one in a hundred usual texts would lie, and a tenth of one of all `total`."""
    kept = score
    while True:
        low, high = np.quantile(kept, [LOW, HIGH])
        fall = float(high - low) / np.log((1 - LOW) / (1 - HIGH))
        if fall <= SMALLEST:  # so many texts are the same that nothing says what is unusual
            return np.inf, np.inf
        line = float(low) + fall * np.log((1 - LOW) / FALSE_ALARMS)
        fewer = score[score <= line]
        if len(fewer) >= len(kept):
            return line, float(low) + fall * np.log((1 - LOW) * total / CHANCE)
        kept = fewer


def _words(text: str) -> Iterator[str]:
    return (found[0] for found in _WORD.finditer(_plain(text)))


def _runs(text: str) -> Iterator[str]:
    spread = f" {' '.join(_plain(text).split())} "
    return (spread[at : at + LETTERS] for at in range(len(spread) - LETTERS + 1))


def _plain(text: str) -> str:
    """Small letters, and 0 for every digit: numbers are as unlike as they are many."""
    return _DIGIT.sub("0", text[:LOOKED_AT].casefold())
