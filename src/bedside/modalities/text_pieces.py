"""A text in pieces that a network can read, cut between sentences.

Enters: a text and how many words fit. Leaves: where each piece begins and ends. Only where one
sentence is longer than that is it cut within.
"""

from __future__ import annotations

import re

from bedside.modalities.text_spelling import cut_words

SENTENCE_END = re.compile(r"[.!?:;](?=\s)|\n")
"""Where a text is cut first, behind the sign."""


def cut(text: str, most: int) -> list[tuple[int, int]]:
    """Start and end of pieces of at most `most` words that hold all words of a text.

    A piece ends behind a sentence where it can.
    """
    words = cut_words(text, most=len(text)).tolist()
    ends = [match.end() for match in SENTENCE_END.finditer(text)]
    pieces: list[tuple[int, int]] = []
    first, place = 0, 0
    while first < len(words):
        last = min(first + most, len(words))
        if last < len(words):
            while place < len(ends) and ends[place] <= words[last][0]:
                place += 1
            end = ends[place - 1] if place else 0
            if end > words[first][0]:
                last = next(n for n in range(last, first, -1) if words[n - 1][1] <= end)
        pieces.append((words[first][0], words[last - 1][1]))
        first = last
    return pieces
