"""What the audit found, and plain facts of the data, ready for the report.

Enters: a `Record`, of which ``audit.json`` may be missing or hold less. Leaves:
findings, the gravest first, and pairs of name and value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedside.audit.places import row_words
from bedside.reporting.formatting import count, counted, listed
from bedside.reporting.kinds import told

if TYPE_CHECKING:
    from bedside.reporting.record import Record

SHOWN_ROWS = 10
SHOWN_KINDS = 3


@dataclass(frozen=True)
class Finding:
    """One audit finding, ready to show; `severity` is ``block``, ``warn`` or ``note``."""

    severity: str
    check: str
    message: str
    count: str
    rows: tuple[str, ...]
    remedy: str


def findings(record: Record, *, rows: bool = True) -> list[Finding]:
    """The audit's findings, the gravest first; `rows` False leaves row references out."""
    order = {"block": 0, "warn": 1, "note": 2}
    found = [f for f in record.audit.get("findings") or [] if isinstance(f, Mapping)]
    found.sort(key=lambda f: order.get(str(f.get("severity")), 3))
    return [
        Finding(
            severity=str(entry.get("severity", "note")),
            check=str(entry.get("check", "")).replace("_", " ").replace("-", " "),
            message=str(entry.get("message", "")),
            count=count(entry["count"]) if entry.get("count") is not None else "",
            rows=_rows(entry) if rows else (),
            remedy=str(entry.get("remedy") or ""),
        )
        for entry in found
    ]


def _rows(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Lines that say where to look."""
    found = {key: entry.get(key) or [] for key in ("rows", "pairs", "details")}
    if not all(isinstance(values, list) for values in found.values()):
        return ()
    pairs = [(a, b) for a, b in found["pairs"]]
    words = row_words(found["rows"], pairs=pairs, details=found["details"], shown=SHOWN_ROWS)
    return tuple(words)


def data_facts(record: Record) -> list[tuple[str, str]]:
    """Cases, patients, unknown labels and what the images are like, as far as known."""
    facts = record.audit.get("facts")
    if not isinstance(facts, Mapping) or not isinstance(facts.get("cases"), int):
        return []
    rows = f"{told(record).row}s".capitalize()
    found = [(rows, count(facts["cases"])), ("Patients", count(facts.get("patients")))]
    unknown = facts.get("unknown")
    if isinstance(unknown, Mapping) and any(unknown.values()):
        found.append(("Unknown labels", _unknown(unknown)))
    inputs = facts.get("inputs")
    for name, about in (inputs if isinstance(inputs, Mapping) else {}).items():
        if isinstance(about, Mapping):
            found += _input_facts(str(name), about)
    return found


def _unknown(unknown: Mapping[str, Any]) -> str:
    return listed(f"{name} {count(cases)}" for name, cases in unknown.items() if cases)


def _input_facts(name: str, about: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = []
    if about.get("unreadable"):
        found.append((f"{name}: unreadable", counted(int(about["unreadable"]), "file")))
    for key, words in (("shapes", "sizes"), ("modes", "file kinds")):
        entries = [e for e in about.get(key) or [] if isinstance(e, Mapping)]
        if entries:
            texts = [f"{_kind(entry)} ({count(entry.get('cases'))})" for entry in entries]
            found.append((f"{name}: {words}", listed(texts, shown=SHOWN_KINDS)))
    return found


def _kind(entry: Mapping[str, Any]) -> str:
    """``128 × 128``, or ``PNG L 8 bit``."""
    if isinstance(entry.get("shape"), list):
        return " × ".join(str(side) for side in entry["shape"])
    bits = f"{entry['bits']} bit" if entry.get("bits") else ""
    words = (str(entry.get("format") or "array"), str(entry.get("mode") or ""), bits)
    return " ".join(word for word in words if word)
