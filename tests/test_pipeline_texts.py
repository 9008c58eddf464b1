"""A study of texts from end to end: trained, compared, told, packaged, and asked in odd ways."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from bedside.cli import app
from bedside.data.synthetic.reports import make_reports
from bedside.deployment.predictor import load
from bedside.pipeline import Run, run
from bedside.study import Study

SECRET = "Zyxwvski"
WORDS: dict[str, Any] = {
    "name": "reports",
    "data": {"table": "reports.csv", "patient": "patient_id"},
    "inputs": {"findings": {"modality": "text", "column": "findings", "vocabulary": 4000}},
    "target": {"task": "classify", "column": "priority"},
    "model": {"encoders": {"findings": "bag"}},
    "training": {"epochs": 3, "precision": "float32"},
    "evaluation": {"bootstrap": 100},
    "device": "cpu",
    "threads": 1,
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("texts")
    table = make_reports(patients=90, seed=4).table
    named = np.arange(len(table)) % 90 == 0  # two texts, where the name stands again and again
    table["findings"] = table["findings"] + np.where(named, f" {SECRET}, {SECRET}, {SECRET}.", "")
    table.to_csv(folder / "reports.csv", index=False)
    (folder / "study.yaml").write_text(json.dumps(WORDS), encoding="utf-8")
    return run(Study.load(folder / "study.yaml"), folder / "run")


def test_it_is_compared_with_words_counted(finished: Run) -> None:
    metrics = finished.metrics
    assert set(metrics["models"]) == {"bag", "majority", "tfidf-logistic"}
    assert metrics["best_baseline"] == "tfidf-logistic"
    assert metrics["models"]["tfidf-logistic"]["auroc"]["value"] > 0.8


def test_no_text_stands_where_it_must_not(finished: Run) -> None:
    root = finished.folder.root
    allowed = {root / "report.html", root / "explanations" / "cases.json"}
    holding = {
        path
        for path in root.rglob("*")
        if path.is_file() and SECRET.lower().encode() in path.read_bytes().lower()
    }
    assert holding <= allowed  # the vocabulary travels, but not a word of two patients
    words = json.loads((root / "explanations" / "cases.json").read_text())
    shown = words["groups"][0]["cases"][0]["text"].split(". ")[0]
    assert shown in (root / "report.html").read_text(encoding="utf-8")
    told = CliRunner().invoke(app, ["report", str(root), "--no-cases", "-o", str(root / "c.html")])
    assert told.exit_code == 0, told.output
    assert shown not in (root / "c.html").read_text(encoding="utf-8")
    (root / "c.html").unlink()


def test_words_are_marked_and_stay_out_of_the_copy(finished: Run, tmp_path: Path) -> None:
    root = finished.folder.root
    (own,) = json.loads((root / "explanations" / "explanation.json").read_text())["inputs"]
    assert own["form"] == "text"
    assert {one["method"] for one in own["tested"]} >= {"integrated-gradients"}
    page = (root / "report.html").read_text(encoding="utf-8")
    assert '<mark class="for s4">' in page
    case = pd.read_csv(root / "predictions.csv")["case_id"][0]
    told = CliRunner().invoke(
        app, ["explain", str(root), "--case", str(case), "-o", str(tmp_path / "c.html")]
    )
    assert told.exit_code == 0, told.output
    assert "<mark class=" in (tmp_path / "c.html").read_text(encoding="utf-8")
    told = CliRunner().invoke(
        app, ["report", str(root), "--no-cases", "-o", str(tmp_path / "s.html")]
    )
    assert told.exit_code == 0, told.output
    shared = (tmp_path / "s.html").read_text(encoding="utf-8")
    assert "What the model looks at" in shared
    assert "<mark class=" not in shared


def test_the_package_answers_like_the_run(finished: Run, tmp_path: Path) -> None:
    root = finished.folder.root
    wanted = pd.read_csv(root / "predictions.csv")
    table = pd.read_csv(root.parent / "reports.csv")
    table[table["case_id"].isin(wanted["case_id"])].to_csv(tmp_path / "new.csv", index=False)
    found = load(root / "package").predict(tmp_path / "new.csv")
    assert [record["case"] for record in found] == wanted["case_id"].tolist()
    for column in ("probability_routine", "probability_soon", "probability_urgent"):
        answers = [record[column] for record in found]
        assert answers == pytest.approx(wanted[column].to_numpy(), abs=1e-4)


ODD = {
    "sound": "Large left pneumothorax.",
    "empty": "",
    "spanish": "Neumotórax izquierdo grande; corazón de tamaño normal. ¿Señal?",
    "control": "Large\x07 left\x1b pneumothorax.",
    "lines": "Large left\r\npneumothorax.",
    "emoji": "😀 漢字",
    "nul": f"{SECRET}\0",
    "long": "No effusion. " * 80_000,
}


def test_odd_notes_are_answered_or_refused_one_by_one(finished: Run, tmp_path: Path) -> None:
    table = pd.DataFrame({"case_id": list(ODD), "findings": list(ODD.values())})
    table.to_csv(tmp_path / "odd.csv", index=False)
    output = tmp_path / "out.csv"
    package = finished.folder.root / "package"
    told = CliRunner().invoke(
        app,
        [
            *("predict", str(package), str(tmp_path / "odd.csv"), "-o", str(output)),
            *("--on-error", "skip"),
        ],
    )
    assert SECRET not in told.output + output.read_text()
    found = pd.read_csv(output).set_index("case")
    assert found.loc["nul", "error"].startswith("row 8 of odd.csv: expected plain text, got a N")
    answered = found["probability_urgent"].dropna()
    assert set(answered.index) == set(ODD) - {"nul"}
    assert np.isfinite(answered).all()
    assert found.loc["control", "probability_urgent"] == pytest.approx(
        found.loc["lines", "probability_urgent"], abs=0.2
    )


ALONE = """
import sys
BLOCKED = {"torch", "pandas", "sklearn", "skimage", "matplotlib", "onnx", "onnxruntime"}
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ImportError(name)
sys.meta_path.insert(0, Blocker())
import bedside
(record,) = bedside.load(sys.argv[1]).predict(sys.argv[2])
sys.stdout.write(record["decision"])
"""


def test_a_text_file_is_answered_without_torch(finished: Run, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("Large left pneumothorax.", encoding="utf-8")
    package = finished.folder.root / "package"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ALONE, str(package), str(note)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout in {"routine", "soon", "urgent"}


def test_the_examples_show_the_beginning_of_texts(finished: Run) -> None:
    words = json.loads((finished.folder.root / "explanations" / "cases.json").read_text())
    texts = [case["text"] for group in words["groups"] for case in group["cases"]]
    assert texts
    assert all(isinstance(text, str) and len(text) < 510 for text in texts)
