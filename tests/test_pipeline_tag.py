"""A study of entities from end to end: trained, compared, told, packaged, asked without torch."""

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

import bedside
from bedside.cli import app
from bedside.deployment.predictor import load
from bedside.pipeline import Run, run
from bedside.study import Study

SECRET = "Zyxwvski"
WORDS: dict[str, Any] = {
    "name": "diseases",
    "data": {"annotated": ["train.tsv", "devel.tsv", "test.tsv"]},
    "inputs": {"note": {"modality": "text", "spelling": True}},
    "target": {"task": "tag"},
    "split": {"by": "case", "column": "part"},
    "training": {"epochs": 6, "batch_size": 16, "learning_rate": 5e-3, "precision": "float32"},
    "evaluation": {"bootstrap": 100},
    "device": "cpu",
    "threads": 1,
}
STEMS = ("gastr", "arthr", "col", "neur", "derm", "nephr", "hepat", "cyst", "bronch", "tonsill")
DRUGS = ("aspirin", "ibuprofen", "heparin", "insulin")


def lines(rng: np.random.Generator, count: int, stems: tuple[str, ...]) -> str:
    """Sentences in which what ends in -itis, or follows "severe", is a disease."""
    found = []
    for _ in range(count):
        disease = [f"{rng.choice(stems)}itis"]
        if rng.random() < 0.4:
            disease = ["severe", *disease]
        tags = ["B-Disease", "I-Disease"][: len(disease)]
        drug = str(rng.choice(DRUGS))
        words = ["Patient", "with", *disease, "takes", drug, "since", str(rng.integers(1, 30))]
        marks = ["O", "O", *tags, "O", "B-Drug", "O", "O"]
        if rng.random() < 0.3:
            words, marks = ["The", "bite", "of", "May", drug], ["O"] * 4 + ["B-Drug"]
        found.append("\n".join(f"{w}\t{m}" for w, m in zip(words, marks, strict=True)))
    return "\n\n".join(found) + "\n"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("tags")
    rng = np.random.default_rng(2)
    for name, count, stems in (
        ("train", 300, STEMS[:7]),
        ("devel", 60, STEMS),
        ("test", 200, STEMS),
    ):
        content = lines(rng, count, stems)
        if name == "train":
            content += f"\n{SECRET}\tO\ntakes\tO\naspirin\tB-Drug\n"
        (folder / f"{name}.tsv").write_text(content, encoding="utf-8")
    (folder / "study.yaml").write_text(json.dumps(WORDS), encoding="utf-8")
    return run(Study.load(folder / "study.yaml"), folder / "run")


def test_it_learns_and_is_compared(finished: Run) -> None:
    metrics = finished.metrics
    assert set(metrics["models"]) == {"spelling-lstm", "dictionary", "linear-chain"}
    deep = metrics["models"]["spelling-lstm"]
    assert deep["entity_f1"]["value"] > 0.9
    assert deep["entity_f1"]["value"] > metrics["models"]["dictionary"]["entity_f1"]["value"]
    assert metrics["labels"] == {"Disease": pytest.approx(140, abs=25), "Drug": 200}
    assert {f"entity_f1_{name}" for name in metrics["labels"]} <= set(deep)
    assert metrics["primary"] == "entity_f1"


def test_the_report_shows_texts_and_the_copy_does_not(finished: Run) -> None:
    root = finished.folder.root
    page = (root / "report.html").read_text(encoding="utf-8")
    assert 'class="entity found"' in page
    assert "Entity F1" in page
    assert "not with pieces" not in page
    told = CliRunner().invoke(app, ["report", str(root), "--no-cases", "-o", str(root / "c.html")])
    assert told.exit_code == 0, told.output
    assert (
        'class="entity found"'
        not in (root / "c.html").read_text(encoding="utf-8").split("</p>", 1)[1]
    )
    (root / "c.html").unlink()


def test_what_an_entity_was_named_by_is_shown(finished: Run, tmp_path: Path) -> None:
    """Of the entities of these sentences the word itself says most."""
    root = finished.folder.root
    record = json.loads((root / "explanations" / "explanation.json").read_text(encoding="utf-8"))
    (own,) = record["inputs"]
    assert (record["kind"], own["form"], own["method"]) == ("entities", "text", "occlusion")
    assert [one["method"] for one in own["tested"]] == ["occlusion"]
    assert len(own["looks"]) == len(record["cases"]) > 0
    for look in own["looks"]:
        label = record["names"][look["which"]].removeprefix("the surest word of ")
        strong = [p["text"] for p in look["pieces"] if (p["side"], p["step"]) == ("for", 4)]
        assert any(word in DRUGS if label == "Drug" else word.endswith("itis") for word in strong)
        assert len(strong) <= 2
    case = record["cases"][0]["case"]
    page = CliRunner().invoke(
        app, ["explain", str(root), "--case", case, "-o", str(tmp_path / "case.html")]
    )
    assert page.exit_code == 0, page.output
    assert "the surest word of" in (tmp_path / "case.html").read_text(encoding="utf-8")


