"""Check of columns that differ between parts or sites: age, dose, device, anything else.

Enters: the evidence. Leaves: findings that name columns and the size of the difference; a
patient counts once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bedside.audit.attributes import describing_columns
from bedside.audit.checks.shift import SHIFTED_PARTS, SHIFTED_SITES
from bedside.audit.evidence import Evidence
from bedside.audit.findings import Finding
from bedside.audit.given import given_columns

if TYPE_CHECKING:
    import pandas as pd

    from bedside.schema import Array

FEWEST = 30
"""Patients on each side."""
CHANCE = 0.001
MOST_WORDS = 20
MOST_SITES = 12
LISTED = 8


def shift_in_columns(evidence: Evidence) -> list[Finding]:
    """Columns that tell a part from training, or a site from the others (warn).

    The measure is the AUROC of the column alone, 0.5 to 1: by rank for numbers, and of few
    words, halfway between the largest share that differs and one half.
    """
    found = []
    once = _one_a_patient(evidence)
    if evidence.parts is not None:
        sides = {
            part: (evidence.parts == part, evidence.parts == "train")
            for part in ("validation", "test")
        }
        told = _told(evidence, sides, once=once, least=SHIFTED_PARTS)
        if told:
            message = (
                f"Columns by which a part differs from training (AUROC, 0.5 is not at all): {told}."
            )
            remedy = "Split again, or report results by these columns."
            found.append(
                evidence.finding(
                    "shift-columns", "warn", message, count=len(evidence.cohort), remedy=remedy
                )
            )
    if evidence.cohort.site is not None:
        sites = evidence.cohort.cases[evidence.cohort.site]
        common = list(sites.value_counts().index[:MOST_SITES])
        # Sites are numbered: their names may stand in no message that is shared.
        sides = {
            f"site {number}": ((sites == site).to_numpy(), (sites != site).to_numpy())
            for number, site in enumerate(common, start=1)
        }
        told = _told(evidence, sides, once=once, least=SHIFTED_SITES) if len(common) > 1 else ""
        if told:
            message = (
                "Columns by which a site, counted from the largest, differs from all others "
                f"(AUROC, 0.5 is not at all): {told}."
            )
            remedy = "Test on a site that was left out of training: split: {by: site}."
            found.append(
                evidence.finding(
                    "shift-columns", "warn", message, count=len(evidence.cohort), remedy=remedy
                )
            )
    return found


def _told(
    evidence: Evidence, sides: dict[str, tuple[Array, Array]], *, once: Array, least: float
) -> str:
    """``'age' test 0.71, 'device' validation 0.80``, the largest first."""
    found = []
    columns = describing_columns(evidence.cohort, evidence.means.modalities)
    for name, cells in {**columns, **given_columns(evidence)}.items():
        for side, (one, other) in sides.items():
            auroc = difference(cells, once & one, once & other)
            if auroc >= least:
                found.append((auroc, f"'{name}' {side} {auroc:.2f}"))
    found.sort(key=lambda pair: -pair[0])
    more = f" and {len(found) - LISTED} more" if len(found) > LISTED else ""
    return ", ".join(text for _, text in found[:LISTED]) + more if found else ""


def _one_a_patient(evidence: Evidence) -> Array:
    """(N,) bool: the first case of each patient and part."""
    groups = evidence.cohort.groups()
    parts = np.zeros(len(groups), dtype=int)
    if evidence.parts is not None:
        parts = np.unique(evidence.parts, return_inverse=True)[1]
    once = np.zeros(len(groups), dtype=bool)
    once[np.unique(np.stack([groups, parts]), axis=1, return_index=True)[1]] = True
    return once


def difference(cells: pd.Series, one: Array, other: Array) -> float:
    """AUROC of a column between two sides; 0 where it may be chance, or nothing is known."""
    import pandas as pd
    from scipy.stats import chi2_contingency, mannwhitneyu

    numbers = pd.to_numeric(cells, errors="coerce")
    known = cells.notna().to_numpy()
    if numbers.notna().sum() == known.sum() and numbers.nunique() > MOST_WORDS:
        values = numbers.to_numpy(dtype=float)
        a, b = values[one & known], values[other & known]
        if min(a.size, b.size) < FEWEST:
            return 0.0
        test = mannwhitneyu(a, b)
        auroc = float(test.statistic) / (a.size * b.size)
        return max(auroc, 1 - auroc) if test.pvalue < CHANCE else 0.0
    if not 2 <= cells.nunique() <= MOST_WORDS:
        return 0.0
    codes = cells.astype("category").cat.codes.to_numpy()
    table = np.stack([
        np.bincount(codes[side & known], minlength=int(codes.max()) + 1) for side in (one, other)
    ])  # fmt: skip
    table = table[:, table.sum(axis=0) > 0]
    if table.sum(axis=1).min() < FEWEST or table.shape[1] < 2:
        return 0.0
    shares = table / table.sum(axis=1, keepdims=True)
    apart = float(np.abs(shares[0] - shares[1]).sum()) / 2
    return (1 + apart) / 2 if float(chi2_contingency(table).pvalue) < CHANCE else 0.0
