"""Known phrases in a text, the longest first, whatever their capitals.

Enters: phrases as words with what each stands for. Leaves: which of them a text holds and where,
from left to right, none over another. One pass over the words of the text, however many phrases.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from bedside.modalities.text_spelling import WORD

Words: TypeAlias = tuple[str, ...]
Meaning = TypeVar("Meaning")
MARKS = str.maketrans({"\u2019": "'", "\u2018": "'", "\u2010": "-", "\u2011": "-", "\u2013": "-"})
"""Signs that are written in several ways."""


@dataclass(frozen=True)
class Phrases(Generic[Meaning]):
    """Phrases and what they stand for.

    Args:
        entries: words, as `words_of` cuts them -> meaning.
        whole_words: a phrase counts only where neither letter nor digit goes on around it.
    """

    entries: Mapping[Words, Meaning]
    whole_words: bool = False
    _lengths: dict[str, list[int]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        lengths: dict[str, set[int]] = defaultdict(set)
        for words in self.entries:
            lengths[words[0]].add(len(words))
        longest_first = {word: sorted(own, reverse=True) for word, own in lengths.items()}
        object.__setattr__(self, "_lengths", longest_first)

    def matches(self, text: str) -> Iterator[tuple[Words, tuple[int, int]]]:
        """Phrases of a text from left to right, the longest first, with start and end."""
        spans = [found.span() for found in WORD.finditer(text)]
        words = [_plain(text[start:end]) for start, end in spans]
        place = 0
        while place < len(words):
            length = self._at(text, words, spans, place=place)
            if length:
                span = (spans[place][0], spans[place + length - 1][1])
                yield tuple(words[place : place + length]), span
            place += length or 1

    def _at(self, text: str, words: list[str], spans: list[tuple[int, int]], *, place: int) -> int:
        """How many words the longest phrase at a word has, 0 for none."""
        for length in self._lengths.get(words[place], ()):
            own = tuple(words[place : place + length])
            if len(own) == length and own in self.entries:
                start, end = spans[place][0], spans[place + length - 1][1]
                if not self.whole_words or not (goes_on(text, start) or goes_on(text, end)):
                    return length
        return 0


def words_of(text: str) -> Words:
    """A phrase as words, numbers and signs, in small letters."""
    return tuple(_plain(found[0]) for found in WORD.finditer(text))


def goes_on(text: str, place: int) -> bool:
    """Whether a word or number goes on across a place."""
    return 0 < place < len(text) and _is_word(text[place - 1]) and _is_word(text[place])


def _is_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


def _plain(word: str) -> str:
    return word.lower() if word.isascii() else word.lower().translate(MARKS)
