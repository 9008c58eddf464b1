"""A study of columns end to end: trained, compared, explained, packaged, asked without torch."""

from __future__ import annotations

import csv
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

from .made_study import WORDS as PICTURES
from .made_study import make_cases

SECRET = "Zyxwvski"
COLUMNS = ["age", "marker", "pain", "noise", "u", "v", "w", "x"]
WORDS: dict[str, Any] = {
    "name": "rows",
    "data": {"table": "rows.csv", "site": "hospital"},
    "inputs": {
        "history": {"modality": "table", "columns": COLUMNS, "missing": {"marker": [-1]}},
    },
    "target": {"task": "classify", "column": "label", "positive": "ill"},
    "split": {"by": "case"},
    "training": {"precision": "float32"},
    "baselines": ["majority", "logistic"],
    "evaluation": {"bootstrap": 100, "subgroups": ["hospital"]},
    "explanation": {"cases": 3},
    "device": "cpu",
    "threads": 1,
}


TOGETHER = {
    **PICTURES,
    "inputs": {
        **PICTURES["inputs"],
        "history": {"modality": "table", "columns": ["sex", "a"], "missing": {"a": [-1]}},
    },
    "explanation": {"method": "none"},
    "baselines": ["majority"],
    "evaluation": {"bootstrap": 100},
}


def write_rows(folder: Path, *, cases: int = 400, seed: int = 0) -> None:
    """The label follows `marker` and one kind of `pain`; one row's pain is a name."""
    rng = np.random.default_rng(seed)
    with (folder / "rows.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow([*COLUMNS, "hospital", "label"])
        for number in range(cases):
            marker, pain = rng.normal(5, 1), ["mild", "dull", "sharp"][int(rng.integers(3))]
            ill = marker - 5 + (pain == "sharp") + rng.normal(0, 0.5) > 0.5
            told = "-1" if number % 10 == 0 else f"{marker:.2f}"
            row = [40 + number % 40, told, SECRET if number == 3 else pain]
            noise = [f"{value:.2f}" for value in rng.normal(size=5)]
            table.writerow([*row, *noise, "AB"[number % 2], ["well", "ill"][ill]])


def table_of(*rows: str) -> str:
    """A CSV of new rows; the last four columns are blank."""
    lines = ["pain,noise,age,marker,u,v,w,x", *(f"{row},,,," for row in rows)]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("tables")
    write_rows(folder)
    (folder / "study.yaml").write_text(json.dumps(WORDS), encoding="utf-8")
    return run(Study.load(folder / "study.yaml"), folder / "run")


def test_it_learns_what_its_peer_learns(finished: Run) -> None:
    models = finished.metrics["models"]
    assert set(models) == {"mlp", "majority", "logistic"}
    assert models["mlp"]["auroc"]["value"] > 0.85
    assert models["logistic"]["auroc"]["value"] > 0.85


def test_the_report_says_that_peers_see_the_same_columns(finished: Run) -> None:
    page = (finished.folder.root / "report.html").read_text(encoding="utf-8")
    assert "logistic regression on the same columns" in page


def test_a_value_of_one_person_is_in_no_package(finished: Run) -> None:
    root = finished.folder.root
    holding = [p.name for p in root.rglob("*") if p.is_file() and SECRET.encode() in p.read_bytes()]
    assert holding == []
    state = json.loads((root / "package" / "state" / "history.json").read_text())
    assert sorted(state["codes"][2]["levels"]) == ["dull", "mild", "sharp"]
    assert state["codes"][2]["others"]


def test_columns_are_bars_with_what_their_cells_held(finished: Run, tmp_path: Path) -> None:
    root = finished.folder.root
    (own,) = json.loads((root / "explanations" / "explanation.json").read_text())["inputs"]
    assert (own["form"], own["method"]) == ("table", "shapley")
    (shapley,) = [one for one in own["tested"] if one["method"] == "shapley"]
    assert shapley["fit"], shapley["why"]
    drawn = (root / "explanations" / own["looks"][0]["picture"]).read_text(encoding="utf-8")
    assert "marker " in drawn
    case = json.loads((root / "explanations" / "explanation.json").read_text())["cases"][0]["case"]
    page = tmp_path / "c.html"
    told = CliRunner().invoke(app, ["explain", str(root), "--case", case, "-o", str(page)])
    assert told.exit_code == 0, told.output
    assert "Shapley" in page.read_text(encoding="utf-8")


def test_rows_are_predicted_without_torch(finished: Run, tmp_path: Path) -> None:
    package = finished.folder.package
    new = tmp_path / "new.csv"
    new.write_text(table_of("sharp,0.1,50,6.5", "other,,,-1", "mild,0,60,3"))
    code = (
        "import sys; sys.modules['torch'] = None; sys.modules['pandas'] = None\n"
        "from bedside.cli import app; app()"
    )
    out = tmp_path / "p.csv"
    command = [sys.executable, "-c", code, "predict", str(package), str(new), "-o", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with out.open(newline="") as stream:
        high, unknown, low = (float(row["probability"]) for row in csv.DictReader(stream))
    assert high > unknown > low


def test_a_word_among_numbers_names_its_row(finished: Run, tmp_path: Path) -> None:
    new = tmp_path / "new.csv"
    new.write_text(table_of("sharp,0.1,50,6.5", f"mild,0,{SECRET},3"))
    with pytest.raises(DataError) as refused:
        load(finished.folder.package).predict(new)
    assert "row 3 of new.csv, column 'age': expected a number" in str(refused.value)
    assert SECRET not in str(refused.value)


def test_its_simple_peer_is_packaged_too(finished: Run, tmp_path: Path) -> None:
    root = finished.folder.root
    told = CliRunner().invoke(app, ["package", str(root), "--model", "logistic"])
    assert told.exit_code == 0, told.output
    new = tmp_path / "new.csv"
    new.write_text(table_of("sharp,0.1,50,6.5", "mild,0,60,3"))
    high, low = load(root / "package-logistic").predict(new)
    assert high["probability"] > low["probability"]


def test_rows_are_predicted_as_mappings_of_python(finished: Run) -> None:
    predictor = load(finished.folder.package)
    row = {"age": 50, "marker": 6.5, "pain": "sharp", **dict.fromkeys(COLUMNS[3:])}
    (alone,) = predictor.predict(row)
    named, low = predictor.predict([{**row, "case_id": "x1"}, {**row, "pain": "mild", "marker": 3}])
    assert (alone["case"], named["case"], low["case"]) == ("row-1", "x1", "row-2")
    assert alone["probability"] == named["probability"] > low["probability"]
    with pytest.raises(DataError, match="row 1 of those given: no column 'noise'"):
        predictor.predict({"age": 50, "marker": 6.5, "pain": "sharp"})


def test_columns_stand_beside_pictures(tmp_path: Path) -> None:
    make_cases(tmp_path, cases=48)
    (tmp_path / "study.yaml").write_text(json.dumps(TOGETHER), encoding="utf-8")
    done = run(Study.load(tmp_path / "study.yaml"), tmp_path / "run")
    package = load(done.folder.package)
    state = json.loads((done.folder.package / "state" / "history.json").read_text())
    assert state["columns"] == ["sex", "a"]
    wanted = pd.read_csv(done.folder.root / "predictions.csv")
    cases = pd.read_csv(tmp_path / "cases.csv").set_index("case_id").loc[wanted["case_id"]]
    cases.reset_index().to_csv(tmp_path / "new.csv", index=False)
    answered = [record["probability"] for record in package.predict(tmp_path / "new.csv")]
    assert answered == pytest.approx(wanted["probability"].tolist(), abs=1e-4)
