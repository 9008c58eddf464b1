"""Check of near copies among texts: one report twice, with some words left out or changed.

Enters: the evidence. Leaves: findings whose `pairs` say which row reads like which.
"""

from __future__ import annotations

import numpy as np

from bedside.audit.evidence import Evidence
from bedside.audit.findings import Finding
from bedside.audit.near_texts import find_near_texts
from bedside.schema import Array

CHECK = "near-copies-of-texts"


def near_copies_of_texts(evidence: Evidence) -> list[Finding]:
    """Texts of one part that another holds too, altered (warn); within a part (note)."""
    found = []
    for name in evidence.text_looks:
        rows = np.flatnonzero(evidence.inputs[name].readable)
        near = find_near_texts([str(sample.values) for sample in evidence.inputs[name].at(rows)])
        pairs = rows[near.pairs]
        apart = np.zeros(len(pairs), dtype=bool)
        if evidence.parts is not None:
            apart = np.asarray(evidence.parts[pairs[:, 0]] != evidence.parts[pairs[:, 1]])
        found += _finding(evidence, name, pairs[apart], apart=True)
        found += _finding(evidence, name, pairs[~apart], apart=False)
    return found


def _finding(evidence: Evidence, name: str, pairs: Array, *, apart: bool) -> list[Finding]:
    if not len(pairs):
        return []
    rows = list(dict.fromkeys(pairs.ravel().tolist()))  # pair beside pair, the most alike first
    where, remedy = "", ""
    if apart and evidence.parts is not None:
        tested = int((evidence.parts[pairs] == "test").any(axis=1).sum())
        where = f" in different parts ({tested} with a test case)"
        remedy = "Look at the pairs; leave copies out, or give one person one patient id."
    elif evidence.parts is not None:
        where = " within one part"
    message = (
        f"{evidence.spoken(name)}{len(pairs)} {'pair' if len(pairs) == 1 else 'pairs'} of texts"
        f"{where} that are nearly the same, and hardly any other text is."
    )
    return [
        evidence.finding(
            CHECK,
            "warn" if apart else "note",
            message,
            rows=rows,
            count=len(pairs),
            remedy=remedy,
            pairs=[(int(a), int(b)) for a, b in pairs],
            details=[] if evidence.parts is None else [str(evidence.parts[row]) for row in rows],
        )
    ]
