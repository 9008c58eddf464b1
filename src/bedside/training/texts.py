"""The texts behind prepared cases, for tasks that answer with text.

Enters: readings of every input and the rows of each part. Leaves: texts as they were
read, beside the arrays; which cases are new, since no training case has their source text,
or none even resembles it;
and which references are uncommon, since they are none of the commonest in training.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bedside.modalities.reading import Readings
from bedside.schema import Array, Part, Targets
from bedside.tasks.summarise import as_texts
from bedside.training.prepared_arrays import PartRows

WORD = re.compile(r"\w+")
ALIKE_WORDS, ALIKE_LENGTH = 0.9, 1.5
"""A text is like another that holds this share of its words and is at most so much longer."""
BLOCK = 256
"""Texts that are compared with all of training at a time."""
COMMONEST = 20
"""So many summaries of training count as common."""
Texts = dict[str, list[str]]
"""Text input -> the texts of N cases."""


def texts_of(readings: Mapping[str, Readings], rows: PartRows) -> dict[Part, Texts]:
    """The texts of every part, of the inputs whose samples are texts, in their order.

    Args:
        readings: by input.
        rows: of each part, all of them readable.
    """
    found: dict[Part, Texts] = {}
    for part, own in rows.items():
        read = {name: [s.values for s in each.at(own)] for name, each in readings.items()}
        found[part] = {
            name: [v for v in values if isinstance(v, str)]
            for name, values in read.items()
            if all(isinstance(v, str) for v in values)
        }
    return found


def with_sources(
    targets: Mapping[Part, Targets], texts: Mapping[Part, Texts]
) -> dict[Part, Targets]:
    """Targets with the text that is summarised, and whether training knew it or its summary.

    Adds ``source`` (N,) object, str; ``novel`` and ``unlike`` (N,) bool, False in training
    itself; and ``uncommon`` (N,) bool. Capitals, blanks and punctuation are not minded.

    Args:
        targets: of each part, with the study's own choice as ``facts["source"]``.
        texts: of each part.
    """
    training = targets["train"]
    source = training.facts["source"] or next(iter(texts["train"]))
    seen = {same_text(text) for text in texts["train"][source]}
    counted = Counter(same_text(text) for text in training.arrays["truth"])
    common = {text for text, _ in counted.most_common(COMMONEST)}
    made: dict[Part, Targets] = {}
    for part, own in targets.items():
        own_texts = texts[part][source]
        known = np.ones(len(own_texts), dtype=bool)
        if part != "train":
            known = like_any(own_texts, texts["train"][source])
        arrays = {
            "source": as_texts(own_texts),
            "novel": np.array([same_text(text) not in seen for text in own_texts], dtype=bool),
            "unlike": ~known,
            "uncommon": np.array(
                [same_text(text) not in common for text in own.arrays["truth"]], dtype=bool
            ),
        }
        facts = {**own.facts, "source": source}
        made[part] = replace(own, arrays={**own.arrays, **arrays}, facts=facts)
    return made


def like_any(texts: Sequence[str], others: Sequence[str]) -> Array:
    """(N,) bool: whether one of `others` holds nine in ten words of a text and little more.

    Each different word counts once, in any order. So a report is found again of which a
    sentence was left out, and templates that were filled in alike.

    Args:
        texts: N texts; one without a word is like any other such.
        others: M texts; the time grows with N times M.
    """
    from scipy.sparse import csr_matrix

    vocabulary: dict[str, int] = {}

    def marked(some: Sequence[str]) -> Any:
        sets = [set(WORD.findall(text.casefold())) for text in some]
        places = [vocabulary.setdefault(word, len(vocabulary)) for own in sets for word in own]
        starts = np.concatenate([[0], np.cumsum([len(own) for own in sets])])
        return np.ones(len(places), np.float32), np.array(places, dtype=np.int32), starts

    rows, columns = marked(texts), marked(others)
    shape = len(vocabulary)
    theirs = csr_matrix(columns, shape=(len(others), shape))
    lengths = np.diff(columns[2])
    found = np.zeros(len(texts), dtype=bool)
    mine = csr_matrix(rows, shape=(len(texts), shape))
    for start in range(0, len(texts), BLOCK):
        part = slice(start, start + BLOCK)
        size = np.diff(rows[2])[part, None]
        shared = (mine[part] @ theirs.T).toarray()
        alike = (shared >= ALIKE_WORDS * size) & (lengths[None, :] <= ALIKE_LENGTH * size)
        found[part] = alike.any(axis=1)
    return found


def same_text(text: str) -> str:
    """What texts share that differ in capitals, blanks and punctuation alone."""
    return " ".join(WORD.findall(text.casefold()))
