"""Checks of the table itself: missing cells and labels, constant columns, repeated rows.

Enters: the evidence. Leaves: findings that name columns and count cases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bedside.audit.attributes import describing_columns
from bedside.audit.checks.shift_columns import MOST_SITES, difference
from bedside.audit.evidence import Evidence
from bedside.audit.findings import Finding
from bedside.audit.given import given_columns
from bedside.schema import Array

if TYPE_CHECKING:
    import pandas as pd

TELLING_GAP = 0.2
"""Difference in the share of missing cells from which missing says something."""
CHANCE = 0.001
FEWEST = 20
LISTED = 12
UNKNOWN_APART = 0.65
"""AUROC of a column from which it tells cases with a label from those without."""


def missing_cells(evidence: Evidence) -> list[Finding]:
    """Columns with blank cells (note); blank more often in one class, part or site (warn)."""
    missing = _missing(evidence)
    if not missing:
        return []
    most = sorted(missing.items(), key=lambda item: -int(item[1].sum()))
    listed = ", ".join(f"'{name}' {int(gone.sum())}" for name, gone in most[:LISTED])
    more = f" and {len(most) - LISTED} more columns" if len(most) > LISTED else ""
    rows = np.flatnonzero(np.any(list(missing.values()), axis=0))
    message = f"Blank cells by column, of {len(evidence.cohort)} cases: {listed}{more}."
    found = [evidence.finding("missing-cells", "note", message, rows=rows)]
    for what, groups, meaning in (
        ("class", _classes(evidence), "that a cell is blank gives the label away"),
        ("part", _parts(evidence), "the parts were not gathered alike"),
        ("site, counted from the largest,", _sites(evidence), "that a cell is blank tells where"),
    ):
        uneven = [words for name, gone in most if (words := _uneven(name, gone, groups))]
        if uneven:
            message = (
                f"Blank more often in one {what} than in another: {', '.join(uneven[:LISTED])}; "
                f"{meaning}."
            )
            remedy = "Find out why they are blank before these columns are used."
            found.append(
                evidence.finding(
                    "missing-cells", "warn", message, count=len(evidence.cohort), remedy=remedy
                )
            )
    return found


def missing_labels(evidence: Evidence) -> list[Finding]:
    """Labels that are unknown more often where a column says something else (warn)."""
    known = evidence.targets.arrays["known"].astype(bool)
    names = [f"'{name}'" for name in evidence.targets.names]
    if evidence.kind != "labels":
        known, names = known.all(axis=1, keepdims=True), ["the label"]
    columns = describing_columns(evidence.cohort, evidence.means.modalities)
    if evidence.cohort.site is not None:
        columns[evidence.cohort.site] = evidence.cohort.cases[evidence.cohort.site]
    told = []
    for column, cells in columns.items():
        if column in evidence.means.target_columns:
            continue  # its cells say that the label is unknown
        for name, own in zip(names, known.T, strict=True):
            if own.all():
                continue
            away = difference(cells, ~own, own)
            if away >= UNKNOWN_APART:
                told.append((away, f"{name} by '{column}' {away:.2f}"))
    if not told:
        return []
    told.sort(key=lambda pair: -pair[0])
    more = f" and {len(told) - LISTED} more" if len(told) > LISTED else ""
    message = (
        "Labels are not unknown by chance; columns that tell cases with one from those without "
        f"(AUROC, 0.5 is not at all): {', '.join(words for _, words in told[:LISTED])}{more}. "
        "What is learnt and scored is not like all cases."
    )
    remedy = "Find out why these labels are unknown; results hold for cases like the known ones."
    count = int((~known).any(axis=1).sum())
    return [evidence.finding("missing-labels", "warn", message, count=count, remedy=remedy)]


def constant_columns(evidence: Evidence) -> list[Finding]:
    """Columns that hold one value throughout (note): nothing can be learnt from them."""
    cases = evidence.cohort.cases
    if len(cases) < 2:
        return []
    known = (evidence.cohort.part, evidence.cohort.site, evidence.cohort.patient)
    names = [
        str(name)
        for name, cells in cases.items()
        if name not in known and cells.nunique(dropna=False) <= 1
    ]
    if not names:
        return []
    shown = ", ".join(f"'{name}'" for name in names[:LISTED])
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    message = f"The same value in every row, or none: {shown}{more}."
    return [evidence.finding("constant-columns", "note", message, count=len(names))]


def repeated_rows(evidence: Evidence) -> list[Finding]:
    """Rows that repeat another in every column but the case's id (warn)."""
    cohort = evidence.cohort
    columns = [name for name in cohort.cases.columns if name not in ("case_id", cohort.part)]
    if cohort.arrays or len(columns) < 2:
        return []
    cells = cohort.cases[columns].astype(str)
    again = cells.duplicated(keep=False).to_numpy()
    surplus = int(cells.duplicated().sum())
    if not surplus:
        return []
    rows = np.flatnonzero(again)
    groups = cells.iloc[rows].groupby(columns, sort=False).ngroup().to_numpy()
    rows = rows[np.argsort(groups, kind="stable")]
    message = (
        f"{surplus} surplus {'row repeats' if surplus == 1 else 'rows repeat'} another in every "
        "column; rows stand copy beside copy."
    )
    remedy = "Remove the repetitions, or add what tells these cases apart."
    return [
        evidence.finding("repeated-rows", "warn", message, rows=rows, count=surplus, remedy=remedy)
    ]


