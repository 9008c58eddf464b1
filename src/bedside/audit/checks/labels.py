"""Checks of labels: unknown ones, rare classes, files that give the label away.

Enters: the evidence. Leaves: findings.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.stats.contingency import association

from bedside.audit.evidence import WHOLE, Evidence
from bedside.audit.facts import file_kind
from bedside.audit.findings import Finding
from bedside.audit.glance import Glance
from bedside.schema import Array

FEW = 10
"""Fewer cases of a class than this in a part say next to nothing about it."""
LISTED = 12
GIVEN_AWAY = 0.5
"""Cramér's V between a fact of the file and the label from which a model need not look further."""
ENOUGH_CASES = 50


def unknown_labels(evidence: Evidence) -> list[Finding]:
    """Unknown labels, per label (note); nothing known at all (block)."""
    known: Array = evidence.targets.arrays["known"].astype(bool)
    if not known.any():
        return [
            evidence.finding(
                "unknown-labels",
                "block",
                "No label of any case is known.",
                count=len(known),
                remedy="Check the target's column and its words for unknown.",
            )
        ]
    if evidence.kind != "labels":
        known = np.asarray(known.all(axis=1))[:, None]
    names = [f"'{n}'" for n in evidence.targets.names] if evidence.kind == "labels" else ["label"]
    found = []
    for name, column in zip(names, known.T, strict=True):
        rows = np.flatnonzero(~column)
        if not rows.size:
            continue
        message = (
            f"{name} unknown in {rows.size} of {column.size} cases; they are left out of training "
            "and scoring of it, never taken as negative."
        )
        found.append(evidence.finding("unknown-labels", "note", message, rows=rows))
    return found


def class_balance(evidence: Evidence) -> list[Finding]:
    """Cases of each class in each part (note); few of one (warn) or none (block)."""
    found = []
    notes, few = [], {}
    for part, rows in evidence.rows_by_part().items():
        if not rows.size:
            message = f"Part {part} has no case."
            remedy = "Add cases, or change the shares of the split."
            found.append(evidence.finding("class-balance", "block", message, remedy=remedy))
            continue
        counts = {name: int(is_it[rows].sum()) for name, is_it in evidence.answers.items()}
        found += _none(evidence, counts, part=part)
        notes.append(f"{part}: {_listed(counts)}")
        if rare := {name: n for name, n in counts.items() if 0 < n < FEW}:
            few[part] = rare
    if few:
        found.append(_few(evidence, few))
    if notes:
        message = f"Cases of each class; {'; '.join(notes)}."
        count = len(evidence.cohort)
        found.append(evidence.finding("class-balance", "note", message, count=count))
    return found


def file_facts_and_labels(evidence: Evidence) -> list[Finding]:
    """Facts of the file (kind, size) that go along with the label: a way to cheat (warn)."""
    found = []
    for name, images in evidence.images.items():
        rows = np.asarray(list(images))
        if rows.size < ENOUGH_CASES:
            continue
        for fact, values in _file_facts(images).items():
            told = [answer for answer in evidence.answers if _tells(evidence, rows, values, answer)]
            if not told:
                continue
            message = (
                f"{evidence.spoken(name)}the {fact} of the files goes along with "
                f"{', '.join(repr(answer) for answer in told[:LISTED])}; a model can learn the "
                "file instead of the disease."
            )
            remedy = "Export all classes the same way, or test on cases where they do not differ."
            found.append(
                evidence.finding(
                    "file-facts-and-labels",
                    "warn",
                    message,
                    count=rows.size,
                    remedy=remedy,
                )
            )
    return found


def _none(evidence: Evidence, counts: Mapping[str, int], *, part: str) -> list[Finding]:
    none = [name for name, n in counts.items() if n == 0]
    if not none:
        return []
    place = "The data" if part == WHOLE else f"Part {part}"
    message = f"{place} has no case of {', '.join(repr(name) for name in none)}."
    remedy = "Add cases, change the split, or leave this class out of the target."
    return [evidence.finding("class-balance", "block", message, count=0, remedy=remedy)]


def _few(evidence: Evidence, few: Mapping[str, Mapping[str, int]]) -> Finding:
    places = [
        f"{_listed(rare)}{'' if part == WHOLE else f' in {part}'}" for part, rare in few.items()
    ]
    message = f"Fewer than {FEW} cases of a class: {'; '.join(places)}."
    remedy = "Add cases or merge classes; what is said of so few is hardly more than chance."
    count = sum(n for rare in few.values() for n in rare.values())
    return evidence.finding("class-balance", "warn", message, count=count, remedy=remedy)


def _listed(counts: Mapping[str, int]) -> str:
    """``12 normal, 30 pneumonia``, the rarest twelve where there are more."""
    rarest = sorted(counts.items(), key=lambda item: item[1])[:LISTED]
    shown = [f"{n} {_quoted(name)}" for name, n in counts.items() if (name, n) in rarest]
    more = f" and {len(counts) - LISTED} more with more cases" if len(counts) > LISTED else ""
    return ", ".join(shown) + more


def _quoted(name: str) -> str:
    """A name in quotes where it would read as a number."""
    return f"'{name}'" if name[:1].isdigit() else name


def _file_facts(images: Mapping[int, Glance]) -> dict[str, Array]:
    """Fact -> (n,) integers, one a case."""
    kinds = [" ".join(map(str, file_kind(g.geometry.source))) for g in images.values()]
    pixels = np.array([np.prod(g.geometry.shape[:2] or (0,)) for g in images.values()])
    return {
        "kind": np.unique(kinds, return_inverse=True)[1],
        "size": (pixels > np.median(pixels)).astype(np.int64),
    }


def _tells(evidence: Evidence, rows: Array, values: Array, answer: str) -> bool:
    known = evidence.targets.arrays["known"].astype(bool)[rows].any(axis=1)
    if evidence.kind == "labels":
        name, _, form = answer.rpartition(" ")
        if form == "absent":
            return False  # present says the same
        known = evidence.targets.arrays["known"].astype(bool)[
            rows, evidence.targets.names.index(name)
        ]
    elif evidence.kind == "binary" and answer == evidence.targets.names[0]:
        return False  # the other class says the same
    is_it, values = evidence.answers[answer][rows][known], values[known]
    table = np.zeros((int(values.max(initial=0)) + 1, 2), dtype=np.int64)
    np.add.at(table, (values, is_it.astype(np.int64)), 1)
    table = table[table.sum(axis=1) > 0]
    if min(table.shape) < 2 or (table.sum(axis=0) < FEW).any():
        return False
    return float(association(table, method="cramer")) >= GIVEN_AWAY