def test_no_word_of_training_travels(finished: Run) -> None:
    package = finished.folder.root / "package"
    for path in package.rglob("*"):
        if path.is_file():
            content = path.read_bytes().lower()
            assert SECRET.lower().encode() not in content
            assert b"gastritis" not in content


ASK = """
import sys
BLOCKED = {"torch", "pandas", "sklearn", "pycrfsuite", "tokenizers", "onnx", "onnxruntime"}
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ImportError(name)
sys.meta_path.insert(0, Blocker())
from bedside.deployment.predictor import load
import json
found = load(sys.argv[1], threads=1).predict(sys.argv[2])
print(json.dumps([[r["case"], r["entities"], r["count"]] for r in found]))
"""


def test_the_package_answers_like_the_run_without_torch(finished: Run, tmp_path: Path) -> None:
    root = finished.folder.root
    wanted = pd.read_csv(root / "predictions.csv")
    lines = (root.parent / "test.tsv").read_text(encoding="utf-8").split("\n\n")
    texts = [" ".join(line.split("\t")[0] for line in own.splitlines()) for own in lines]
    table = pd.DataFrame({"case_id": wanted["case_id"], "text": texts})
    table.to_csv(tmp_path / "new.csv", index=False)
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(root / "package"), str(tmp_path / "new.csv")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert len(found) == 200
    assert [row[0] for row in found] == wanted["case_id"].tolist()
    for (_, cell, count), theirs in zip(found, wanted["entities"], strict=True):
        ours, run_own = json.loads(cell), json.loads(theirs)
        assert [e[:3] for e in ours] == [e[:3] for e in run_own]
        assert [e[3] for e in ours] == pytest.approx([e[3] for e in run_own], abs=1e-3)
        assert count == len(ours)


ODD = {
    "plain": "Patient with uveitis takes heparin.",
    "empty": "",
    "signs": "... ---",
    "lines": "Patient with\r\nuveitis takes heparin.",
    "control": "Patient with\x07 uveitis takes heparin.",
    "long": "Patient with uveitis takes heparin. " * 300,
    "emoji": "😀 漢字 mit Übelkeit",
}


def test_odd_texts_get_an_answer(finished: Run, tmp_path: Path) -> None:
    pd.DataFrame({"case_id": list(ODD), "text": list(ODD.values())}).to_csv(
        tmp_path / "odd.csv", index=False
    )
    found = {
        record["case"]: json.loads(record["entities"])
        for record in load(finished.folder.root / "package", threads=1).predict(
            tmp_path / "odd.csv"
        )
    }
    assert set(found) == set(ODD)
    assert found["empty"] == []
    assert [e[2] for e in found["long"]] == ["Disease", "Drug"] * 300
    assert {ODD["long"][start:end] for start, end, *_ in found["long"]} == {"uveitis", "heparin"}
    assert [e[2] for e in found["plain"]] == ["Disease", "Drug"]
    for name in ("plain", "lines", "control"):
        text = ODD[name].replace("\r\n", "\n").replace("\x07", " ")
        assert [text[start:end] for start, end, *_ in found[name]] == ["uveitis", "heparin"]


def test_an_archive_of_notes_is_processed(finished: Run, tmp_path: Path) -> None:
    for name, text in ODD.items():
        (tmp_path / "notes").mkdir(exist_ok=True)
        (tmp_path / "notes" / f"{name}.txt").write_bytes(text.encode())
    package = finished.folder.root / "package"
    about = bedside.process([package], tmp_path / "notes", tmp_path / "r.jsonl", threads=1)
    lines = (tmp_path / "r.jsonl").read_text(encoding="utf-8").splitlines()
    records = {record["note"].removesuffix(".txt"): record for record in map(json.loads, lines)}
    assert set(records) == set(ODD)
    assert about["packages"][0]["name"] == "diseases"
    for name in ("plain", "lines", "control"):
        found = [(ODD[name][e["start"] : e["end"]], e["label"]) for e in records[name]["entities"]]
        assert found == [("uveitis", "Disease"), ("heparin", "Drug")]
    assert about["counts"]["entities"] >= 606
    assert about["counts"]["errors"] == 0
