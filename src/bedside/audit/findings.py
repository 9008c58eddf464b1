"""What an audit found.

Enters: one finding a fault, from the checks. Leaves: an `AuditReport` and its
plain JSON form, ``audit.json``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

from bedside.audit.places import row_words
from bedside.errors import RunError

Severity: TypeAlias = Literal["block", "warn", "note"]
SEVERITIES: tuple[Severity, ...] = ("block", "warn", "note")
"""Gravest first: a run stops, a person should look, a person may want to know."""


@dataclass(frozen=True)
class Finding:
    """One fault or fact of the data.

    Args:
        check: name of the check that found it.
        severity: ``block`` stops a run, ``warn`` and ``note`` do not.
        message: one or two sentences; no patient id, file name or cell content.
        count: how many cases, or patients where the message says so.
        rows: all rows concerned, numbered as the user sees them.
        remedy: what to do; empty where nothing needs doing.
        pairs: pairs of rows that belong together, for copies.
        details: a few words on each of `rows`, where there is more to say than the row.
    """

    check: str
    severity: Severity
    message: str
    count: int
    rows: tuple[int, ...]
    remedy: str
    pairs: tuple[tuple[int, int], ...] = ()
    details: tuple[str, ...] = ()

    def where(self) -> list[str]:
        """Lines that say which rows, and what is said of each."""
        return row_words(self.rows, pairs=self.pairs, details=self.details)


@dataclass(frozen=True)
class AuditReport:
    """All findings, the gravest first, and plain facts of the cohort (JSON)."""

    findings: tuple[Finding, ...]
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def stops(self) -> list[str]:
        """What stops a run, a sentence or two each: what, where, what to do."""
        told = []
        for finding in self.blocking:
            where = "; ".join(finding.where())
            told.append(f"{finding.message} {where}. {finding.remedy}" if where else
                        f"{finding.message} {finding.remedy}")  # fmt: skip
        return told

    @property
    def rows_of(self) -> str:
        """Which rows are meant, as a sentence; blank where nobody said."""
        return f"Rows are those of {self.facts['rows_of']}." if "rows_of" in self.facts else ""

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that stop a run."""
        return tuple(f for f in self.findings if f.severity == "block")

    def to_json(self) -> dict[str, Any]:
        """Plain lists and dicts, as ``audit.json`` holds them."""
        return {"findings": [_words(finding) for finding in self.findings], "facts": self.facts}

    @classmethod
    def from_json(cls, words: Mapping[str, Any]) -> AuditReport:
        """Rebuild a report from its JSON form.

        Raises:
            RunError: a key is missing or a severity is unknown.
        """
        try:
            findings = tuple(_finding(entry) for entry in words["findings"])
            return cls(findings, dict(words["facts"]))
        except (KeyError, TypeError, ValueError):
            raise RunError(
                "audit.json: expected findings and facts as an audit writes them, got another "
                "form. Audit the study again."
            ) from None


def _words(finding: Finding) -> dict[str, Any]:
    """Plain JSON; pairs and details only where there are any."""
    words = asdict(finding) | {"rows": list(finding.rows)}
    pairs, details = words.pop("pairs"), words.pop("details")
    if pairs:
        words["pairs"] = [list(pair) for pair in pairs]
    if details:
        words["details"] = list(details)
    return words


def _finding(entry: Mapping[str, Any]) -> Finding:
    if entry["severity"] not in SEVERITIES:
        raise ValueError("unknown severity")
    return Finding(
        check=str(entry["check"]),
        severity=entry["severity"],
        message=str(entry["message"]),
        count=int(entry["count"]),
        rows=tuple(int(row) for row in entry["rows"]),
        remedy=str(entry["remedy"]),
        pairs=tuple((int(a), int(b)) for a, b in entry.get("pairs", ())),
        details=tuple(str(text) for text in entry.get("details", ())),
    )
