"""Doubts and limits of a classification.

Enters: a `Record`. Leaves: notices and sentences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bedside.reporting.class_wording import CHANCE, reaches_chance
from bedside.reporting.formatting import bounds, listed
from bedside.reporting.telling import NO_SUBGROUP, Notice

if TYPE_CHECKING:
    from bedside.reporting.record import Record

FEW = 30
ENOUGH = 100
"""Cases with and without the finding that a test needs (Collins 2016, 10.1002/sim.6787)."""


def chance_notices(record: Record) -> list[Notice]:
    """Whether the model tells anything at all."""
    if not reaches_chance(record, record.deep):
        return []
    estimate = record.estimate(record.deep, record.primary) or {}
    high = estimate.get("high")
    if isinstance(high, int | float) and high < CHANCE:
        text = (
            "The interval of its AUROC lies below 0.5: it ranks cases the wrong way round. Look "
            "for labels that are swapped, or that mean another thing in another part."
        )
        return [Notice("red", "Worse than chance", text)]
    text = (
        f"The interval of its AUROC ({bounds(estimate) or 'not known'}) does not lie above 0.5, "
        "a coin toss: that this model tells anything at all was not shown."
    )
    return [Notice("red", "Not shown to be better than chance", text)]


def rare(record: Record, *, below: int) -> dict[str, int]:
    """Classes with fewer than `below` test cases, and how many they have."""
    scores = record.scores()
    if scores is None:
        return {}
    found = {name: scores.positives(column) for column, name in enumerate(scores.names)}
    if record.kind == "binary" and len(record.classes) == 2:
        found[record.classes[0]] = int(np.sum(scores.truth[:, 0] == 0))
    return {name: cases for name, cases in found.items() if cases < below}


def few_notices(record: Record) -> list[Notice]:
    """Classes with too few test cases to trust a value."""
    few = rare(record, below=FEW)
    if not few:
        return []
    shown = listed(f"{name} ({cases})" for name, cases in few.items())
    text = (
        f"Fewer than {FEW} test cases for: {shown}. A few cases decided otherwise would change the "
        f"numbers; trust the intervals, not the values."
    )
    return [Notice("red", "Few cases to test on", text)]


def class_limits(record: Record) -> list[str]:
    """What the numbers of a classification do not say."""
    found = []
    scarce = rare(record, below=ENOUGH)
    if scarce and not rare(record, below=FEW):
        shown = listed(f"{name} ({cases})" for name, cases in scarce.items())
        found.append(
            f"Fewer than {ENOUGH} test cases for {shown}; at least that many with and without a "
            "finding are advised (Collins 2016)."
        )
    if not record.metrics.get("subgroups"):
        found.append(NO_SUBGROUP)
    found.append(
        "Probabilities hold where the finding is about as common as it was here; elsewhere they "
        "need to be fitted anew."
    )
    return found
