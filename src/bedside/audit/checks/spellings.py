"""Check of words that are one in meaning and several in writing: ``M`` and ``m ``.

Enters: the evidence. Leaves: a finding that names columns, counts and rows; no cell. A class
that is written in two ways becomes two classes, or falls to the negative ones.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from bedside.audit.evidence import Evidence
from bedside.audit.findings import Finding

if TYPE_CHECKING:
    import pandas as pd

MOST_WORDS = 50
"""A column of more different cells is no list of classes or groups."""
LISTED = 12


def varied_spellings(evidence: Evidence) -> list[Finding]:
    """Columns of few words, some of which differ from another in their writing only (warn)."""
    cohort = evidence.cohort
    used = {c for m in evidence.means.modalities.values() for c in m.columns_used()}
    left_out = {"case_id", cohort.patient, cohort.time, cohort.part, *used}
    rows: dict[str, np.ndarray] = {}
    for name, cells in cohort.cases.items():
        if name not in left_out and (rarer := _rarer_spellings(cells)).size:
            rows[str(name)] = rarer
    if not rows:
        return []
    listed = ", ".join(f"'{name}' {found.size}" for name, found in list(rows.items())[:LISTED])
    message = (
        "Cells that differ from a commoner one in capitals, blanks, decimals or the form of "
        f"accents only, by column: {listed}; they count as another class or group."
    )
    found = np.unique(np.concatenate(list(rows.values())))
    remedy = "Write them alike, unless the difference is meant."
    return [evidence.finding("spellings", "warn", message, rows=found, remedy=remedy)]


def _rarer_spellings(cells: pd.Series) -> np.ndarray:
    """Rows whose cell is a rarer spelling of another."""
    if str(cells.dtype) not in ("str", "object", "string"):
        return np.empty(0, dtype=np.int64)
    counts = Counter(cell for cell in cells.dropna() if isinstance(cell, str))
    if not 2 <= len(counts) <= MOST_WORDS:
        return np.empty(0, dtype=np.int64)
    alike: dict[str, list[str]] = {}
    for word, _ in counts.most_common():
        alike.setdefault(_plain(word), []).append(word)
    rarer = {word for words in alike.values() for word in words[1:]}
    return np.flatnonzero(cells.isin(rarer).to_numpy()) if rarer else np.empty(0, dtype=np.int64)


def _plain(word: str) -> str:
    """``" Früh "`` -> ``früh``, ``1.0`` -> ``1``."""
    plain = " ".join(unicodedata.normalize("NFC", word).casefold().split())
    try:
        return f"{float(plain):g}"
    except ValueError:
        return plain
