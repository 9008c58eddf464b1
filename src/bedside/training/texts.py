"""The texts behind prepared cases, for tasks that answer with text.

Enters: readings of every input and the rows of each part. Leaves: texts as they were
read, beside the arrays; and which cases are new: no training case has their source text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from bedside.modalities.reading import Readings
from bedside.schema import Part, Targets
from bedside.training.prepared_arrays import PartRows

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
    """Targets that say which input is summarised, and which cases are new.

    Case and blanks are not minded; every training case is known, not new.

    Args:
        targets: of each part, with the study's own choice as ``facts["source"]``.
        texts: of each part.
    """
    source = targets["train"].facts["source"] or next(iter(texts["train"]))
    seen = {same_text(text) for text in texts["train"][source]}
    made: dict[Part, Targets] = {}
    for part, own in targets.items():
        novel = np.array([same_text(text) not in seen for text in texts[part][source]], dtype=bool)
        made[part] = replace(
            own, arrays={**own.arrays, "novel": novel}, facts={**own.facts, "source": source}
        )
    return made


def same_text(text: str) -> str:
    """What two texts share that differ in case and blanks alone."""
    return " ".join(text.casefold().split())
