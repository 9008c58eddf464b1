"""What a metric is called, and what it means.

Enters and leaves: nothing but types.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Term:
    """One metric for readers.

    Args:
        label: its name as a reader knows it.
        meaning: one or two plain sentences.
        higher_is_better: False for errors.
        form: how its values are written, see `form_of`.
        hint: how to read it in a few words, beside a key number; blank where it is none.
    """

    label: str
    meaning: str
    higher_is_better: bool = True
    form: Literal[
        "plain",
        "ratio",
        "value",
        "percent",
        "minutes",
        "a day",
        "words",
        "mm",
        "ml",
        "mm2",
        "px",
        "px2",
    ] = "plain"
    hint: str = ""
