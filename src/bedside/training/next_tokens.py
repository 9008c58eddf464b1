"""What a language model predicts: each token of a text after those before it, and its end.

Enters: prepared texts. Leaves: targets with the tokens in the order in which they are asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bedside.modalities.text_tokens import END
from bedside.schema import Array, Part, State, Targets
from bedside.tasks.language import NONE

if TYPE_CHECKING:
    from bedside.schema import Rows

TOKENS = ".tokens"
BLOCK = 4096


def with_next_tokens(
    targets: Mapping[Part, Targets],
    arrays: Mapping[Part, Mapping[str, Rows]],
    states: Mapping[str, State],
) -> dict[Part, Targets]:
    """Targets with ``truth`` (N, T + 1) int32, the input as ``source`` and its ``size``.

    Args:
        targets: of each part.
        arrays: of each part; one input has tokens.
        states: of the modalities.
    """
    name = next(key for key in arrays["train"] if key.endswith(TOKENS))
    source = name.removesuffix(TOKENS)
    size = int(states[source]["symbols"]["tokens"])
    made: dict[Part, Targets] = {}
    for part, own in targets.items():
        truth = _asked(arrays[part][name], arrays[part][f"{source}.mask"])
        facts = {**own.facts, "source": source, "size": size}
        made[part] = replace(own, arrays={**own.arrays, "truth": truth}, facts=facts)
    return made


def _asked(tokens: Rows, mask: Rows) -> Array:
    """(N, T) -> (N, T + 1): a text that fills its room has no end, since it may go on."""
    count, length = mask.shape
    truth = np.full((count, length + 1), NONE, dtype=np.int32)
    for start in range(0, count, BLOCK):
        rows = slice(start, start + BLOCK)
        there = mask[rows]
        truth[rows, :length][there] = tokens[rows][there]
        lengths = there.sum(axis=1)
        whole = np.flatnonzero(lengths < length)
        truth[start + whole, lengths[whole]] = END
    return truth