def _missing(evidence: Evidence) -> dict[str, Array]:
    """Column -> (N,) bool, for columns with blank cells that are not all blank."""
    cohort = evidence.cohort
    used = {c for m in evidence.means.modalities.values() for c in m.columns_used()}
    given = given_columns(evidence)
    left_out = {"case_id", cohort.patient, cohort.part, *(used - cohort.texts - set(given))}
    found = {}
    for name, cells in cohort.cases.items():
        gone = _blank(given.get(str(name), cells))
        if name not in left_out and gone.any() and not gone.all():
            found[str(name)] = gone
    return found


def _blank(cells: pd.Series) -> Array:
    gone = cells.isna()
    if cells.dtype == object or str(cells.dtype).startswith("str"):
        gone |= cells.astype(str).str.strip() == ""
    return np.asarray(gone, dtype=bool)


def _classes(evidence: Evidence) -> dict[str, Array]:
    return {f"'{name}'": is_it for name, is_it in evidence.answers.items() if is_it.any()}


def _parts(evidence: Evidence) -> dict[str, Array]:
    if evidence.parts is None:
        return {}
    return {part: evidence.parts == part for part in evidence.rows_by_part()}


def _sites(evidence: Evidence) -> dict[str, Array]:
    """Numbered from the largest: their names may stand in no message that is shared."""
    if evidence.cohort.site is None:
        return {}
    sites = evidence.cohort.cases[evidence.cohort.site]
    common = sites.value_counts().index[:MOST_SITES]
    return {f"site {n}": (sites == s).to_numpy() for n, s in enumerate(common, start=1)}


def _uneven(name: str, gone: Array, groups: dict[str, Array]) -> str:
    """``'age' (normal 2 %, pneumonia 40 %)``; empty where the shares are alike."""
    from scipy.stats import fisher_exact

    large = {word: own for word, own in groups.items() if own.sum() >= FEWEST}
    if len(large) < 2:
        return ""
    shares = {word: float(gone[own].mean()) for word, own in large.items()}
    low, high = min(shares, key=lambda w: shares[w]), max(shares, key=lambda w: shares[w])
    if shares[high] - shares[low] < TELLING_GAP:
        return ""
    table = np.array([[gone[large[w]].sum(), (~gone[large[w]]).sum()] for w in (low, high)])
    if float(fisher_exact(table).pvalue) >= CHANCE:
        return ""
    return f"column '{name}' ({low} {shares[low]:.0%}, {high} {shares[high]:.0%})"
