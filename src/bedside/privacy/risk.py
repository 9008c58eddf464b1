"""The report of residual risk: what was found, how surely, and what a human should look at.

Enters: the journal's lines. Leaves: ``report.json`` (counts, no words) and ``review.jsonl``,
one place a line, with offsets into the copy; words only where they were asked for.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bedside.privacy.spans import KINDS, LEFT_AS_THEY_ARE, UNSURE
from bedside.privacy.tally import BINS
from bedside.run_folder import atomic, write_json

LISTED = 200
WHY = {
    "unsure": "replaced by a weak rule: look whether it was an identifier, and all of it",
    "unknown-word": "a capitalised word inside a sentence that no dictionary has: a name?",
    "number": "four digits or more that were left",
    "date-order": "day and month could be swapped, so that the date moved wrongly",
    "date-gone": "a date that could not be moved; [date] stands there",
    "column": "a column that was copied as it is",
    "header": "text in a header that was cleaned by the rules for notes",
    "pixels": "lettering may be burned into the picture",
}
PROMISE = (
    "Rules find most identifiers, not all. This report says what was found; it cannot say what "
    "was missed. Let a human read a sample of the copies before anyone else gets them."
)


@dataclass
class _Sum:
    """The sum of the journal's lines, and the places that are worth a look most."""

    forms: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    doubted: Counter[str] = field(default_factory=Counter)
    remarks: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    replaced: dict[str, list[int]] = field(default_factory=dict)
    texts: int = 0
    number: int = 0
    worst: list[tuple[float, int, dict[str, Any]]] = field(default_factory=list)

    def add(self, line: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """One file; yields its places for a human."""
        self.forms[line["form"]] += 1
        self.texts += line["texts"]
        self.left.update(line["left"])
        self.doubted.update(line["doubted"])
        self.remarks.update(line["remarks"])
        if line["left_out"]:
            self.left_out[line["left_out"]] += 1
        for kind, counts in line["replaced"].items():
            before = self.replaced.setdefault(kind, [0] * (len(BINS) + 1))
            self.replaced[kind] = [a + b for a, b in zip(before, counts, strict=True)]
        for doubt in line["doubts"]:
            entry = {"file": line["copy"], **doubt}
            self.number += 1
            item = (_worth(entry), -self.number, entry)
            if len(self.worst) < LISTED:
                heapq.heappush(self.worst, item)
            else:
                heapq.heappushpop(self.worst, item)
            yield entry

    def to_json(self) -> dict[str, Any]:
        """As the report holds it."""
        kinds = (*KINDS, *sorted(set(self.replaced) - set(KINDS)))
        first = sorted(self.worst, key=lambda item: (-item[0], -item[1]))
        return {
            "promise": PROMISE,
            "files": dict(sorted(self.forms.items())),
            "texts": self.texts,
            "files_left_out": dict(self.left_out.most_common()),
            "replaced": {
                kind: {"count": sum(counts), "by_confidence": _classes(counts)}
                for kind in kinds
                if (counts := self.replaced.get(kind)) is not None
            },
            "left_as_they_are": dict(self.left.most_common()),
            "left_by_rule": sorted([*LEFT_AS_THEY_ARE, "age of 89 or less"]),
            "to_look_at": {
                why: {"count": count, "meaning": WHY.get(why, why)}
                for why, count in self.doubted.most_common()
            },
            "first_to_look_at": [entry for _, _, entry in first],
            "remarks": dict(self.remarks.most_common()),
            "unsure_below": UNSURE,
        }


def write_risk(
    output: Path, lines: Iterable[Mapping[str, Any]], *, show: bool, key: bool
) -> dict[str, Any]:
    """Write the report and the list for a human.

    Args:
        output: folder of the copies.
        lines: of the journal, one a file.
        show: whether words were asked for.
        key: whether a key was made.

    Returns:
        What ``report.json`` holds.
    """
    total = _Sum()
    with atomic(output / "review.jsonl") as partial, partial.open("w", encoding="utf-8") as out:
        for line in lines:
            for entry in total.add(line):
                out.write(json.dumps(entry, ensure_ascii=False) + "\n")
    report = {**total.to_json(), "words_shown": show, "key_made": key}
    write_json(output / "report.json", report)
    return report


def _classes(counts: list[int]) -> dict[str, int]:
    names = [f"below {BINS[0]}", *(f"{low} or more" for low in BINS)]
    return {name: count for name, count in zip(names, counts, strict=True) if count}


def _worth(entry: Mapping[str, Any]) -> float:
    """How much a human's look is worth: what is left of a person most, weak finds next."""
    base = {"pixels": 4, "header": 3, "date-gone": 1, "column": 3, "unknown-word": 2, "number": 1.5}
    return base.get(entry["why"], 1) + (1 - float(entry.get("confidence") or 0)) / 2
