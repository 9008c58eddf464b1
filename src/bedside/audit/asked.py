"""Which cases the small models of the audit look at, and what they are asked about them.

Enters: the evidence. Leaves: rows outside the test part, drawn by lot where there are many, and
answers as numbers. Test labels are left out: nothing that a person mends after an audit may
depend on them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bedside.audit.evidence import Evidence
from bedside.schema import Array

MOST_ANSWERS = 20
SEED = 0


@dataclass(frozen=True)
class Answers:
    """T answers of N cases.

    Args:
        names: T, as messages say them; blank of a binary label, which has one.
        values: (N, T) float64, 1 or 0, NaN where unknown.
    """

    names: tuple[str, ...]
    values: Array

    def said(self, column: int) -> str:
        """``'effusion': `` where there is more than one answer."""
        return f"'{self.names[column]}': " if self.names[column] else ""


def answers_of(evidence: Evidence) -> Answers | None:
    """The label, each class against the others, or each label; None where there is no class."""
    if evidence.kind not in ("binary", "classes", "labels"):
        return None
    truth = evidence.targets.arrays["truth"] > 0.5
    known = evidence.targets.arrays["known"].astype(bool)
    if evidence.kind == "classes":
        known = np.broadcast_to(known.all(axis=1, keepdims=True), truth.shape)
    names = tuple(evidence.targets.names) if evidence.kind != "binary" else ("",)
    values = np.where(known, truth.astype(float), np.nan)[:, :MOST_ANSWERS]
    return Answers(names[:MOST_ANSWERS], values)


def drawn(evidence: Evidence, rows: Array, *, most: int) -> Array:
    """Of some rows those outside the test part; so many by lot where there are more."""
    if evidence.parts is not None:
        rows = rows[evidence.parts[rows] != "test"]
    if rows.size <= most:
        return rows
    return np.sort(np.random.default_rng(SEED).choice(rows, most, replace=False))
