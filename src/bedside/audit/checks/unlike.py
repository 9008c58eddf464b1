"""Check of texts unlike the rest: another language, another field, letters that became others.

Enters: the evidence. Leaves: findings that count texts and name rows, and never quote a word.
"""

from __future__ import annotations

import numpy as np

from bedside.audit.evidence import Evidence
from bedside.audit.findings import Finding
from bedside.audit.unlikeness import FALSE_ALARMS, FEWEST_TEXTS, find_unlike


def unlike_texts(evidence: Evidence) -> list[Finding]:
    """Texts whose words and letters the others do not lead to expect, the most unlike first.

    A warning where there are more than about one in a hundred, which usual texts explain, or
    where one is far out; else a note.
    """
    found = []
    for name in evidence.text_looks:
        rows = np.flatnonzero(evidence.inputs[name].readable)
        if rows.size < FEWEST_TEXTS:
            continue
        unlike = find_unlike([str(sample.values) for sample in evidence.inputs[name].at(rows)])
        if not unlike.rows.size:
            continue
        count = unlike.rows.size
        message = (
            f"{evidence.spoken(name)}{count} of {rows.size} texts {'is' if count == 1 else 'are'} "
            f"unlike the rest by {'its' if count == 1 else 'their'} words and letters, as those of "
            f"another field, language or encoding are; up to {FALSE_ALARMS:.0%} would be by chance."
        )
        found.append(
            evidence.finding(
                "unlike-texts",
                "warn" if unlike.striking else "note",
                message,
                rows=rows[unlike.rows],
                remedy="Read the first of them; leave out what does not belong to the question.",
            )
        )
    return found
