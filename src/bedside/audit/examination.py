"""The audit itself: every check over the same evidence.

Enters: the cohort, readings, targets and parts. Leaves: an `AuditReport`. A
check is one function ``Evidence -> list of Finding`` and one line in `CHECKS`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TypeAlias

from bedside.audit.evidence import Evidence, Means
from bedside.audit.facts import cohort_facts
from bedside.audit.findings import SEVERITIES, AuditReport, Finding
from bedside.data.cohort import Cohort
from bedside.errors import DataError, Problems, StudyError, nearest
from bedside.modalities.reading import Readings
from bedside.registry import Registry
from bedside.schema import PARTS, Array, Kind, Targets

Check: TypeAlias = Callable[[Evidence], list[Finding]]

CHECKS: Registry[Check] = Registry(
    "audit check",
    {
        "unreadable-files": "bedside.audit.checks.images:unreadable_files",
        "source": "bedside.audit.checks.images:source_notes",
        "unlisted-files": "bedside.audit.checks.unlisted:unlisted_files",
        "image-sizes": "bedside.audit.checks.images:image_sizes",
        "image-modes": "bedside.audit.checks.images:image_modes",
        "blank-images": "bedside.audit.checks.images:blank_images",
        "headers": "bedside.audit.checks.headers:header_faults",
        "headers-and-table": ("bedside.audit.checks.header_contradictions:headers_and_table"),
        "unknown-labels": "bedside.audit.checks.labels:unknown_labels",
        "class-balance": "bedside.audit.checks.labels:class_balance",
        "file-facts-and-labels": "bedside.audit.checks.labels:file_facts_and_labels",
        "copies-within-parts": "bedside.audit.checks.copies:copies_within_parts",
        "copies-across-parts": "bedside.audit.checks.copies:copies_across_parts",
        "copies-with-other-labels": "bedside.audit.checks.copies:copies_with_other_labels",
        "near-copies-across-parts": "bedside.audit.checks.near_copies:near_copies_across_parts",
        "near-copies-within-parts": "bedside.audit.checks.near_copies:near_copies_within_parts",
        "label-in-border": "bedside.audit.checks.borders:label_in_border",
        "confounders": "bedside.audit.checks.confounders:confounded_attributes",
        "columns-and-labels": "bedside.audit.checks.confounders:columns_and_labels",
        "enough-data": "bedside.audit.checks.enough_data:gain_of_more_data",
        "label-errors": "bedside.audit.checks.label_errors:likely_label_errors",
        "shift-parts": "bedside.audit.checks.shift:shift_between_parts",
        "shift-sites": "bedside.audit.checks.shift:shift_between_sites",
        "shift-columns": "bedside.audit.checks.shift_columns:shift_in_columns",
        "class-balance-sites": "bedside.audit.checks.shift:class_balance_by_site",
        "file-names": "bedside.audit.checks.identifiers:file_names",
        "identifying-columns": "bedside.audit.checks.identifiers:identifying_columns",
        "burned-in-text": "bedside.audit.checks.burned_text:burned_in_text",
        "missing-cells": "bedside.audit.checks.columns:missing_cells",
        "missing-labels": "bedside.audit.checks.columns:missing_labels",
        "telling-columns": "bedside.audit.checks.tables:columns_that_tell",
        "missing-codes": "bedside.audit.checks.tables:codes_for_missing",
        "constant-columns": "bedside.audit.checks.columns:constant_columns",
        "spellings": "bedside.audit.checks.spellings:varied_spellings",
        "repeated-rows": "bedside.audit.checks.columns:repeated_rows",
        "unit": "bedside.audit.checks.readings:wrong_unit",
        "impossible-readings": "bedside.audit.checks.readings:impossible_readings",
        "clock-jumps": "bedside.audit.checks.readings:clock_jumps",
        "repeated-readings": "bedside.audit.checks.readings:repeated_readings",
        "unordered-readings": "bedside.audit.checks.readings:unordered_readings",
        "constant-stretches": "bedside.audit.checks.readings:constant_stretches",
        "gaps": "bedside.audit.checks.readings:gaps",
        "text-lengths": "bedside.audit.checks.texts:text_lengths",
        "truncated-texts": "bedside.audit.checks.texts:truncated_texts",
        "text-characters": "bedside.audit.checks.texts:text_characters",
        "text-languages": "bedside.audit.checks.texts:text_languages",
        "unlike-texts": "bedside.audit.checks.unlike:unlike_texts",
        "identifiers-in-texts": "bedside.audit.checks.texts:identifiers_in_texts",
        "near-copies-of-texts": "bedside.audit.checks.near_texts:near_copies_of_texts",
        "target-in-texts": "bedside.audit.checks.texts:target_in_texts",
        "telling-words": "bedside.audit.checks.telling_words:words_that_tell",
        "patients": "bedside.audit.checks.patients:cases_per_patient",
        "patients-across-parts": "bedside.audit.checks.patients:patients_across_parts",
        "patient-attributes": "bedside.audit.checks.patients:contradictory_patients",
        "attributes": "bedside.audit.checks.patients:attribute_balance",
    },
)

OF_CASES = frozenset({
    *("unknown-labels", "class-balance", "file-facts-and-labels", "copies-with-other-labels"),
    *("label-errors", "shift-parts", "shift-sites", "class-balance-sites"),
    *("label-in-border", "confounders", "columns-and-labels", "enough-data"),
    *("telling-words", "telling-columns", "missing-labels"),
})  # fmt: skip
"""Checks that ask what class a case is, or describe cases of one size."""
WITHOUT_CLASSES = ("forecast", "summary", "mask", "entities", "language")
"""Kinds of target that those checks are not for."""

NEVER_WAIVED = {"patients-across-parts": "Say split: {by: case} to go on without patients"}
BLOCKING = frozenset({
    *("unreadable-files", "unknown-labels", "class-balance", "copies-across-parts"),
    *("unit", "impossible-readings", "clock-jumps", "repeated-readings"),
})  # fmt: skip
"""Checks of ours that may stop a run and be waived; the others never stop one."""


def audit_cases(
    cohort: Cohort,
    *,
    inputs: Mapping[str, Readings],
    targets: Targets,
    kind: Kind,
    parts: Array | None,
    by: str = "patient",
    waive: Collection[str] = (),
    means: Means | None = None,
) -> AuditReport:
    """Look for everything that would make a result wrong or worthless.

    Args:
        cohort: N cases.
        inputs: input name -> its readings, N samples.
        targets: ``truth`` and ``known`` (N, K).
        kind: of the targets.
        parts: (N,) of train, validation and test; None before a split.
        by: what the split keeps together: patient, site, time or case.
        waive: checks whose blocking findings a person has accepted: they warn
            instead, and ``facts["waived"]`` lists them.
        means: what the checks may use; without, those that need more are passed over.

    Raises:
        StudyError: `waive` names an unknown check, or one that cannot be waived.
        DataError: inputs, targets or parts are not of these N cases.
    """
    evidence = Evidence(cohort, inputs, targets, kind, parts, by, means or Means())
    _check_evidence(evidence)
    check_waivers(waive)
    names = [*CHECKS.table, *(name for name in CHECKS.names() if name not in CHECKS.table)]
    asked = [name for name in names if name not in OF_CASES or kind not in WITHOUT_CLASSES]
    found = [finding for name in asked for finding in CHECKS.load(name)(evidence)]
    waived = [f for f in found if f.severity == "block" and f.check in waive]
    findings = [_accepted(f) if f in waived else f for f in found]
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    facts = cohort_facts(evidence)
    facts["waived"] = [{"check": f.check, "message": f.message, "count": f.count} for f in waived]
    return AuditReport(tuple(findings), facts)


def _accepted(finding: Finding) -> Finding:
    message = f"{finding.message} This would stop a run; it was waived."
    return replace(finding, severity="warn", message=message)


def check_waivers(waive: Collection[str]) -> None:
    """Refuse waivers that name no check, or one where they would do nothing.

    Raises:
        StudyError: every such name, with the way out.
    """
    problems, names = Problems(StudyError), CHECKS.names()
    useful = [name for name in names if name in BLOCKING or name not in CHECKS.table]
    for name in waive:
        if name not in names:
            problems.found.append(
                f"audit.waive: unknown audit check '{name}'. {nearest(name, useful)}"
            )
        elif name in NEVER_WAIVED or (name in CHECKS.table and name not in BLOCKING):
            problems.add(
                "audit.waive",
                expected=f"checks that may be waived ({', '.join(sorted(BLOCKING))})",
                got=f"'{name}'",
                remedy=NEVER_WAIVED.get(name, "It never stops a run: leave it out"),
            )
    problems.raise_if_any()


def _check_evidence(evidence: Evidence) -> None:
    cases = len(evidence.cohort)
    lengths = {f"input '{name}'": len(r.samples) for name, r in evidence.inputs.items()}
    lengths |= {f"targets '{name}'": len(a) for name, a in evidence.targets.arrays.items()}
    problems = Problems(DataError)
    if evidence.parts is not None:
        lengths["parts"] = len(evidence.parts)
        if not set(evidence.parts.tolist()) <= set(PARTS):
            problems.add(
                "parts",
                expected=", ".join(PARTS),
                got="another word",
                remedy="Leave out the cases that are in no part",
            )
    for where, length in lengths.items():
        if length != cases:
            remedy = "Read inputs, targets and parts from the same cohort"
            problems.add(where, expected=f"{cases} cases", got=str(length), remedy=remedy)
    problems.raise_if_any()
