"""Near copies among texts: one text of which some words were left out, added or changed.

Enters: texts. Leaves: pairs, the most alike first, with the share of words they have in common.

Reports of two people are often worded alike, so likeness alone says little. Two texts are taken for
copies in two cases. They share runs of three words that hardly any other text holds, and most of
their different words. Or, where all runs are usual, they share most of them, and no third text is
as alike to either. Likeness is the exact Jaccard index; the pairs that it is computed for come
from the rare runs themselves and from equal signatures of smallest hashes (Broder 1997,
doi:10.1109/SEQUEN.1997.666900), so the time grows with the words and not with the pairs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from bedside.schema import Array

RUN = 3
"""Words of a run."""
HOLDERS = 4
"""A run is rare that so many texts hold at most; what more of them hold is ready-made wording."""
FEWEST_RUNS = 3
"""Rare runs that two texts share."""
ALIKE = 0.7
"""Of the different words of both, the share that both hold."""
FEWEST_WORDS = 8
ALIKE_RUNS = 0.6
"""Of the different runs of both, the share that both hold, where no run is rare."""
BANDS, BAND = 24, 3
"""Signatures of a text, and smallest hashes in each: of 100 pairs of likeness 0.6, 99 share one."""
CROWD = 16
"""A signature that more texts have is ready-made wording."""
LOOKED_AT = 2000
"""Words of a text that are compared."""
_WORD = re.compile(r"\w+")
_STEP, _MIX = np.uint64(1_000_003), np.uint64(0xBF58476D1CE4E5B9)


@dataclass(frozen=True)
class NearTexts:
    """P pairs, the most alike first.

    Args:
        pairs: (P, 2) int64, the lower place first.
        likeness: (P,) share of the different words that both hold.
    """

    pairs: Array
    likeness: Array


def find_near_texts(texts: Sequence[str]) -> NearTexts:
    """Pairs of texts that are nearly the same; those that are equal letter for letter left out."""
    places, words = _worded(texts)
    if len(words) < 2:
        return NearTexts(np.zeros((0, 2), np.int64), np.zeros(0))
    runs = [_runs(own) for own in words]
    found = {pair: _jaccard(words, pair) for pair in _by_rare_runs(words, runs)}
    for pair in _by_signatures(runs):
        found.setdefault(pair, _jaccard(words, pair))
    ranked = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    pairs = [[places[one], places[other]] for (one, other), _ in ranked]
    return NearTexts(
        np.array(pairs, dtype=np.int64).reshape(-1, 2), np.array([alike for _, alike in ranked])
    )


def _by_rare_runs(words: Sequence[Array], runs: Sequence[Array]) -> list[tuple[int, int]]:
    """Pairs that share rare runs and most of their words."""
    shared = Counter(_sharing(runs))
    return [
        pair
        for pair, count in shared.items()
        if count >= FEWEST_RUNS and _jaccard(words, pair) >= ALIKE
    ]


def _by_signatures(runs: Sequence[Array]) -> list[tuple[int, int]]:
    """Pairs that share most of their runs, each the only one that is so alike to the other."""
    smallest = _smallest_hashes(runs)
    meant: set[tuple[int, int]] = set()
    for band in range(BANDS):
        own = smallest[:, band * BAND : (band + 1) * BAND]
        _, signature = np.unique(own, axis=0, return_inverse=True)
        for group in _groups(signature.reshape(-1), most=CROWD):
            meant.update(combinations(sorted(group), 2))
    alike = [pair for pair in meant if _jaccard(runs, pair) >= ALIKE_RUNS]
    count = Counter(text for pair in alike for text in pair)
    return [pair for pair in alike if count[pair[0]] == count[pair[1]] == 1]


def _smallest_hashes(runs: Sequence[Array]) -> Array:
    """(N, BANDS * BAND) of each text, the smallest of its runs under as many random orders."""
    every = np.concatenate(runs)
    begins = np.cumsum([0, *(len(own) for own in runs[:-1])])
    rng = np.random.default_rng(0)
    found = np.empty((len(runs), BANDS * BAND), dtype=np.uint64)
    for order in range(BANDS * BAND):
        factor, offset = rng.integers(1, 2**62, 2, dtype=np.uint64)
        mixed = every * (np.uint64(2) * factor + np.uint64(1)) + offset
        mixed = (mixed ^ (mixed >> np.uint64(29))) * _MIX
        found[:, order] = np.minimum.reduceat(mixed ^ (mixed >> np.uint64(32)), begins)
    return found


def _jaccard(sets: Sequence[Array], pair: tuple[int, int]) -> float:
    mine, theirs = (set(sets[place].tolist()) for place in pair)
    return len(mine & theirs) / len(mine | theirs)


def _worded(texts: Sequence[str]) -> tuple[list[int], list[Array]]:
    """Places of the different texts that have enough words, and the numbers of their words."""
    numbers: dict[str, int] = {}
    seen: set[str] = set()
    places, found = [], []
    for place, text in enumerate(texts):
        words = _WORD.findall(text.casefold())[:LOOKED_AT]
        if len(words) < FEWEST_WORDS or text in seen:
            continue
        seen.add(text)
        places.append(place)
        found.append(np.array([numbers.setdefault(w, len(numbers)) for w in words], np.uint64))
    return places, found


def _sharing(runs: Sequence[Array]) -> Iterator[tuple[int, int]]:
    """Each two texts that hold a rare run, once for each such run."""
    owners = np.repeat(np.arange(len(runs)), [len(own) for own in runs])
    for group in _groups(np.concatenate(runs), most=HOLDERS):
        yield from combinations(sorted(owners[group].tolist()), 2)


def _groups(values: Array, *, most: int) -> Iterator[list[int]]:
    """Places of equal values, where there are two or more of them and `most` at most."""
    order = np.argsort(values, kind="stable")
    ranked = values[order]
    begins = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    counts = np.diff(np.append(begins, len(ranked)))
    some = (counts >= 2) & (counts <= most)
    for begin, count in zip(begins[some].tolist(), counts[some].tolist(), strict=True):
        yield order[begin : begin + count].tolist()


def _runs(words: Array) -> Array:
    """The different runs of one text, each as one number."""
    found: Array = np.zeros(len(words) - RUN + 1, dtype=np.uint64)
    for step in range(RUN):
        found = found * _STEP + (words[step : len(words) - RUN + 1 + step] + np.uint64(1))
    return np.unique(found)
