"""Words of a text as strongly marked as a network looked at them.

Enters: a text, where its tokens stand, how much each speaks for the answer. Leaves: pieces of the
text with the share of each, and the words that a cohort is decided by.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bedside.schema import Array

WORD = re.compile(r"\S+")
LONGEST = 1500
"""Characters of a text that are shown."""
QUIET = 0.1
"""A weaker word than this share of the strongest is left unmarked."""
STEPS = 4
"""Strengths of a mark."""
FEWEST_TEXTS = 3
"""Texts that a word must stand in to be named for the cohort."""
MOST_WORDS = 12
_TRIM = ".,;:!?()[]{}\"'"


def word_shares(
    text: str, spans: Sequence[tuple[int, int]], marks: Array
) -> list[tuple[int, int, float]]:
    """Start, end and share of each word; the strongest has the share 1 or -1.

    Args:
        text: as it was read.
        spans: start and end of each of its n tokens.
        marks: (T,) of which the first n are its tokens'.
    """
    words = [found.span() for found in WORD.finditer(text)]
    sums = np.zeros(len(words))
    starts = np.array([start for start, _ in words])
    for (start, end), mark in zip(spans, marks, strict=False):
        if not words or end <= start:
            continue
        place = int(np.searchsorted(starts, max(start, end - 1), side="right")) - 1
        sums[max(place, 0)] += float(mark)
    top = float(np.abs(sums).max(initial=0.0))
    return [
        (*word, float(own / top) if top else 0.0) for word, own in zip(words, sums, strict=True)
    ]


def marked_pieces(text: str, shares: Sequence[tuple[int, int, float]]) -> list[dict[str, Any]]:
    """Pieces of a text in order: ``text``, ``side`` (for, against or blank), ``step`` 1 to 4."""
    found: list[dict[str, Any]] = []
    at = 0
    for start, end, share in shares:
        if start >= LONGEST:
            break
        if abs(share) < QUIET:
            continue
        step = min(STEPS, 1 + int(STEPS * (abs(share) - QUIET) / (1 - QUIET)))
        found.append({"text": text[at:start], "side": "", "step": 0})
        found.append({"text": text[start:end], "side": "for" if share > 0 else "against",
                      "step": step})  # fmt: skip
        at = end
    rest = text[at : max(LONGEST, at)]
    found.append(
        {"text": rest + (" …" if at + len(rest) < len(text) else ""), "side": "", "step": 0}
    )
    return [piece for piece in found if piece["text"]]


def cohort_words(
    texts: Iterable[tuple[str, Sequence[tuple[int, int, float]]]],
) -> list[dict[str, Any]]:
    """The words that speak for the answer most, over many texts: ``word``, ``share``, ``texts``.

    A word counts once a text, by its largest share; one of few texts is not named.
    """
    shares: dict[str, list[float]] = defaultdict(list)
    for text, words in texts:
        own: dict[str, float] = {}
        for start, end, share in words:
            word = text[start:end].strip(_TRIM).lower()
            if word:
                own[word] = max(own.get(word, -1.0), share)
        for word, share in own.items():
            shares[word].append(share)
    found: list[dict[str, Any]] = [
        {"word": word, "share": round(float(np.mean(all_)), 3), "texts": len(all_)}
        for word, all_ in shares.items()
        if len(all_) >= FEWEST_TEXTS and np.mean(all_) > 0
    ]
    return sorted(found, key=lambda one: (-one["share"], one["word"]))[:MOST_WORDS]
