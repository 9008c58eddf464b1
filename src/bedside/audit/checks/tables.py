"""Checks of columns that a model is given as they are: what says the label, what means missing.

Enters: the evidence. Leaves: findings that name columns and counts, no cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from bedside.audit.asked import answers_of
from bedside.audit.checks.confounders import SAYS_IT, followed
from bedside.audit.given import given_columns
from bedside.data.columns_guess import missing_code

if TYPE_CHECKING:
    from bedside.audit.evidence import Evidence
    from bedside.audit.findings import Finding


def columns_that_tell(evidence: Evidence) -> list[Finding]:
    """Columns of an input that alone say the label nearly always (warn)."""
    answers, columns = answers_of(evidence), given_columns(evidence)
    if answers is None or not columns:
        return []
    found = [a for a in followed(evidence, answers, columns) if a.follows >= SAYS_IT]
    if not found:
        return []
    listed = ", ".join(f"'{a.name}' {a.follows:.2f}" for a in found)
    message = (
        f"Columns that the model is given and that alone say the label nearly always (AUROC): "
        f"{listed}. They may have been written down after the label was known."
    )
    remedy = "Leave them out of inputs, unless they are known before the label is."
    count = len(evidence.cohort)
    return [evidence.finding("telling-columns", "warn", message, count=count, remedy=remedy)]


def codes_for_missing(evidence: Evidence) -> list[Finding]:
    """Columns of an input in which one number lies far from all others, several times (warn)."""
    found = {}
    for name, cells in given_columns(evidence).items():
        if (code := missing_code(cells)) is not None:
            found[name] = (pd.to_numeric(cells, errors="coerce") == code).to_numpy(dtype=bool)
    if not found:
        return []
    listed = ", ".join(f"'{name}' in {int(rows.sum())} cases" for name, rows in found.items())
    message = f"One number far from all others, which may mean that nothing was measured: {listed}."
    remedy = "Name it under inputs.<name>.missing, unless it was measured."
    rows = sorted({int(row) for own in found.values() for row in own.nonzero()[0]})
    return [evidence.finding("missing-codes", "warn", message, rows=rows, remedy=remedy)]
