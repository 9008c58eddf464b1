"""A pretrained model from end to end: tuned further, told, packaged, run without its library."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bedside.data.synthetic.reports import make_reports
from bedside.errors import StudyError
from bedside.pipeline import Run, audit_study, run
from bedside.study import Study

from .pretrained_made import save_model

WORDS: dict[str, Any] = {
    "name": "reports",
    "data": {"table": "reports.csv", "patient": "patient_id"},
    "inputs": {
        "indication": {"modality": "text", "column": "indication"},
        "findings": {"modality": "text", "column": "findings", "length": 48},
    },
    "target": {
        **{"task": "summarise", "column": "impression", "source": "findings"},
        **{"drawn": 2, "longest": 16},
    },
    "model": {"pretrained": "tiny-model"},
    "training": {"epochs": 12, "learning_rate": 0.01, "precision": "float32"},
    "baselines": ["lead", "commonest-summary"],
    "evaluation": {"bootstrap": 100},
    "device": "cpu",
    "threads": 1,
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("pretrained")
    table = make_reports(patients=60, seed=4).table
    table.to_csv(folder / "reports.csv", index=False)
    save_model(folder / "tiny-model", [*table["findings"], *table["impression"]], layers=1)
    (folder / "study.yaml").write_text(json.dumps(WORDS), encoding="utf-8")
    return run(Study.load(folder / "study.yaml"), folder / "run")


def test_it_is_trained_and_compared(finished: Run) -> None:
    metrics = finished.metrics
    assert metrics["deep"] == "pretrained"
    assert set(metrics["models"]) == {"pretrained", "lead", "commonest-summary"}
    epochs = [json.loads(line) for line in finished.folder.log.read_text().splitlines()]
    losses = [line["validation_loss"] for line in epochs if line["event"] == "epoch"]
    assert losses[-1] < 0.9 * losses[0]


def test_what_it_began_as_is_told(finished: Run) -> None:
    words = json.loads((finished.folder.root / "environment.json").read_text())
    assert words["training"]["pretrained"]["pretrained"] == {"model": "tiny-model", "kind": "t5"}
    told = finished.folder.report.read_text(encoding="utf-8")
    assert "Began as a pretrained model" in told
    assert "What that model was trained on is not known here" in told


def test_the_package_names_no_place_and_holds_the_models_own_vocabulary(finished: Run) -> None:
    package = finished.folder.package
    words = json.loads((package / "package.json").read_text())
    assert words["requires"] == ["text"]
    assert sorted(words["networks"]) == ["remember", "step"]
    place = str(finished.folder.root.parent)
    assert not [p for p in package.rglob("*") if p.is_file() and place.encode() in p.read_bytes()]
    state = json.loads((package / "state" / "findings.json").read_text())
    assert state["how"] == "pretrained"
    assert state["frame"] == {"before": [], "after": [1]}


def test_it_predicts_the_same_without_torch_and_transformers(finished: Run, tmp_path: Path) -> None:
    root = finished.folder.root
    wanted = pd.read_csv(root / "predictions.csv", keep_default_na=False)
    table = pd.read_csv(root.parent / "reports.csv")
    table[table["case_id"].isin(wanted["case_id"])].to_csv(tmp_path / "new.csv", index=False)
    code = (
        "import json, sys\n"
        "for name in ('torch', 'transformers', 'pandas', 'safetensors'):\n"
        "    sys.modules[name] = None\n"
        "from bedside.deployment.predictor import load\n"
        "records = load(sys.argv[1]).predict(sys.argv[2])\n"
        "print(json.dumps([(r['summary'], r['support']) for r in records]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(root / "package"), str(tmp_path / "new.csv")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [summary for summary, _ in found] == wanted["summary"].tolist()
    assert len({summary for summary, _ in found}) > 3
    origins = {origin for _, support in found for _, origin in json.loads(support)}
    assert origins == {"copied", "generated"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": {"pretrained": "./none"}}, r"model\.pretrained: expected the folder of a model"),
        ({"model": {"pretrained": "some/name"}}, r"fetch it once with: hf download NAME\."),
        (
            {"model": {"pretrained": "tiny-model", "encoders": {"findings": "transformer"}}},
            r"expected pretrained or encoders, got both",
        ),
        (
            {"target": {"task": "classify", "column": "priority"}},
            r"a target whose task is summarise, got 'classify'",
        ),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_read(
    finished: Run, change: dict[str, Any], message: str
) -> None:
    folder = finished.folder.root.parent
    words = {**WORDS, **change, "data": {"table": "reports.csv", "patient": "patient_id"}}
    (folder / "other.yaml").write_text(json.dumps(words), encoding="utf-8")
    with pytest.raises(StudyError, match=message):
        audit_study(Study.load(folder / "other.yaml"))
