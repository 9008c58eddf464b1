"""Plain facts of a cohort, for the report and the model card.

Enters: the evidence. Leaves: counts as plain JSON; names of columns and classes,
but no patient id, file name or cell content.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from bedside.audit.evidence import WHOLE, Evidence
from bedside.modalities.reading import Readings
from bedside.schema import Array

SHOWN = 10


def cohort_facts(evidence: Evidence) -> dict[str, Any]:
    """Count cases, patients, parts, classes, unknown labels, image shapes and blanks."""
    curve = evidence.learning_curve
    return {
        "rows_of": evidence.cohort.source,
        "cases": len(evidence.cohort),
        "patients": _patients(evidence, np.arange(len(evidence.cohort))),
        "parts": _parts(evidence),
        "classes": _classes(evidence),
        "unknown": _unknown(evidence),
        "inputs": {name: _input(evidence, name, r) for name, r in evidence.inputs.items()},
        "attributes": _attributes(evidence),
        "learning_curve": None if curve is None else curve.to_json(),
    }


def file_kind(source: Any) -> tuple[str, str, int]:
    """Format, colour mode and bits of a source, as its reader tells them."""
    mode = source.get("mode") or source.get("photometric") or ""
    return str(source.get("format") or ""), str(mode), int(source.get("bits") or 0)


def _patients(evidence: Evidence, rows: Array) -> int | None:
    patients = evidence.cohort.patients()
    return None if patients is None else int(np.unique(patients[rows]).size)


def _parts(evidence: Evidence) -> dict[str, Any]:
    if evidence.parts is None:
        return {}
    return {
        part: {"cases": int(rows.size), "patients": _patients(evidence, rows)}
        for part, rows in evidence.rows_by_part().items()
    }


def _classes(evidence: Evidence) -> dict[str, dict[str, int]]:
    """Part -> class or label -> cases known to be it; ``all`` for the whole cohort."""
    answers = evidence.answers
    if evidence.kind == "labels":
        answers = {name: answers[f"{name} present"] for name in evidence.targets.names}
    everything = {"all": np.arange(len(evidence.cohort))}
    parts = {p: rows for p, rows in evidence.rows_by_part().items() if p != WHOLE}
    return {
        part: {name: int(is_it[rows].sum()) for name, is_it in answers.items()}
        for part, rows in {**everything, **parts}.items()
    }


def _unknown(evidence: Evidence) -> dict[str, int]:
    unknown = ~evidence.targets.arrays["known"].astype(bool)
    if evidence.kind == "labels":
        counts = unknown.sum(axis=0).tolist()
        return dict(zip(evidence.targets.names, counts, strict=True))
    return {"label": int(unknown.any(axis=1).sum())}


def _input(evidence: Evidence, name: str, readings: Readings) -> dict[str, Any]:
    facts: dict[str, Any] = {"unreadable": int((~readings.readable).sum())}
    images = evidence.images.get(name)
    if images:
        shapes = Counter(tuple(int(n) for n in s.geometry.shape) for s in images.values())
        kinds = Counter(file_kind(s.geometry.source) for s in images.values())
        facts["shapes"] = [
            {"shape": list(shape), "cases": cases} for shape, cases in shapes.most_common(SHOWN)
        ]
        facts["modes"] = [
            {"format": form, "mode": mode, "bits": bits, "cases": cases}
            for (form, mode, bits), cases in kinds.most_common(SHOWN)
        ]
    return facts


def _attributes(evidence: Evidence) -> dict[str, dict[str, int]]:
    cohort = evidence.cohort
    return {
        str(column): {"missing": int(cells.isna().sum())}
        for column, cells in cohort.cases.items()
        if column not in ("case_id", cohort.patient, cohort.part)
    }
