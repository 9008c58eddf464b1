"""Check of texts for a single word that gives the label away.

Enters: the evidence. Leaves: findings that count texts and name rows, and never quote a word.
"""

from __future__ import annotations

import re

import numpy as np
from scipy.stats import norm

from bedside.audit.asked import answers_of, drawn
from bedside.audit.evidence import Evidence
from bedside.audit.findings import Finding
from bedside.audit.linear_reading import FEWEST
from bedside.audit.two_samples import separation
from bedside.schema import Array

CHECK = "telling-words"
MOST_TEXTS = 5_000
FEWEST_TEXTS = 10
"""Texts that a word stands in, without which it is not asked about."""
TELLING = 0.9
"""AUROC of one word's presence, at the lower end of its interval, that gives a label away."""
CHANCE = 0.05
_WORD = re.compile(r"\w+")


def words_that_tell(evidence: Evidence) -> list[Finding]:
    """A word whose presence alone says the label nearly always (warn)."""
    answers = answers_of(evidence)
    if answers is None:
        return []
    found = []
    for name, looks in evidence.text_looks.items():
        rows = drawn(evidence, np.array(sorted(looks), dtype=np.int64), most=MOST_TEXTS)
        texts = [str(sample.values) for sample in evidence.inputs[name].at(rows)]
        places = places_of_words(texts)
        groups, told, holding = evidence.cohort.groups()[rows], [], set()
        for column in range(len(answers.names)):
            best = most_telling(places, answers.values[rows, column], groups)
            if best is None:
                continue
            auroc, low, holds = best
            told.append(
                f"{answers.said(column)}in {int(holds.sum())} of {rows.size} texts (AUROC "
                f"{auroc:.2f}, at least {low:.2f} after looking at all words)"
            )
            holding |= set(rows[holds].tolist())
        if not told:
            continue
        message = (
            f"{evidence.spoken(name)}one word alone nearly always says the label by standing in a "
            f"text or not: {'; '.join(told[:5])}."
        )
        remedy = "Compare the texts of these rows: was the label, or what it was made of, put in?"
        where = sorted(holding)
        found.append(evidence.finding(CHECK, "warn", message, rows=where, remedy=remedy))
    return found


def places_of_words(texts: list[str]) -> dict[str, list[int]]:
    """Word -> which texts hold it, of the words that stand in enough of them."""
    places: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        for word in set(_WORD.findall(text.lower())):
            places.setdefault(word, []).append(place)
    return {word: own for word, own in places.items() if len(own) >= FEWEST_TEXTS}


def most_telling(
    places: dict[str, list[int]], answer: Array, groups: Array
) -> tuple[float, float, Array] | None:
    """The word whose presence tells an answer best, where it nearly always does.

    Args:
        places: of the words in n texts.
        answer: (n,) 1 or 0, NaN where unknown.
        groups: (n,) integers, equal for texts of one patient.

    Returns:
        AUROC, the lower end of its interval corrected for all words, and (n,) bool, which
        texts hold the word; None where no word tells so much.
    """
    one, other = answer == 1, answer == 0
    sizes = [np.unique(groups[side]).size for side in (one, other)]
    if min(sizes) < FEWEST:
        return None
    best, most = "", 0.0
    for word, own in places.items():
        apart = abs(float(one[own].sum() / one.sum() - other[own].sum() / other.sum()))
        if apart > most:
            best, most = word, apart
    if not best:
        return None
    auroc = (1 + most) / 2
    wider = float(norm.ppf(1 - CHANCE / 2 / len(places)) / norm.ppf(1 - CHANCE / 2))
    low = auroc - wider * (auroc - separation(auroc, *sizes).low)
    if low < TELLING:
        return None
    holds = np.zeros(len(answer), dtype=bool)
    holds[places[best]] = True
    return auroc, low, holds
