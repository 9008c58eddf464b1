"""From prepared parts to an exam, and from a judgement to the run's files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bedside.data.cohort import Cohort
from bedside.data.split import Split
from bedside.evaluation.judge import judge_models
from bedside.evaluation.record import make_exam, write_judgement
from bedside.run_folder import RunFolder
from bedside.schema import Targets
from bedside.study import Study
from bedside.tasks.classify import Classify
from bedside.training.loader import Prepared
from bedside.training.preparation import Preparation

N = 90
PARTS = np.repeat(["train", "validation", "test"], N // 3)
WORDS: dict[str, Any] = {
    "name": "small",
    "data": {"table": "cases.csv"},
    "inputs": {"xray": {"modality": "image"}},
    "target": {"task": "classify", "positive": "ill"},
    "training": {"seed": 11},
    "split": {"seed": 13},
    "evaluation": {"bootstrap": 100, "subgroups": ["sex"]},
}


def cohort_of(*, patient: str | None) -> Cohort:
    cases = pd.DataFrame(
        {
            "case_id": [f"c{n}" for n in range(N)],
            "who": [f"p{n // 2}" for n in range(N)],
            "sex": ["F", "M", "M"] * (N // 3),
        }
    )
    return Cohort(cases, "cases.csv", first_row=2, patient=patient)


def preparation_of(rng: np.random.Generator) -> Preparation:
    truth = rng.integers(0, 2, (N, 1)).astype(np.float32)
    targets = Targets({"truth": truth, "known": truth > -1}, ("well", "ill"))
    rows = {part: np.flatnonzero(part == PARTS) for part in ("train", "validation", "test")}
    parts = {part: Prepared({}, targets.take(own), own) for part, own in rows.items()}
    return Preparation({}, parts)  # type: ignore[arg-type]


def write(folder: RunFolder, rng: np.random.Generator, *, patient: str | None) -> dict[str, Any]:
    study, cohort, preparation = Study.parse(WORDS), cohort_of(patient=patient), preparation_of(rng)
    exam = make_exam(study, cohort, preparation, task=Classify(positive="ill"))
    outputs = {
        name: {
            part: {"logits": rng.normal(2 * exam.targets[part].arrays["truth"] - 1, noise)}
            for part in ("validation", "test")
        }
        for name, noise in (("net", 1.0), ("peer", 3.0))
    }
    judgement = judge_models(exam, {"net": outputs["net"]}, {"peer": outputs["peer"]})
    split = Split(PARTS, "patient", seed=5, notes=("A note.",))
    facts = {"waived": [], "timing": {"train_seconds": 1.5}}
    write_judgement(folder, judgement, exam, materials=(study, cohort, split), facts=facts)
    found: dict[str, Any] = json.loads(folder.metrics.read_text())
    return found


def test_an_exam_holds_the_test_cases_and_the_words_of_the_study(rng: np.random.Generator) -> None:
    study = Study.parse(WORDS)
    exam = make_exam(study, cohort_of(patient="who"), preparation_of(rng), task=Classify())
    assert exam.ids.tolist() == [f"c{n}" for n in range(60, 90)]
    assert len(np.unique(exam.groups["test"])) == 15
    assert exam.attributes["test"]["sex"].tolist() == ["F", "M", "M"] * 10
    assert (exam.seed, exam.section.bootstrap) == (13, 100)
    assert exam.state["prevalence"] == pytest.approx(
        [exam.targets["train"].arrays["truth"].mean()], abs=1e-6
    )


def test_metrics_carry_study_split_and_facts(tmp_path: Path, rng: np.random.Generator) -> None:
    metrics = write(RunFolder(tmp_path), rng, patient="who")
    assert list(metrics)[:3] == ["study", "task", "seed"]
    expected = {
        "study": "small", "task": "classify", "seed": 11, "cases": 30, "patients": 15,
        "split_by": "patient", "split_notes": ["A note."], "waived": [],
        "timing": {"train_seconds": 1.5}, "deep": "net", "best_baseline": "peer",
    }  # fmt: skip
    assert {key: metrics[key] for key in expected} == expected
    assert metrics["subgroups"]["sex"]["F"]["patients"] == 10


def test_unknown_patients_are_null_not_counted(tmp_path: Path, rng: np.random.Generator) -> None:
    metrics = write(RunFolder(tmp_path), rng, patient=None)
    assert metrics["patients"] is None
    counts = [group["patients"] for group in metrics["subgroups"]["sex"].values()]
    assert counts == [None, None]
    assert "patient_id" not in (tmp_path / "predictions.csv").read_text()


def test_every_model_leaves_both_parts_and_the_deep_one_its_test_part(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    write(RunFolder(tmp_path), rng, patient="who")
    names = {path.name for path in (tmp_path / "predictions").iterdir()}
    assert names == {
        "replicates-test.npz",
        *(f"{m}-{p}.csv" for m in ("net", "peer") for p in ("validation", "test")),
    }
    assert (tmp_path / "predictions.csv").read_text() == (
        tmp_path / "predictions" / "net-test.csv"
    ).read_text()
    validation = pd.read_csv(tmp_path / "predictions" / "peer-validation.csv")
    assert list(validation["case_id"]) == [f"c{n}" for n in range(30, 60)]
