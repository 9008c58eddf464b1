"""A study of language from end to end: trained, compared, told, packaged, asked without torch."""

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
from bedside.deployment.predictor import load
from bedside.errors import DataError
from bedside.pipeline import Run, run
from bedside.study import Study

SECRET = "Zyxwvski"
WORDS: dict[str, Any] = {
    "name": "expected",
    "data": {"table": "notes.csv", "patient": "who"},
    "inputs": {"note": {"modality": "text", "column": "note"}},
    "target": {"task": "language"},
    "split": {"by": "patient", "column": "part"},
    "training": {"epochs": 3, "batch_size": 16, "learning_rate": 1e-2, "precision": "float32"},
    "evaluation": {"bootstrap": 100, "subgroups": ["ward"]},
    "device": "cpu",
    "threads": 1,
}
WHERE = ("left base", "right apex", "lingula", "hilum")
WHAT = ("effusion", "opacity", "nodule", "edema", "consolidation")


def note(rng: np.random.Generator) -> str:
    """What follows on what hangs on the first word, which a single word before does not tell."""
    found = []
    for _ in range(rng.integers(1, 5)):
        if rng.random() < 0.5:
            found.append(f"No {rng.choice(WHAT)} seen.")
        else:
            found.append(f"Small {rng.choice(WHAT)} in the {rng.choice(WHERE)}.")
    return " ".join(found)


def table(folder: Path, counts: dict[str, int], *extra: str) -> Path:
    rng = np.random.default_rng(2)
    parts = [part for part, count in counts.items() for _ in range(count)]
    notes = [*extra, *(note(rng) for _ in range(len(parts) - len(extra)))]
    cases = pd.DataFrame({"note": notes, "part": parts, "who": range(len(parts))})
    cases["ward"] = np.where(cases["who"] % 2, "A", "B")
    cases.to_csv(folder / "notes.csv", index=False)
    (folder / "study.yaml").write_text(json.dumps(WORDS), encoding="utf-8")
    return folder / "study.yaml"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("language")
    path = table(folder, {"train": 220, "validation": 40, "test": 60}, f"{SECRET} was seen.")
    return run(Study.load(path), folder / "run")


def test_it_learns_and_is_compared(finished: Run) -> None:
    metrics = finished.metrics
    models = {name: own["perplexity"] for name, own in metrics["models"].items()}
    assert set(models) == {"onward-lstm", "unigram", "kneser-ney"}
    assert models["onward-lstm"]["value"] < 0.6 * models["unigram"]["value"]
    assert models["kneser-ney"]["value"] < 0.5 * models["unigram"]["value"]
    assert models["kneser-ney"]["low"] < models["kneser-ney"]["value"]
    assert (metrics["primary"], metrics["kind"]) == ("perplexity", "language")
    better = models[metrics["best_baseline"]]["value"] - models["onward-lstm"]["value"]
    assert metrics["difference"]["value"] == pytest.approx(better, abs=1e-4)
    assert set(metrics["subgroups"]["ward"]) == {"A", "B"}
    assert metrics["vocabulary"] < 40


def test_every_model_is_asked_for_the_same_tokens(finished: Run) -> None:
    root = finished.folder.root
    tables = [pd.read_csv(root / "predictions" / f"{name}-test.csv")
              for name in ("onward-lstm", "unigram", "kneser-ney")]  # fmt: skip
    for own in tables:
        assert own["tokens"].tolist() == tables[0]["tokens"].tolist()
        assert own["tokens"].sum() == finished.metrics["tokens"]


def test_the_report_shows_texts_and_the_copy_does_not(finished: Run) -> None:
    root = finished.folder.root
    page = (root / "report.html").read_text(encoding="utf-8")
    assert "Least expected" in page
    assert "Perplexity" in page
    assert "Learning curves" in page
    told = CliRunner().invoke(app, ["report", str(root), "--no-cases", "-o", str(root / "c.html")])
    assert told.exit_code == 0, told.output
    assert "the lowest perplexity" not in (root / "c.html").read_text(encoding="utf-8")
    (root / "c.html").unlink()


def test_no_rare_word_of_training_travels(finished: Run) -> None:
    for path in (finished.folder.root / "package").rglob("*"):
        assert not path.is_file() or SECRET.lower().encode() not in path.read_bytes().lower()


ASK = """
import sys
BLOCKED = {"torch", "pandas", "sklearn", "onnx", "onnxruntime"}
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ImportError(name)
sys.meta_path.insert(0, Blocker())
from bedside.deployment.predictor import load
import json
found = load(sys.argv[1], threads=1).predict(sys.argv[2])
print(json.dumps([[r["perplexity"], r["tokens"], r["least_expected"]] for r in found]))
"""


def test_the_package_answers_like_the_run_without_torch(finished: Run, tmp_path: Path) -> None:
    root = finished.folder.root
    wanted = pd.read_csv(root / "predictions.csv")
    cases = pd.read_csv(root.parent / "notes.csv").query("part == 'test'")
    cases.to_csv(tmp_path / "new.csv", index=False)
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(root / "package"), str(tmp_path / "new.csv")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert [row[0] for row in found] == pytest.approx(wanted["perplexity"].tolist(), rel=1e-3)
    assert [row[1] for row in found] == wanted["tokens"].tolist()
    for (_, _, cell), own, text in zip(found, wanted["least_expected"], cases["note"], strict=True):
        first, theirs = json.loads(cell)[0], json.loads(own)[0]
        assert first[2] == pytest.approx(theirs[2], abs=0.02)
        assert text[first[0] : first[1]].strip() == text[first[0] : first[1]] != ""


ODD = {
    "empty": "",
    "signs": "... ---",
    "unknown": "Qwertz uiop asdf ghjk.",
    "one": "effusion",
    "long": "No effusion seen. " * 60_000,
    "emoji": "😀 漢字 mit Übelkeit",
}


def test_odd_texts_get_an_answer(finished: Run, tmp_path: Path) -> None:
    own = pd.DataFrame({"case_id": list(ODD), "note": list(ODD.values())})
    own.to_csv(tmp_path / "odd.csv", index=False)
    package = finished.folder.root / "package"
    records = load(package, threads=1).predict(tmp_path / "odd.csv")
    found = {record["case"]: record for record in records}
    assert all(np.isfinite(own["perplexity"]) for own in found.values())
    assert (found["empty"]["tokens"], found["empty"]["least_expected"]) == (1, "[]")
    assert found["unknown"]["unknown"] == 4
    assert found["long"]["tokens"] < 100  # what stands behind the longest training text is cut
    assert found["one"]["tokens"] == 2


def test_texts_without_a_word_stop_with_a_sentence(tmp_path: Path) -> None:
    counts = {"train": 3, "validation": 2, "test": 2}
    path = table(tmp_path, counts, *[""] * sum(counts.values()))
    with pytest.raises(DataError, match="expected training texts, got none with a word in it"):
        run(Study.load(path), tmp_path / "run")


def test_few_and_unknown_words_are_no_fault(tmp_path: Path) -> None:
    """One sentence, of words that no vocabulary holds since too few texts do."""
    counts = {"train": 2, "validation": 2, "test": 3}
    path = table(tmp_path, counts, "alpha beta", "gamma", "delta", "", "epsilon zeta", "x", "y")
    study = Study.load(path)
    found = run(study, tmp_path / "run").metrics
    assert found["models"]["kneser-ney"]["unknown_tokens"]["value"] > 0.3
    assert found["models"]["onward-lstm"]["perplexity"]["value"] > 1
