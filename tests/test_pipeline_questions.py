"""Other questions of the same pictures, and that nothing leaks from the test part."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

import bedside
from bedside.errors import DataError, LeakageError, StudyError

from .made_study import (
    Finished,
    best_weights,
    contents,
    make_cases,
    part_rows,
    read_csv,
    run_in,
    same_weights,
    skip_package_and_report,
    table_of,
    words_with,
    write_table,
)


@pytest.fixture
def cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return make_cases(tmp_path)


def test_several_classes_from_table_to_package(cases: Path) -> None:
    words = words_with(target={"task": "classify", "column": "grade"})
    metrics = run_in(cases, words).metrics
    names = ["grave", "mild", "some"]
    assert (metrics["kind"], metrics["classes"]) == ("classes", names)
    table = metrics["models"]["cnn"]
    assert {f"auroc_{name}" for name in names} <= set(table)
    each = [table[f"auroc_{name}"]["value"] for name in names]
    assert table["auroc"]["value"] == pytest.approx(np.mean(each))
    rows = read_csv(cases / "run" / "predictions.csv")
    probability = np.array([[float(row[f"probability_{name}"]) for name in names] for row in rows])
    assert probability.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert [row["decision"] for row in rows] == [names[k] for k in probability.argmax(axis=1)]
    truth = np.array([[row["truth"] == name for name in names] for row in rows])
    reference = roc_auc_score(truth, probability, average=None)
    assert each == pytest.approx(list(reference))
    predictor = bedside.load(cases / "run" / "package")
    source = table_of(cases)[int(rows[0]["row"]) - 1][4]
    (record,) = predictor.predict(cases / source)
    assert record["decision"] == rows[0]["decision"]
    assert record["probability_mild"] == pytest.approx(float(rows[0]["probability_mild"]), abs=1e-4)
    site = elsewhere(cases, lambda row: 8 if row[6] == "grave" else 2)
    made = bedside.recalibrate(cases / "run" / "package", site, cases / "own").record
    assert made["kind"] in ("intercept", "line")
    assert made["classes"] == names
    assert made["intercept"][0] == max(made["intercept"])
    assert sum(made["intercept"]) == pytest.approx(0, abs=1e-6)
    assert made["after"]["brier"]["value"] < made["before"]["brier"]["value"]
    (moved,) = bedside.load(cases / "own").predict(cases / source)
    assert moved["probability_grave"] > record["probability_grave"]
    odds = [np.log(row["probability_some"] / row["probability_mild"]) for row in (record, moved)]
    shift = made["intercept"][2] - made["intercept"][1]
    assert odds[1] == pytest.approx(made["slope"] * odds[0] + shift, abs=1e-3)


def elsewhere(cases: Path, times: Callable[[list[str]], int]) -> Path:
    """The cases as another site has them: each so many times, under ids of its own."""
    header, *rows = table_of(cases)
    more = [row for row in rows for _ in range(times(row))]
    many = [[f"case-{number}", *row[1:]] for number, row in enumerate(more)]
    write_rows(cases / "site.csv", [header, *many])
    return cases / "site.csv"


def read_rows(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))


def write_rows(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)


def test_several_labels_some_unknown_from_table_to_package(cases: Path) -> None:
    words = words_with(target={"task": "classify", "columns": ["a", "b"], "unknown": [-1]})
    metrics = run_in(cases, words).metrics
    assert (metrics["kind"], metrics["classes"]) == ("labels", ["a", "b"])
    assert len(metrics["thresholds"]) == 2
    splits = {row["case_id"]: row["part"] for row in read_csv(cases / "run" / "splits.csv")}
    table = table_of(cases)[1:]
    scored = [r for r in table if splits[r[0]] == "test" and (r[7], r[8]) != ("-1", "-1")]
    rows = read_csv(cases / "run" / "predictions.csv")
    assert metrics["cases"] == len(scored) == len(rows)
    blank_for_unknown = [tuple("" if c == "-1" else c for c in r[7:9]) for r in scored]
    assert [(row["truth_a"], row["truth_b"]) for row in rows] == blank_for_unknown
    assert any("" in pair for pair in blank_for_unknown)
    for label in "ab":
        known = [row for row in rows if row[f"truth_{label}"]]
        reference = roc_auc_score(
            [int(row[f"truth_{label}"]) for row in known],
            [float(row[f"probability_{label}"]) for row in known],
        )
        assert metrics["models"]["cnn"][f"auroc_{label}"]["value"] == pytest.approx(reference)
    predictor = bedside.load(cases / "run" / "package")
    (record,) = predictor.predict(cases / scored[0][4])
    assert record["decision_a"] == int(rows[0]["decision_a"])
    assert record["probability_b"] == pytest.approx(float(rows[0]["probability_b"]), abs=1e-4)
    assert set(record["set_a"].split("|")) <= {"no", "yes"}
    assert record["certain_b"] in ("no", "yes")
    assert record["outside"] == rows[0]["outside"]
    assert list(metrics["promises"]["labels"]) == ["a", "b"]
    page = (cases / "run" / "report.html").read_text()
    assert "How often the truth was in the set of each label" in page
    # 'a' is found more often elsewhere, 'b' is hardly known there
    site = elsewhere(cases, lambda row: 8 if row[7] == "1" else 2)
    kept = [row if number < 9 else [*row[:8], "-1"] for number, row in enumerate(read_rows(site))]
    write_rows(site, kept)
    made = bedside.recalibrate(cases / "run" / "package", site, cases / "own").record
    assert made["labels"]["a"]["kind"] in ("intercept", "line")
    assert made["labels"]["b"]["kind"] == "few"
    scores = [made[when]["brier_a"]["value"] for when in ("before", "after")]
    assert scores[1] < scores[0]
    (moved,) = bedside.load(cases / "own").predict(cases / scored[0][4])
    assert moved["probability_a"] > record["probability_a"]
    assert moved["probability_b"] == pytest.approx(record["probability_b"], abs=1e-4)
    assert (moved["decision_a"], moved["set_b"]) == (record["decision_a"], record["set_b"])
    with pytest.raises(StudyError, match="--label: expected none, since the package has 2 labels"):
        bedside.recalibrate(cases / "run" / "package", site, cases / "no", label="a")


def test_two_encoders_are_compared_on_validation(
    cases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged: dict[str, Any] = {}

    def note(folder: object, network: object, **facts: Any) -> None:
        packaged.update(network=network, deep=facts["judgement"].deep)

    skip_package_and_report(monkeypatch)
    monkeypatch.setattr("bedside.pipeline.package_network", note)
    metrics = run_in(cases, words_with(model={"encoders": {"xray": ["cnn", "resnet"]}})).metrics
    assert list(metrics["models"]) == ["cnn", "resnet", "majority", "logistic"]
    assert metrics["deep"] == max(("cnn", "resnet"), key=metrics["validation"].__getitem__)
    assert metrics["difference"]["value"] == pytest.approx(
        metrics["models"][metrics["deep"]]["auroc"]["value"]
        - metrics["models"][metrics["best_baseline"]]["auroc"]["value"]
    )
    best = best_weights(cases / "run", metrics["deep"])
    weights = {f"best/{name}": t.numpy() for name, t in packaged["network"].state_dict().items()}
    assert packaged["deep"] == metrics["deep"]
    for name, value in best.items():
        if "temperature" not in name and "shift" not in name:
            assert np.array_equal(weights[name], value), name


def test_a_split_by_case_is_said_and_counts_no_patients(
    cases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_package_and_report(monkeypatch)
    words = words_with(data={"table": "cases.csv"}, split={"by": "case"})
    metrics = run_in(cases, words).metrics
    assert metrics["patients"] is None
    assert all(group["patients"] is None for group in metrics["subgroups"]["sex"].values())
    assert metrics["split_by"] == "case"
    assert metrics["split_notes"][0].startswith("Patients are unknown")


# Leakage


def test_given_parts_that_share_patients_are_refused_before_anything_is_trained(
    cases: Path,
) -> None:
    table = table_of(cases)
    table[0].append("part")
    for number, row in enumerate(table[1:]):
        row.append(["train", "train", "train", "train", "val", "test", "test", "val"][number % 8])
    write_table(cases, table)
    with pytest.raises(
        LeakageError,
        match=r"expected each patient in one part, got 18 patients with cases in more than one "
        r"part\. Use bedside's own split: remove split\.column, or correct the column\.$",
    ):
        run_in(cases, words_with(split={"column": "part"}))
    assert set(contents(cases / "run")) == {"study.yaml", "log.jsonl"}


def test_the_test_part_changes_nothing_that_is_learnt(
    finished: Finished, cases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged: dict[str, Any] = {}

    def note(*_: object, **facts: Any) -> None:
        packaged["states"] = facts["preparation"].states

    skip_package_and_report(monkeypatch)
    monkeypatch.setattr("bedside.pipeline.package_network", note)
    test = set(part_rows(finished.root, "test"))
    rng = np.random.default_rng(1)
    for row in table_of(cases)[1:]:
        if row[0] in test:
            noise = rng.integers(0, 256, (30, 20), dtype=np.uint8)
            Image.fromarray(noise).save(cases / row[4])
    altered = run_in(cases)
    assert part_rows(cases / "run", "test") == part_rows(finished.root, "test")
    assert same_weights(best_weights(cases / "run"), best_weights(finished.root))
    state = json.loads((finished.root / "package" / "state" / "xray.json").read_text())
    assert packaged["states"]["xray"] == state
    before, after = finished.run.metrics, altered.metrics
    for key in ("thresholds", "calibration", "validation", "deep", "best_baseline"):
        assert after[key] == before[key], key
    assert after["models"] != before["models"]  # so the alteration did arrive


def test_labels_of_the_test_part_change_nothing_that_is_learnt(
    finished: Finished, cases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_package_and_report(monkeypatch)
    part_of = {row["case_id"]: row["part"] for row in read_csv(finished.root / "splits.csv")}

    def run_with(labels: dict[str, str], into: str) -> dict[str, Any]:
        table = table_of(cases)
        table[0].append("part")
        for row in table[1:]:
            row[5] = labels.get(row[0], row[5])
            row.append(part_of[row[0]])
        folder = make_cases(cases / into)
        write_table(folder, table)
        return run_in(folder, words_with(split={"column": "part"})).metrics

    other = {"ill": "well", "well": "ill"}
    turned = {r[0]: other[r[5]] for r in table_of(cases)[1:] if part_of[r[0]] == "test"}
    plain, changed = run_with({}, "plain"), run_with(turned, "changed")
    weights = [best_weights(cases / into / "run") for into in ("plain", "changed")]
    assert same_weights(*weights)
    assert changed["thresholds"] == plain["thresholds"]
    auroc = [each["models"]["cnn"]["auroc"]["value"] for each in (plain, changed)]
    assert auroc[1] == pytest.approx(1 - auroc[0])


def test_a_label_that_validation_cannot_judge_is_refused_before_training(cases: Path) -> None:
    table = table_of(cases)
    table[0].append("part")
    for number, row in enumerate(table[1:]):
        row.append(["train", "train", "val", "test"][number // 2 % 4])
        row[8] = "0" if row[-1] == "val" else row[8]
    write_table(cases, table)
    words = words_with(
        target={"task": "classify", "columns": ["a", "b"], "unknown": [-1]},
        split={"column": "part"},
    )
    with pytest.raises(DataError, match=r"^Part validation has no case of 'b present'"):
        run_in(cases, words)
    waived = {**words, "audit": {"waive": ["class-balance"]}}
    with pytest.raises(DataError, match=r"^threshold for label 'b': expected positive and neg"):
        run_in(cases, waived)
    assert not (cases / "run" / "checkpoint").exists()
