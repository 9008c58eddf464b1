"""Checks of who the cases are: patients and sites across parts, balance of attributes.

Enters: the evidence. Leaves: findings; they count patients and never name one.
"""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from bedside.audit.evidence import Evidence
from bedside.audit.findings import Finding, Severity
from bedside.schema import PARTS, Array

FAR = 0.5
"""Difference of mean ages, in standard deviations, that is worth a look."""
ENOUGH = 20
CROWDED_SHARE, CROWDED_TIMES = 0.2, 10
"""Share of all cases, and times the usual number, from which a patient has too many to be one."""
SEX_COLUMNS = {"sex", "gender", "patientsex", "patientgender"}


def cases_per_patient(evidence: Evidence) -> list[Finding]:
    """How many cases a patient has (note); none, one, or a crowded id (warn)."""
    patients = evidence.cohort.patients()
    if patients is None:
        message = (
            "No patient column: nobody can tell which cases belong to one person, so one may "
            "stand in training and in test."
        )
        remedy = "Name the column as data.patient; without one, results may be too good."
        count = len(evidence.cohort)
        return [evidence.finding("patients", "warn", message, count=count, remedy=remedy)]
    _, counts = np.unique(patients, return_counts=True)
    message = f"{counts.size} patients with {_each(counts)}."
    if counts.size == 1:
        message = f"One patient only, with {len(patients)} cases: no interval can be given, and "
        message += "nothing can be said of anybody else."
        remedy = "Add patients, or read the result as that of this patient alone."
        return [evidence.finding("patients", "warn", message, count=1, remedy=remedy)]
    found = [evidence.finding("patients", "note", message, count=int(counts.size))]
    most = int(counts.max())
    usual = float(np.median(counts))
    if most >= max(CROWDED_SHARE * counts.sum(), CROWDED_TIMES * usual, ENOUGH):
        rows = np.flatnonzero(np.unique(patients, return_inverse=True)[1] == counts.argmax())
        message = (
            f"One patient id stands for {most} of {int(counts.sum())} cases: it may be a word for "
            "nobody, such as anonymous or 0."
        )
        remedy = "If so, give these cases ids of their own, or leave them out."
        found.append(evidence.finding("patients", "warn", message, rows=rows, remedy=remedy))
    return found


def contradictory_patients(evidence: Evidence) -> list[Finding]:
    """Patients whose cases name more than one sex (warn): ids or cells may be mixed up."""
    patients = evidence.cohort.patients()
    if patients is None:
        return []
    found = []
    for column in _sexes(evidence):
        cells = evidence.cohort.cases[column].str.strip().str.lower().str[:1]
        several = cells.groupby(patients).nunique() > 1
        torn = np.isin(patients, several.index[several].to_numpy(dtype=str))
        if not torn.any():
            continue
        count = int(several.sum())
        who = "1 patient has" if count == 1 else f"{count} patients have"
        message = f"{who} cases of more than one sex (column '{column}')."
        remedy = "Look whether two people share an id, or cells are wrong."
        rows = np.flatnonzero(torn)
        found.append(
            evidence.finding(
                "patient-attributes", "warn", message, rows=rows, count=count, remedy=remedy
            )
        )
    return found


def _each(counts: Array) -> str:
    """``2 cases each``, ``1 to 66 cases each, median 2``."""
    low, high = int(counts.min()), int(counts.max())
    if low == high:
        return "1 case each" if low == 1 else f"{low} cases each"
    return f"{low} to {high} cases each, median {float(np.median(counts)):g}"


def patients_across_parts(evidence: Evidence) -> list[Finding]:
    """Patients with cases in more than one part: block, or warn where split by case."""
    patients = evidence.cohort.patients()
    if evidence.parts is None or patients is None:
        return []
    torn, pairs = _across(patients, evidence.parts)
    if not torn.size:
        return []
    severity: Severity = "warn" if evidence.by == "case" else "block"
    listed = ", ".join(f"{n} in {first} and {second}" for (first, second), n in pairs.items())
    subject = "1 patient has" if torn.size == 1 else f"{torn.size} patients have"
    message = f"{subject} cases in more than one part ({listed})."
    rows = np.flatnonzero(np.isin(patients, torn))
    remedy = "Remove split.column, so that the parts are made by patient, or correct the column."
    if severity == "warn":
        message += " The study splits by case, so the result may be too good for new patients."
        remedy = "Split by patient: split: {by: patient}."
    return [
        evidence.finding(
            "patients-across-parts",
            severity,
            message,
            rows=rows,
            count=int(torn.size),
            remedy=remedy,
        )
    ]


