"""The report of residual risk: what was found, how surely, and what a human should look at.

Enters: the journal's lines. Leaves: ``report.json`` (counts, no words) and ``review.jsonl``,
one place a line, with offsets into the copy; words only where they were asked for.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Iterable, Mapping
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
    forms: Counter[str] = Counter()
    left: Counter[str] = Counter()
    doubted: Counter[str] = Counter()
    replaced: dict[str, list[int]] = {}
    remarks: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    texts = number = 0
    worst: list[tuple[float, int, dict[str, Any]]] = []
    with atomic(output / "review.jsonl") as partial, partial.open("w", encoding="utf-8") as out:
        for line in lines:
            forms[line["form"]] += 1
            texts += line["texts"]
            left.update(line["left"])
            doubted.update(line["doubted"])
            remarks.update(line["remarks"])
            if line["left_out"]:
                left_out[line["left_out"]] += 1
            for kind, counts in line["replaced"].items():
                before = replaced.setdefault(kind, [0] * (len(BINS) + 1))
                replaced[kind] = [a + b for a, b in zip(before, counts, strict=True)]
            for doubt in line["doubts"]:
                entry = {"file": line["copy"], **doubt}
                out.write(json.dumps(entry, ensure_ascii=False) + "\n")
                number += 1
                item = (_worth(entry), -number, entry)
                if len(worst) < LISTED:
                    heapq.heappush(worst, item)
                else:
                    heapq.heappushpop(worst, item)
    report = {
        "promise": PROMISE,
        "files": dict(sorted(forms.items())),
        "texts": texts,
        "files_left_out": dict(left_out.most_common()),
        "replaced": {
            kind: {"count": sum(replaced[kind]), "by_confidence": _classes(replaced[kind])}
            for kind in (*KINDS, *sorted(set(replaced) - set(KINDS)))
            if kind in replaced
        },
        "left_as_they_are": dict(left.most_common()),
        "left_by_rule": sorted([*LEFT_AS_THEY_ARE, "age of 89 or less"]),
        "to_look_at": {
            why: {"count": doubted[why], "meaning": WHY.get(why, why)}
            for why in sorted(doubted, key=lambda why: -doubted[why])
        },
        "first_to_look_at": [entry for _, _, entry in sorted(worst, key=lambda i: (-i[0], -i[1]))],
        "remarks": dict(remarks.most_common()),
        "unsure_below": UNSURE,
        "words_shown": show,
        "key_made": key,
    }
    write_json(output / "report.json", report)
    return report


def _classes(counts: list[int]) -> dict[str, int]:
    names = [f"below {BINS[0]}", *(f"{low} or more" for low in BINS)]
    return {name: count for name, count in zip(names, counts, strict=True) if count}


def _worth(entry: Mapping[str, Any]) -> float:
    """How much a human's look is worth: what is left of a person most, weak finds next."""
    base = {"pixels": 4, "header": 3, "date-gone": 1, "column": 3, "unknown-word": 2, "number": 1.5}
    return base.get(entry["why"], 1) + (1 - float(entry.get("confidence") or 0)) / 2
