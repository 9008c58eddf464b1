"""How alike two texts are by their words, fast enough for all pairs of some neighbours.

Enters: texts, or their words as tokens. Leaves: words, and the F-measure of their longest
common subsequence, which is ROUGE-L without a stemmer (Lin 2004). Needs nothing but the
standard library.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Self

WORD = re.compile(r"\w+")


def words_of(text: str) -> list[str]:
    """Runs of letters and digits of any script, capitals not minded."""
    return WORD.findall(text.casefold())


@dataclass(frozen=True)
class Worded:
    """A text as words, ready to be compared with many others.

    Args:
        words: in order.
        places: word -> bits of the places where it stands.
    """

    words: tuple[Hashable, ...]
    places: dict[Hashable, int]

    @classmethod
    def of(cls, text: str) -> Self:
        """Split a text into words."""
        return cls.of_words(words_of(text))

    @classmethod
    def of_words(cls, words: Sequence[Hashable]) -> Self:
        """Words that were split before, or the tokens that stand for them."""
        places: dict[Hashable, int] = {}
        for place, word in enumerate(words):
            places[word] = places.get(word, 0) | (1 << place)
        return cls(tuple(words), places)

    def common(self, other: Sequence[Hashable]) -> int:
        """Length of the longest common subsequence with other words.

        One addition of long integers a word (Hyyrö 2004, bit-parallel LCS-length computation
        revisited).
        """
        full = (1 << len(self.words)) - 1
        unmatched = full
        for word in other:
            matches = unmatched & self.places.get(word, 0)
            unmatched = ((unmatched + matches) | (unmatched - matches)) & full
        return len(self.words) - unmatched.bit_count()

    def alike(self, other: Worded) -> float:
        """F-measure of the longest common subsequence, from 0 to 1; 0 where one is empty."""
        total = len(self.words) + len(other.words)
        return 2 * self.common(other.words) / total if self.words and other.words else 0.0