def attribute_balance(evidence: Evidence) -> list[Finding]:
    """How far site, sex and age differ between training and the other parts (note, warn)."""
    if evidence.parts is None:
        return []
    found = _ages(evidence)
    for column in _attributes(evidence):
        cells = evidence.cohort.cases[column]
        missing = int(cells.isna().sum())
        shares = {
            part: cells.iloc[rows].dropna().value_counts(normalize=True)
            for part, rows in evidence.rows_by_part().items()
        }
        gaps = [
            f"{part} {float(shares['train'].sub(own, fill_value=0).abs().sum()) / 2:.0%}"
            for part, own in shares.items()
            if part != "train" and len(own) and len(shares["train"])
        ]
        message = (
            f"'{column}': share of cases that would have to change to look like training: "
            f"{', '.join(gaps) or 'not known'}; "
            f"missing in {missing} {'case' if missing == 1 else 'cases'}."
        )
        found.append(
            evidence.finding("attributes", "note", message, rows=np.flatnonzero(cells.isna()))
        )
    return found


def _ages(evidence: Evidence) -> list[Finding]:
    """Difference of mean ages in standard deviations of the training part."""
    import pandas as pd

    found = []
    for column in map(str, evidence.cohort.cases.columns):
        cells = evidence.cohort.cases[column]
        if "age" not in re.split(r"[^a-z]+", _spaced(column)):
            continue
        ages = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=float)
        if 2 * np.isfinite(ages).sum() < len(ages):
            continue
        by_part = {p: ages[r][np.isfinite(ages[r])] for p, r in evidence.rows_by_part().items()}
        spread = float(np.std(by_part["train"])) if by_part["train"].size > 1 else 0.0
        if not spread:
            continue
        gaps = {
            part: float(own.mean() - by_part["train"].mean()) / spread
            for part, own in by_part.items()
            if part != "train" and own.size
        }
        far = [p for p, gap in gaps.items() if abs(gap) >= FAR and by_part[p].size >= ENOUGH]
        listed = ", ".join(f"{part} {gap:+.2f}" for part, gap in gaps.items())
        message = (
            f"'{column}': mean against training, in standard deviations: {listed or 'not known'}."
        )
        remedy = "Split again, or report results by age." if far else ""
        severity: Severity = "warn" if far else "note"
        count = int(np.isfinite(ages).sum())
        found.append(evidence.finding("attributes", severity, message, count=count, remedy=remedy))
    return found


def _spaced(column: str) -> str:
    """``PatientAge`` -> ``patient age``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).lower()


def _across(patients: Array, parts: Array) -> tuple[Array, dict[tuple[str, str], int]]:
    """Patients in several parts, and how many are in each two of them."""
    members = {part: np.unique(patients[parts == part]) for part in PARTS}
    pairs: Counter[tuple[str, str]] = Counter()
    torn = np.array([], dtype=patients.dtype)
    for position, first in enumerate(PARTS):
        for second in PARTS[position + 1 :]:
            shared = np.intersect1d(members[first], members[second])
            torn = np.union1d(torn, shared)
            if shared.size:
                pairs[first, second] = int(shared.size)
    return torn, dict(pairs)


def _sexes(evidence: Evidence) -> list[str]:
    columns = [str(column) for column in evidence.cohort.cases.columns]
    return [c for c in columns if "".join(filter(str.isalpha, c)).lower() in SEX_COLUMNS]


def _attributes(evidence: Evidence) -> list[str]:
    """Columns that say site or sex."""
    sexes, site = _sexes(evidence), evidence.cohort.site
    return sexes if site is None or site in sexes else [site, *sexes]
