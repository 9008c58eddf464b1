"""A whole study on made-up pictures: what a run leaves, and that it can be trusted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

import bedside
from bedside.errors import RunError
from bedside.evaluation.comparison import verdict
from bedside.pipeline import open_run, run
from bedside.study import Study

from .made_study import (
    SECRET,
    Finished,
    contents,
    log_of,
    part_rows,
    read_csv,
    table_of,
)

METRICS = {
    "auroc", "auprc", "accuracy", "balanced_accuracy", "sensitivity", "specificity", "ppv", "npv",
    "f1", "brier", "ece", "calibration_slope", "calibration_intercept",
}  # fmt: skip
CONTRACT = {
    "study.yaml", "environment.json", "audit.json", "splits.csv", "log.jsonl", "predictions.csv",
    "metrics.json", "model_card.md", "report.html", "explanations/cases.json",
    "package/package.json", "package/state/xray.json", "package/network.onnx",
    "package/model_card.md", "package/checksums.json", "checkpoint/cnn/training.safetensors",
}  # fmt: skip
HIDDEN = [
    "torch", "pandas", "sklearn", "skimage", "matplotlib", "lightning_fabric", "onnx", "lightgbm",
    "safetensors",
]  # fmt: skip
PREDICT_WITHOUT = """
import sys
HIDDEN = {hidden!r}

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in HIDDEN:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Block())
sys.argv = ["bedside", *{arguments!r}]
from bedside.cli import main
main()
"""


def test_every_file_of_the_contract_is_there(finished: Finished) -> None:
    left = contents(finished.root)
    assert set(left) >= CONTRACT
    assert any(name.startswith("figures/") and name.endswith(".svg") for name in left)
    assert not [name for name in left if name.endswith((".partial", ".old", ".pkl", ".pt"))]
    assert all(left.values())


def test_metrics_have_the_shape_other_programs_read(finished: Finished) -> None:
    metrics = json.loads((finished.root / "metrics.json").read_text())
    test = part_rows(finished.root, "test")
    patients = {row["patient_id"] for row in read_csv(finished.root / "predictions.csv")}
    head = {key: metrics[key] for key in ("study", "task", "part", "primary", "seed", "deep")}
    assert head == {
        "study": "tiny", "task": "classify", "part": "test", "primary": "auroc", "seed": 7,
        "deep": "cnn",
    }  # fmt: skip
    assert metrics["cases"] == len(test)
    assert metrics["patients"] == len(patients) < len(test)
    assert list(metrics["models"]) == ["cnn", "majority", "logistic"]
    for table in metrics["models"].values():
        assert set(table) == METRICS
        for name, entry in table.items():
            assert set(entry) == {"value", "low", "high"}
            if entry["value"] is not None:
                assert entry["low"] <= entry["value"] <= entry["high"]
            if entry["value"] is not None and not name.startswith("calibration_"):
                assert entry["low"] >= 0
                assert entry["high"] <= 1
    assert metrics["models"]["majority"]["auroc"]["value"] == 0.5
    assert set(metrics["subgroups"]["sex"]) == {"F", "M"}
    assert metrics["other_parts"] == {}
    assert set(metrics["timing"]) == {
        "train_seconds", "cases_per_second_training", "cases_per_second_predict",
    }  # fmt: skip


def test_the_difference_is_deep_minus_baseline_and_gives_the_verdict(finished: Finished) -> None:
    metrics = finished.run.metrics
    difference = metrics["difference"]
    deep, peer = (
        metrics["models"][metrics[key]]["auroc"]["value"] for key in ("deep", "best_baseline")
    )
    assert difference["metric"] == "auroc"
    assert difference["value"] == pytest.approx(deep - peer)
    assert difference["low"] <= difference["value"] <= difference["high"]
    assert metrics["verdict"] == verdict(difference)
    assert metrics["verdict"] in {"deep better", "deep not shown better", "deep worse"}


def truth_and_probability(path: Path) -> tuple[list[bool], list[float]]:
    rows = read_csv(path)
    return [row["truth"] == "ill" for row in rows], [float(row["probability"]) for row in rows]


def test_the_best_baseline_is_the_best_on_validation(finished: Finished) -> None:
    metrics = finished.run.metrics
    found = {
        name: roc_auc_score(
            *truth_and_probability(finished.root / "predictions" / f"{name}-validation.csv")
        )
        for name in metrics["models"]
    }
    assert metrics["validation"] == pytest.approx(found, abs=1e-6)
    # majority answers the same of every case, so it is no peer beside one that does not
    assert found["majority"] == 0.5
    assert metrics["best_baseline"] == "logistic"


def test_predictions_are_the_test_cases_and_give_the_metrics_again(finished: Finished) -> None:
    rows = read_csv(finished.root / "predictions.csv")
    assert [row["case_id"] for row in rows] == part_rows(finished.root, "test")
    table = table_of(finished.folder)
    for row in rows:
        source = table[int(row["row"]) - 1]  # a spreadsheet's first row is the header
        assert (row["case_id"], row["patient_id"], row["truth"]) == (*source[:2], source[5])
    truth, probability = truth_and_probability(finished.root / "predictions.csv")
    called = [row["decision"] == "ill" for row in rows]
    metrics = finished.run.metrics
    scores = {name: entry["value"] for name, entry in metrics["models"]["cnn"].items()}
    assert scores["auroc"] == pytest.approx(roc_auc_score(truth, probability))
    assert scores["auprc"] == pytest.approx(average_precision_score(truth, probability))
    assert scores["brier"] == pytest.approx(brier_score_loss(truth, probability), abs=1e-6)
    assert scores["accuracy"] == pytest.approx(np.mean(np.array(called) == np.array(truth)))
    (threshold,) = metrics["thresholds"]
    assert called == [value >= threshold for value in probability]


def test_the_threshold_is_youdens_on_validation(finished: Finished) -> None:
    truth, probability = map(
        np.asarray, truth_and_probability(finished.root / "predictions" / "cnn-validation.csv")
    )

    def youden(threshold: float) -> float:
        called = probability >= threshold
        return float(called[truth].mean() + (~called)[~truth].mean())

    (threshold,) = finished.run.metrics["thresholds"]
    assert youden(threshold) == pytest.approx(max(youden(p) for p in [*probability, 1.1]))


def test_the_package_predicts_the_same_without_torch(finished: Finished, tmp_path: Path) -> None:
    # an environment that has the base install only is played by refusing its imports
    rows = read_csv(finished.root / "predictions.csv")
    table = table_of(finished.folder)
    for row in rows:
        source = table[int(row["row"]) - 1][4]
        shutil.copy(finished.folder / source, tmp_path / f"{row['row']}.png")
    files = [f"{row['row']}.png" for row in rows]
    arguments = ["predict", str(finished.root / "package"), *files, "-o", "out.csv"]
    done = subprocess.run(
        [sys.executable, "-c", PREDICT_WITHOUT.format(hidden=HIDDEN, arguments=arguments)],
        cwd=tmp_path,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    predicted = read_csv(tmp_path / "out.csv")
    assert [row["case"] for row in predicted] == files
    mine, theirs = ([float(row["probability"]) for row in each] for each in (rows, predicted))
    assert theirs == pytest.approx(mine, abs=1e-4)
    assert [row["decision"] for row in predicted] == [row["decision"] for row in rows]
    thresholds = {float(row["threshold"]) for row in predicted}
    assert thresholds == {float(f"{t:.6g}") for t in finished.run.metrics["thresholds"]}


def test_the_report_tells_the_answer_in_its_own_file(finished: Finished) -> None:
    html = (finished.root / "report.html").read_text(encoding="utf-8")
    assert "http://" not in html.replace("http://www.w3.org/", "")
    auroc = finished.run.metrics["models"]["cnn"]["auroc"]["value"]
    assert f"{auroc:.2f}" in html


def test_the_saved_study_is_whole_and_loads_again(finished: Finished) -> None:
    saved = Study.load(finished.root / "study.yaml")
    assert saved == Study.load(finished.folder / "study.yaml")
    assert "learning_rate: auto" in (finished.root / "study.yaml").read_text()


def test_the_environment_says_what_it_ran_on(finished: Finished) -> None:
    said = json.loads((finished.root / "environment.json").read_text())
    assert said["bedside"] == bedside.__version__
    assert (said["threads"], said["looks"]) == (1, 1)
    assert list(said["training"]) == ["cnn"]
    recipe = said["training"]["cnn"]
    assert (recipe["epochs"], recipe["epochs_done"], recipe["best_epoch"] in (1, 2)) == (2, 2, True)
    assert (recipe["batch_size"], recipe["learning_rate"], recipe["patience"]) == (16, 0.001, 8)
    assert (recipe["device"], recipe["precision"]) == ("cpu", "float32")


def test_the_api_speaks_the_same_words(finished: Finished) -> None:
    assert bedside.run is run
    assert all(getattr(bedside, name) for name in bedside.__all__)
    assert bedside.audit_study(Study.load(finished.folder / "study.yaml")).blocking == ()
    assert open_run(finished.root).metrics == finished.run.metrics
    with pytest.raises(RunError, match=r"expected a finished run, got a folder without metrics"):
        open_run(finished.folder)
    with pytest.raises(RunError, match=r"^none: expected a finished run, got no such folder\."):
        open_run(finished.folder / "none")


# Privacy


def test_the_log_is_json_lines(finished: Finished) -> None:
    events = log_of(finished.root)
    assert {"stage", "estimate", "epoch"} == {event["event"] for event in events}
    assert all(isinstance(event["time"], float) for event in events)
    stages = [e["name"] for e in events if e["event"] == "stage" and e["state"] == "done"]
    assert stages[:5] == ["cases", "read xray", "name cases", "audit", "prepare"]
    assert stages[-5:] == ["evaluate", "record", "package", "explain", "report"]
    assert [e["epoch"] for e in events if e["event"] == "epoch"] == [1, 2]


def test_no_id_or_file_name_leaves_in_what_is_passed_on(finished: Finished) -> None:
    left = contents(finished.root)
    may_hold_patients = {"splits.csv", "predictions.csv", "report.html"}
    looked_at = {
        name: data
        for name, data in left.items()
        if name not in may_hold_patients and not name.startswith(("predictions/", "explanations/"))
    }
    assert {"log.jsonl", "audit.json", "metrics.json", "model_card.md"} <= set(looked_at)
    assert [name for name, data in looked_at.items() if SECRET.encode() in data] == []
    assert SECRET.encode() in left["predictions.csv"]  # so the search would find it


def test_promises_travel_with_the_package(finished: Finished, tmp_path: Path) -> None:
    own = read_csv(finished.root / "predictions.csv")
    assert set(own[0]) >= {"set", "certain", "strangeness", "outside"}
    assert {row["set"] for row in own} <= {"well", "ill", "well|ill"}
    predictor = bedside.load(finished.root / "package")
    files = {row[0]: row[4] for row in table_of(finished.folder)[1:]}
    paths = [finished.folder / files[row["case_id"]] for row in own]
    noise = tmp_path / "white.png"
    Image.fromarray(np.full((24, 24), 255, dtype=np.uint8)).save(noise)
    *again, white = predictor.predict(predictor.cases([*paths, noise]))
    for row, record in zip(own, again, strict=True):
        assert {key: record[key] for key in ("set", "certain", "outside")} == {
            key: row[key] for key in ("set", "certain", "outside")
        }
        assert float(record["strangeness"]) == pytest.approx(float(row["strangeness"]), rel=1e-3)
    assert white["outside"] == "yes"
