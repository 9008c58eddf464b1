"""Checks of near copies: images that were cropped, compressed, brightened or resized.

Enters: the evidence. Leaves: findings whose `pairs` say which row looks like which.
Exact copies are found by the checks of copies and left out here.
"""

from __future__ import annotations

import numpy as np

from bedside.audit.evidence import Evidence
from bedside.audit.findings import Finding
from bedside.audit.near_copies import NearCopies
from bedside.schema import Array


def near_copies_across_parts(evidence: Evidence) -> list[Finding]:
    """Images of one part that another holds too, altered (warn)."""
    if evidence.parts is None:
        return []
    found = []
    for name, near in evidence.near_copies.items():
        apart = np.asarray(evidence.parts[near.first] != evidence.parts[near.second])
        count = int(apart.sum())
        if not count:
            continue
        tested = (evidence.parts[near.first] == "test") | (evidence.parts[near.second] == "test")
        with_test = int((apart & tested).sum())
        message = (
            f"{evidence.spoken(name)}{count} {_pairs(count)} nearly the same image in different "
            f"parts ({with_test} with a test case): one image altered, or two exposures of one "
            f"person.{_contradictions(evidence, near, apart)}"
        )
        remedy = "Look at the pairs; leave copies out, or give one person one patient id."
        found.append(
            _finding(
                evidence,
                "near-copies-across-parts",
                _as_pairs(near, apart),
                message=message,
                remedy=remedy,
            )
        )
    return found


def near_copies_within_parts(evidence: Evidence) -> list[Finding]:
    """Images that repeat another of the same part, altered (warn); many images (note)."""
    found = []
    for name, near in evidence.near_copies.items():
        if near.asked is not None:
            found.append(_some_only(evidence, name, near.asked))
        parts = np.zeros(len(evidence.cohort)) if evidence.parts is None else evidence.parts
        together = np.asarray(parts[near.first] == parts[near.second])
        count = int(together.sum())
        if not count:
            continue
        place = "in the data" if evidence.parts is None else "within one part"
        message = (
            f"{evidence.spoken(name)}{count} {_pairs(count)} nearly the same image "
            f"{place}.{_contradictions(evidence, near, together)}"
        )
        remedy = "Look at the pairs; an image that stands twice counts twice."
        found.append(
            _finding(
                evidence,
                "near-copies-within-parts",
                _as_pairs(near, together),
                message=message,
                remedy=remedy,
            )
        )
    return found


def _some_only(evidence: Evidence, name: str, asked: int) -> Finding:
    images = len(evidence.images[name])
    drawn = "drawn by lot" if evidence.parts is None else "drawn from the test part by lot"
    message = (
        f"{evidence.spoken(name)}{asked} of {images} images, {drawn}, were compared with all "
        "others for near copies; all with all would take too long."
    )
    return evidence.finding("near-copies-within-parts", "note", message, count=asked)


def _finding(evidence: Evidence, check: str, pairs: Array, *, message: str, remedy: str) -> Finding:
    rows = list(dict.fromkeys(pairs.ravel().tolist()))  # pair beside pair, the most alike first
    return evidence.finding(
        check,
        "warn",
        message,
        rows=rows,
        count=len(pairs),
        remedy=remedy,
        pairs=[(int(a), int(b)) for a, b in pairs],
        details=[] if evidence.parts is None else [str(evidence.parts[row]) for row in rows],
    )


def _as_pairs(near: NearCopies, which: Array) -> Array:
    """(P, 2) rows, the most alike pairs first."""
    return np.stack([near.first[which], near.second[which]], axis=1)


def _contradictions(evidence: Evidence, near: NearCopies, which: Array) -> str:
    """How many of these pairs carry labels that cannot both be right."""
    if not evidence.answers:
        return ""
    truth = evidence.targets.arrays["truth"] > 0.5
    known = evidence.targets.arrays["known"].astype(bool)
    first, second = near.first[which], near.second[which]
    both = known[first] & known[second]
    count = int((both & (truth[first] != truth[second])).any(axis=1).sum())
    return f" {count} of them {'has' if count == 1 else 'have'} different labels." if count else ""


def _pairs(count: int) -> str:
    return "pair of cases shows" if count == 1 else "pairs of cases show"
