"""The texts behind prepared cases, for tasks that answer with text.

Enters: readings of every input and the rows of each part. Leaves: texts as they were
read, beside the arrays; which cases are new, since no training case has their source text;
and which references are uncommon, since they are none of the commonest in training.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from bedside.modalities.reading import Readings
from bedside.schema import Part, Targets
from bedside.tasks.summarise import as_texts
from bedside.training.prepared_arrays import PartRows

WORD = re.compile(r"\w+")
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

    Adds ``source`` (N,) object, str; ``novel`` (N,) bool, False in training itself; and
    ``uncommon`` (N,) bool. Capitals, blanks and punctuation are not minded.

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
        arrays = {
            "source": as_texts(own_texts),
            "novel": np.array([same_text(text) not in seen for text in own_texts], dtype=bool),
            "uncommon": np.array(
                [same_text(text) not in common for text in own.arrays["truth"]], dtype=bool
            ),
        }
        facts = {**own.facts, "source": source}
        made[part] = replace(own, arrays={**own.arrays, **arrays}, facts=facts)
    return made


def same_text(text: str) -> str:
    """What texts share that differ in capitals, blanks and punctuation alone."""
    return " ".join(WORD.findall(text.casefold()))
