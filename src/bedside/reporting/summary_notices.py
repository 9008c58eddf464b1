"""Doubts and limits of summaries.

Enters: a `Record`. Leaves: notices and sentences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedside.reporting.formatting import counted, number, percent
from bedside.reporting.summary_wording import (
    CONSTANT,
    KIND_WORDS,
    cases_of,
    has_lexicon,
    value_of,
)
from bedside.reporting.telling import NO_SUBGROUP, Notice

if TYPE_CHECKING:
    from bedside.reporting.record import Record

FEW_CASES = 30
MANY_LOST = 0.5
MUCH_CONSTANT = 0.3


def doubt_notices(record: Record) -> list[Notice]:
    """Whether the model says more than a sentence that never changes, and whether it is true."""
    return [
        *_constant(record),
        *_lost(record),
        *_unmeasured(record),
        *_carried(record),
    ]


def _constant(record: Record) -> list[Notice]:
    theirs = value_of(record, CONSTANT, record.primary)
    ours = value_of(record, record.deep, record.primary)
    if theirs is None or ours is None:
        return []
    if ours <= theirs:
        text = (
            f"The commonest summary of training, written under every text, scores "
            f"{number(theirs)}; the deep model {number(ours)}. A model that does not beat that has "
            "learnt nothing of use."
        )
        return [Notice("red", "No better than always writing the same", text)]
    if theirs < MUCH_CONSTANT:
        return []
    text = (
        f"The commonest summary of training, written under every text, scores {number(theirs)} of "
        "1. High scores are easy here; what counts are the cases that are not alike, and the "
        "findings."
    )
    return [Notice("amber", "A sentence that never changes scores high", text)]


def _lost(record: Record) -> list[Notice]:
    lost = value_of(record, record.deep, "dropped_all")
    if lost is None or lost < MANY_LOST:
        return []
    text = (
        f"Of the cases whose reference states a finding, {percent(lost)} have a summary that "
        "states none of them. Whoever reads the summary alone takes these patients for well."
    )
    return [Notice("red", "Most findings are lost", text)]


def _carried(record: Record) -> list[Notice]:
    if not record.study.package.carry_cases:
        return []
    text = (
        "The package holds what was written of the training cases, in cases.json, since similar "
        "ones have a voice in each summary; names after a title, dates and long numbers are taken "
        "out, which is no proof that nobody can be known by the rest. A summary may be taken "
        "whole from another patient's: its words are marked so. Read the file before you share it."
    )
    return [Notice("amber", "The package carries training cases", text)]


def _unmeasured(record: Record) -> list[Notice]:
    if has_lexicon(record):
        return []
    text = (
        "The study names no lexicon of findings (evaluation.lexicon), so nothing here says whether "
        "a summary states what the reference states or denies it."
    )
    return [Notice("amber", "Facts were not measured", text)]


def scarce_notices(record: Record) -> list[Notice]:
    """Kinds of cases with too few to trust their scores."""
    few = {
        kind: cases
        for kind in ("novel", "unlike", "uncommon", "positive")
        if (cases := cases_of(record, kind)) is not None and cases < FEW_CASES
    }
    if not few:
        return []
    shown = "; ".join(f"{KIND_WORDS[k].lower()}: {counted(n, 'case')}" for k, n in few.items())
    text = f"Of the test part: {shown}. What is said of them hangs on that few."
    return [Notice("amber", "Few of the cases that matter", text)]


def summary_limits(record: Record) -> list[str]:
    """What the numbers of summaries do not say."""
    found = [
        "A summary can read well and be wrong. Whoever signs it must read the text it sums up.",
        "The reference is what one person wrote. Another would have written another, and both may "
        "be right.",
        "ROUGE splits words at accented letters and shortens endings as English does: for other "
        "languages compare models, not levels.",
    ]
    if has_lexicon(record):
        found.append(
            "Findings were told by a list of words. It does not understand doubt or time, and "
            "knows only what it lists."
        )
    if not record.metrics.get("subgroups"):
        found.append(NO_SUBGROUP)
    return found
