"""Check of labels that may be wrong: those a simple model confidently contradicts.

Enters: the evidence. Leaves: findings whose rows are ranked by doubt. Test labels are
left out: were they mended where a model doubts them, the test would favour such models.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bedside.audit.doubt import Doubt, doubt_labels
from bedside.audit.evidence import Evidence
from bedside.audit.findings import Finding
from bedside.schema import Array

FEWEST_OF_ONE = 20
MOST_LABELS = 20
TELLING = 0.75
"""Balanced accuracy from which the doubt of so simple a model is worth a look."""
SEED = 0


@dataclass(frozen=True)
class _Asked:
    """One label: its name, the rows asked about, their answers and the words for them."""

    name: str
    rows: Array
    labels: Array
    words: list[str]
    left_out: int


def likely_label_errors(evidence: Evidence) -> list[Finding]:
    """Labels that look wrong (warn), or why none can be doubted (note)."""
    described = evidence.described
    if described is None:
        return []
    rows, features, left_out = described.rows, described.features, described.left_out
    groups = evidence.cohort.groups()[rows]
    found = []
    for name, labels, words in _questions(evidence, rows):
        known = labels >= 0
        counts = np.bincount(labels[known], minlength=len(words))
        if counts.min() < FEWEST_OF_ONE:
            continue
        doubt = doubt_labels(features[known], labels[known], groups[known], seed=SEED)
        if doubt is None:
            continue
        own = rows[known]
        asked = _Asked(name, own, labels[known], words, left_out)
        found.append(_finding(evidence, doubt, asked))
    return found


def _questions(evidence: Evidence, rows: Array) -> Iterator[tuple[str, Array, list[str]]]:
    """Name of the label, (n,) integers with -1 for unknown, and the words for them."""
    truth = evidence.targets.arrays["truth"][rows] > 0.5
    known = evidence.targets.arrays["known"][rows].astype(bool)
    names = evidence.targets.names
    if evidence.kind == "classes":
        yield "", np.where(known.all(axis=1), truth.argmax(axis=1), -1), list(names)
        return
    if evidence.kind == "binary":
        yield "", np.where(known[:, 0], truth[:, 0], -1), list(names)
        return
    for column, name in list(enumerate(names))[:MOST_LABELS]:
        labels = np.where(known[:, column], truth[:, column], -1)
        yield f"'{name}': ", labels, [f"no {name}", name]


def _finding(evidence: Evidence, doubt: Doubt, asked: _Asked) -> Finding:
    name, rows = asked.name, asked.rows
    check = "label-errors"
    ending = f" {asked.left_out} cases, drawn by lot, were not looked at." if asked.left_out else ""
    if doubt.accuracy < TELLING:
        message = (
            f"{name}simple features tell the labels apart too poorly (balanced accuracy "
            f"{doubt.accuracy:.2f}, {TELLING} is asked for) to doubt single ones."
        )
        return evidence.finding(check, "note", message, count=rows.size)
    count = doubt.rows.size
    if not count:
        message = f"{name}no label of {rows.size} outside the test part looks wrong.{ending}"
        return evidence.finding(check, "note", message, count=0)
    message = (
        f"{name}{count} of {rows.size} labels outside the test part may be wrong: a simple model "
        f"that never saw them is sure of another (it is right in {doubt.accuracy:.0%} of the "
        f"cases, classes weighted alike). Rows are ranked by doubt.{ending}"
    )
    given = asked.labels[doubt.rows]
    details = [
        f"labelled {asked.words[int(own)]}, looks like {asked.words[int(said)]} ({_percent(share)})"
        for own, said, share in zip(given, doubt.likelier, doubt.probability, strict=True)
    ]
    remedy = "Look at these cases, the first rows first; some will be hard rather than wrong."
    return evidence.finding(
        check,
        "warn",
        message,
        rows=rows[doubt.rows],
        remedy=remedy,
        details=details,
    )


def _percent(share: float) -> str:
    """Never 100 %: the model is sure, nothing is certain."""
    return ">99%" if share > 0.99 else f"{share:.0%}"
