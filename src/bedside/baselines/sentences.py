"""Sentences of a text, for peers that sum it up by quoting it.

Enters: texts. Leaves: their sentences, and how many of them to quote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from bedside.baselines.contract import TextLesson
from bedside.tasks.overlap import Worded

ENDS = re.compile(r"(?<=[.!?])\s+|[\r\n]+")
NUMBER = re.compile(r"\(?\d{1,2}[.)]")
MOST_SENTENCES = 5


def sentences_of(text: str) -> list[str]:
    """The sentences of a text, each on its own; a number of a list stays with what it counts."""
    found: list[str] = []
    for piece in (part.strip() for part in ENDS.split(text)):
        if not piece:
            continue
        if found and NUMBER.fullmatch(found[-1]):
            found[-1] = f"{found[-1]} {piece}"
        else:
            found.append(piece)
    return found


def best_count(quote: Callable[[str, int], str], validation: TextLesson) -> int:
    """How many sentences to quote: what is most like the validation references, by words.

    Args:
        quote: a text and a number of sentences -> the summary.
        validation: cases; without any, one sentence is quoted.
    """
    if not len(validation):
        return 1
    references = [Worded.of(text) for text in validation.summaries]
    marks = []
    for count in range(1, MOST_SENTENCES + 1):
        summaries = (quote(text, count) for text in validation.sources)
        pairs = zip(references, summaries, strict=True)
        marks.append(np.mean([reference.alike(Worded.of(text)) for reference, text in pairs]))
    return int(np.argmax(marks)) + 1


def quoted(sentences: Sequence[str], chosen: Sequence[int]) -> str:
    """Chosen sentences in the order in which they stand in the text."""
    return " ".join(sentences[place] for place in sorted(chosen))
