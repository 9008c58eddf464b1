"""What was found in one file: counts and places, never words.

Enters: what was done to texts. Leaves: a `Tally`, one line of the journal, from which the
report of residual risk is made.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bedside.privacy.notes import Deidentified

BINS = (0.5, 0.6, 0.7, 0.8, 0.9)
"""Lower ends of the classes of confidence, but for the first."""
MOST_DOUBTS = 2000
"""Listed for one file; beyond it they are counted only."""


@dataclass
class Tally:
    """Counts of one file.

    Args:
        texts: how many were looked at.
        replaced: of each kind, by class of confidence: ``name`` -> six counts.
        left: found and left, by kind.
        doubts: places for a human, as JSON; in a table with row and column.
        doubted: how many of each reason, those beyond `MOST_DOUBTS` too.
        remarks: sentences about the file as a whole.
    """

    texts: int = 0
    replaced: dict[str, list[int]] = field(default_factory=dict)
    left: Counter[str] = field(default_factory=Counter)
    doubts: list[dict[str, Any]] = field(default_factory=list)
    doubted: Counter[str] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)

    def count(self, kind: str, confidence: float) -> None:
        """One replaced identifier."""
        place = sum(confidence >= low for low in BINS)
        self.replaced.setdefault(kind, [0] * (len(BINS) + 1))[place] += 1

    def doubt(self, why: str, entry: dict[str, Any]) -> None:
        """One place that a human should look at."""
        self.doubted[why] += 1
        if len(self.doubts) < MOST_DOUBTS:
            self.doubts.append({"why": why, **entry})

    def add(self, done: Deidentified, *, place: dict[str, Any], show: bool) -> None:
        """What was done to one text.

        Args:
            done: the text and its spans.
            place: row and column of a table; empty for a file.
            show: whether words may be told.
        """
        self.texts += 1
        for one in done.replaced:
            self.count(one.span.kind, one.span.confidence)
        self.left.update(span.kind for span in done.left)
        for doubt in done.doubts:
            entry = {
                **place,
                "start": doubt.start,
                "end": doubt.end,
                "kind": doubt.kind,
                "confidence": round(doubt.confidence, 2),
            }
            if show:
                entry["words"] = done.text[doubt.start : doubt.end]
            self.doubt(doubt.why, entry)

    def to_json(self) -> dict[str, Any]:
        """As a line of the journal holds it."""
        return {
            "texts": self.texts,
            "replaced": self.replaced,
            "left": dict(self.left),
            "doubts": self.doubts,
            "doubted": dict(self.doubted),
            "remarks": self.remarks,
        }
