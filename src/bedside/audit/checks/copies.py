"""Checks of exact copies: within a part, across parts, with another label.

Enters: the evidence. Leaves: findings. Two cases are copies where one input is
equal bit for bit in both, after reading.
"""

from __future__ import annotations

import numpy as np

from bedside.audit.evidence import WHOLE, Evidence
from bedside.audit.findings import Finding
from bedside.schema import Array


def copies_within_parts(evidence: Evidence) -> list[Finding]:
    """Cases that repeat another of the same part: they count twice (warn)."""
    found = []
    for name, groups in evidence.copies.items():
        for part in evidence.rows_by_part():
            members = [group[_in_part(evidence, group, part)] for group in groups]
            inside = [group for group in members if group.size > 1]
            extra = sum(group.size - 1 for group in inside)
            if not extra:
                continue
            place = "the data" if part == WHOLE else f"part {part}"
            message = (
                f"{evidence.spoken(name)}{extra} surplus exact "
                f"{'copy' if extra == 1 else 'copies'} in {place}."
            )
            remedy = "Keep one of each, unless the repetition is meant."
            found.append(
                evidence.finding(
                    "copies-within-parts",
                    "warn",
                    message,
                    rows=np.concatenate(inside),
                    count=extra,
                    remedy=remedy,
                    pairs=_pairs(inside),
                )
            )
    return found


def copies_across_parts(evidence: Evidence) -> list[Finding]:
    """Test cases that training or validation holds too (block), validation in training (warn).

    Texts warn: ready-made wording makes those of two people alike.
    """
    if evidence.parts is None:
        return []
    found = []
    for name, groups in evidence.copies.items():
        spoken = evidence.spoken(name)
        tested = [g for g in groups if _spans(evidence, g, "test")]
        count = sum(int((evidence.parts[g] == "test").sum()) for g in tested)
        if count:
            message = (
                f"{spoken}{count} test {_cases(count)} an exact copy in training or validation."
            )
            remedy = "Leave the copies out, or give the copies of one person one patient id."
            if name in evidence.text_looks:  # two people's reports may well be worded alike
                remedy = "Make sure that they are ready-made wording, and not one report twice."
            found.append(
                evidence.finding(
                    "copies-across-parts",
                    "warn" if name in evidence.text_looks else "block",
                    message,
                    rows=np.concatenate(tested),
                    count=count,
                    remedy=remedy,
                    pairs=_across(evidence.parts, tested),
                    details=evidence.parts[np.concatenate(tested)],
                )
            )
        found += _validation_in_training(evidence, groups, spoken=spoken)
    return found


def copies_with_other_labels(evidence: Evidence) -> list[Finding]:
    """Copies that are known to be one thing here and another there (warn)."""
    truth = evidence.targets.arrays["truth"] > 0.5
    known = evidence.targets.arrays["known"].astype(bool)
    found = []
    for name, groups in evidence.copies.items():
        torn = [
            group
            for group in groups
            if ((known[group] & truth[group]).any(axis=0) & _denied(truth, known, group)).any()
        ]
        if not torn:
            continue
        rows = np.concatenate(torn)
        message = (
            f"{evidence.spoken(name)}{rows.size} cases are exact copies of a case with another "
            "label."
        )
        remedy = "Find out which label is right."
        found.append(
            evidence.finding(
                "copies-with-other-labels",
                "warn",
                message,
                rows=rows,
                remedy=remedy,
                pairs=_pairs(torn),
                details=[_label(evidence, row) for row in rows],
            )
        )
    return found


def _validation_in_training(
    evidence: Evidence, groups: list[Array], *, spoken: str
) -> list[Finding]:
    parts = evidence.parts
    if parts is None:
        return []
    shared = [g for g in groups if {"train", "validation"} <= set(parts[g].tolist())]
    count = sum(int((parts[g] == "validation").sum()) for g in shared)
    if not count:
        return []
    kept = [g[parts[g] != "test"] for g in shared]
    rows = np.concatenate(kept)
    message = (
        f"{spoken}{count} validation {_cases(count)} an exact copy in training, so validation "
        "looks a little too good."
    )
    remedy = "Leave the copies out of one of the two."
    return [
        evidence.finding(
            "copies-across-parts",
            "warn",
            message,
            rows=rows,
            count=count,
            remedy=remedy,
            pairs=_across(parts, kept),
            details=parts[rows],
        )
    ]


def _pairs(groups: list[Array]) -> list[tuple[int, int]]:
    """Each copy beside the first of its group."""
    return [(int(group[0]), int(row)) for group in groups for row in group[1:]]


def _across(parts: Array, groups: list[Array]) -> list[tuple[int, int]]:
    """Each copy beside the first one of its group that stands in another part."""
    pairs = []
    for group in groups:
        first = group[0]
        other = group[parts[group] != parts[first]][0]
        pairs += [
            (int(first), int(row)) if parts[row] != parts[first] else (int(row), int(other))
            for row in group[1:]
        ]
    return pairs


def _label(evidence: Evidence, row: int) -> str:
    """What a case is known to be, in words; of several labels, those present."""
    own = [answer for answer, is_it in evidence.answers.items() if is_it[row]]
    if evidence.kind == "labels":
        own = [answer.removesuffix(" present") for answer in own if answer.endswith(" present")]
    return ", ".join(own) or ("none" if evidence.kind == "labels" else "unknown")


def _spans(evidence: Evidence, group: Array, part: str) -> bool:
    """Whether a group of copies stands in this part and in another."""
    parts = set() if evidence.parts is None else set(evidence.parts[group].tolist())
    return part in parts and len(parts) > 1


def _in_part(evidence: Evidence, group: Array, part: str) -> Array:
    if evidence.parts is None:
        return np.ones(group.size, dtype=bool)
    return np.asarray(evidence.parts[group] == part)


def _denied(truth: Array, known: Array, group: Array) -> Array:
    return np.asarray((known[group] & ~truth[group]).any(axis=0))


def _cases(count: int) -> str:
    return "case has" if count == 1 else "cases have"
