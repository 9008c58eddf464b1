"""Audit: what is wrong with the data, before anything is trained.

Enters: the cohort, what could be read of its inputs, its targets and, once
there is a split, the parts. Leaves: an `AuditReport` of findings that block,
warn or note, free of patient ids, file names and cell contents.
"""

from __future__ import annotations

from bedside.audit.examination import audit_cases
from bedside.audit.findings import AuditReport, Finding

__all__ = ["AuditReport", "Finding", "audit_cases"]
