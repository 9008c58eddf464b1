"""Texts as words with their spelling: what a network needs that marks words in a text.

Enters: a text. Leaves: where each word, number and sign stands, and numbers that stand for how
it is spelt: the word itself, its beginnings and endings, its shape. The numbers are hashes
(feature hashing, Weinberger 2009, doi:10.1145/1553374.1553516), so nothing is learnt from the
training texts, no word of them travels in a package, and a word that training never saw
still has a beginning, an ending and a shape.
"""

from __future__ import annotations

import re
import zlib
from functools import lru_cache

import numpy as np

from bedside.schema import Array

WORD = re.compile(r"\d+|[^\W\d_]+|\S")
"""A number, a word, or a sign; finer than a reader's words, so that a span may end anywhere."""
FORMS = {
    "word": 20_000,
    "beginning": 4_000,
    "long beginning": 8_000,
    "ending": 4_000,
    "long ending": 6_000,
    "shape": 1_000,
}
"""What of a word is hashed, and to how many numbers."""
GRAMS, GRAM_LENGTHS, MOST_GRAMS = 20_000, (3, 4, 5), 24
"""Pieces of a word of so many letters, hashed to how many numbers; so many of a word are kept."""
COLUMNS = len(FORMS) + MOST_GRAMS
SYMBOLS = 1 + sum(FORMS.values()) + GRAMS
"""All numbers there are; 0 is padding."""
LONGEST_WORD = 64
"""Letters of a word that are looked at."""
_STARTS = np.cumsum([1, *FORMS.values()])[:-1]
_RUNS = re.compile(r"(.)\1{3,}")


def cut_words(text: str, *, most: int) -> Array:
    """Start and end, in characters, of the first `most` words of a text: (n, 2) int32."""
    spans: list[tuple[int, int]] = []
    for found in WORD.finditer(text):
        if len(spans) == most:
            break
        spans.append(found.span())
    return np.array(spans, dtype=np.int32).reshape(-1, 2)


def spell(text: str, spans: Array) -> Array:
    """Numbers of the forms of words at `spans` (n, 2) of a text: (n, COLUMNS) int32.

    First one number for each of `FORMS`, then those of the pieces of the word (Bojanowski 2017,
    doi:10.1162/tacl_a_00051), filled up with 0. The shape says as well whether the word hangs
    on what stands before it.
    """
    found = [
        _numbers(
            text[start : min(end, start + LONGEST_WORD)], bool(start) and text[start - 1] > " "
        )
        for start, end in spans
    ]
    return np.array(found, dtype=np.int32).reshape(-1, COLUMNS)


def shape_of(word: str) -> str:
    """``Aaaa`` of "Aspirin", ``A00`` of "B12": four of a kind stand for more."""
    return _RUNS.sub(r"\1\1\1\1", "".join(_kind(letter) for letter in word))


@lru_cache(maxsize=65_536)
def _numbers(word: str, joined: bool) -> tuple[int, ...]:
    low = word.lower()
    shape = shape_of(word) + ("+" if joined else "")
    forms = (low, low[:3], low[:5], low[-3:], low[-4:], shape)
    sizes = FORMS.values()
    found = [
        int(start) + zlib.crc32(form.encode()) % size
        for start, form, size in zip(_STARTS, forms, sizes, strict=True)
    ]
    whole = f"<{low}>"
    grams = [whole[i : i + n] for n in GRAM_LENGTHS for i in range(len(whole) - n + 1)]
    last = SYMBOLS - GRAMS
    found += [last + zlib.crc32(gram.encode()) % GRAMS for gram in grams[:MOST_GRAMS]]
    return (*found, *[0] * (COLUMNS - len(found)))


def _kind(letter: str) -> str:
    if letter.isdigit():
        return "0"
    if letter.isupper():
        return "A"
    return "a" if letter.isalpha() else letter
