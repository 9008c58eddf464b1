"""The demo: built-in studies on made-up patients, small enough for a laptop.

Enters: a folder. Leaves: one run folder per study, with a report to open.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedside.data import synthetic
from bedside.pipeline import Run, run
from bedside.study import Study

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedside.progress import Progress

CHEST_XRAY: dict[str, Any] = {
    "name": "chest-xray",
    "data": {
        "synthetic": "chest-xray", "patient": "patient_id", "site": "hospital", "patients": 600,
    },
    "inputs": {"xray": {"modality": "image", "column": "image", "size": [64, 64]}},
    "target": {"task": "classify", "column": "label", "positive": "nodule"},
    "evaluation": {"subgroups": ["sex", "hospital", "view"]},
    "about": {
        "question": "Does this chest X-ray show a nodule?",
        "intended_use": "A demonstration on made-up patients; of no use for real ones.",
    },
}  # fmt: skip
GLUCOSE: dict[str, Any] = {
    "name": "glucose",
    "data": {
        "synthetic": "glucose", "patient": "patient", "time": "time", "patients": 30, "days": 14,
    },
    "inputs": {
        "glucose": {
            "modality": "signal", "column": "glucose", "unit": "mg/dL", "every_minutes": 5,
            "history_minutes": 180, "known_ahead": ["carbohydrate"],
        },
    },
    "target": {"task": "forecast", "horizon_minutes": 60, "score_every_minutes": 15},
    "split": {"by": "time_within_patient", "held_out_patients": 0.2},
    "about": {
        "question": "What will glucose do in the next hour, if the next meal is known?",
        "intended_use": "A demonstration on made-up patients; of no use for real ones.",
    },
}  # fmt: skip
REPORTS: dict[str, Any] = {
    "name": "reports",
    "data": {
        "synthetic": "reports", "patient": "patient_id", "site": "hospital", "patients": 400,
    },
    "inputs": {
        "findings": {"modality": "text", "column": "findings"},
        "indication": {"modality": "text", "column": "indication"},
    },
    "target": {"task": "summarise", "column": "impression", "source": "findings"},
    "training": {"epochs": 18},  # made-up reports are learnt by then; real ones take more
    "evaluation": {
        "subgroups": ["hospital"],
        "lexicon": str(Path(synthetic.__file__).with_name("report_findings.json")),
    },
    "package": {"carry_cases": True},
    "about": {
        "question": "What should the impression of this chest X-ray report say?",
        "intended_use": "A demonstration on made-up patients; of no use for real ones.",
    },
}  # fmt: skip
STUDIES = (CHEST_XRAY, GLUCOSE, REPORTS)


def run_demo(output: Path, *, progress: Progress) -> Iterator[Run]:
    """Run every built-in study into its own folder under `output`, resuming where one is there."""
    for words in STUDIES:
        study = Study.parse(words, where=f"demo {words['name']}")
        yield run(study, output / study.name, resume=True, progress=progress)
