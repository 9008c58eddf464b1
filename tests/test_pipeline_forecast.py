"""A whole forecast: from readings to a package that answers without the training libraries."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import yaml

from bedside.errors import DataError, StudyError
from bedside.pipeline import Run, run
from bedside.reporting.explained_case import explain_case
from bedside.study import Study

from .made_study import command, contents, read_csv, skip_package_and_report
from .series_made import SECRET, make_table, words
from .test_pipeline import HIDDEN, PREDICT_WITHOUT

PARTS = ("test", "held_out_patients")


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("forecast")
    make_table(folder)
    text = yaml.safe_dump(words(model={"encoders": {"glucose": ["dense", "linear"]}}))
    (folder / "study.yaml").write_text(text)
    return run(Study.load(folder / "study.yaml"), folder / "run")


def test_metrics_hold_both_test_parts(done: Run) -> None:
    metrics = done.metrics
    assert (metrics["task"], metrics["kind"], metrics["primary"]) == (
        "forecast", "forecast", "rmse_pooled",
    )  # fmt: skip
    assert metrics["split_by"] == "time_within_patient"
    assert (metrics["unit"], metrics["every_minutes"]) == ("mg/dL", 5)
    others = metrics["other_parts"]["held_out_patients"]
    for found in (metrics, others):
        assert set(found["models"]) == {"dense", "linear", "persistence", "least-squares"}
        errors = {name: m["rmse_pooled"]["value"] for name, m in found["models"].items()}
        assert errors["least-squares"] < errors["persistence"]
        assert errors[metrics["deep"]] < errors["persistence"]
    assert others["patients"] == 1
    assert metrics["patients"] == 3


def test_metrics_are_those_of_the_predictions(done: Run) -> None:
    rows = read_csv(done.folder.predictions)
    assert len(rows) == 3 * done.metrics["cases"]
    error = [float(row["forecast"]) - float(row["truth"]) for row in rows if row["truth"]]
    scored = done.metrics["models"][done.metrics["deep"]]["rmse_pooled"]["value"]
    assert np.sqrt(np.mean(np.square(error))) == pytest.approx(scored, rel=1e-4)
    for row in rows[:50]:
        ends = [float(row[name]) for name in ("low_95", "low_80", "forecast", "high_80", "high_95")]
        assert ends == sorted(ends)
        assert 0 <= float(row["probability_above_180"]) <= 1
    outside = [row["outside"] == "yes" for row in rows]
    assert done.metrics["promises"]["outside"]["share"]["value"] == pytest.approx(np.mean(outside))
    state = json.loads((done.folder.package / "package.json").read_text())["task"]["state"]
    beyond = [float(row["strangeness"]) > state["familiar"]["limit"] for row in rows]
    assert beyond == outside


def test_the_split_on_disk_holds_every_stretch(done: Run) -> None:
    rows = read_csv(done.folder.splits)
    assert {row["part"] for row in rows} == {"train", "validation", "test", "held_out_patients"}
    spans: dict[str, list[tuple[int, int]]] = {}
    for row in rows:
        spans.setdefault(row["case_id"], []).append((int(row["from"]), int(row["to"])))
    for own in spans.values():
        own.sort()
        assert all(a[1] < b[0] for a, b in pairwise(own))


def test_the_package_forecasts_a_stream_without_the_training_libraries(
    done: Run, tmp_path: Path
) -> None:
    """The forecast of now equals that of the run for the same window."""
    rows = read_csv(done.folder.predictions)
    asked = rows[3 * 20 : 3 * 21]
    lines = (done.folder.root.parent / "readings.csv").read_text().splitlines()
    until = asked[0]["time"].replace("T", " ")
    seen = [
        line for line in lines[1:]
        if line.startswith(f"{asked[0]['patient_id']},") and line.split(",")[1][:16] <= until
    ]  # fmt: skip
    (tmp_path / "patient.csv").write_text("\n".join([lines[0], *seen]) + "\n")
    answer = tmp_path / "forecast.csv"
    arguments = ["predict", str(done.folder.package), str(tmp_path / "patient.csv"), "-o",
                 str(answer), "--quiet"]  # fmt: skip
    code = PREDICT_WITHOUT.format(hidden=[*HIDDEN, "statsmodels"], arguments=arguments)
    told = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    found = read_csv(answer)
    assert len(found) == 3
    for line, wanted in zip(found, asked, strict=True):
        assert line["minutes_ahead"] == wanted["minutes_ahead"]
        for name in ("forecast", "low_95", "high_80", "probability_above_180", "strangeness"):
            assert float(line[name]) == pytest.approx(float(wanted[name]), abs=2e-3, rel=1e-3)


def test_nothing_of_a_patient_leaves_in_the_package_or_the_log(done: Run) -> None:
    for name, content in contents(done.folder.package).items():
        assert SECRET.encode() not in content, name
    assert SECRET not in done.folder.log.read_text()
    manifest = json.loads((done.folder.package / "package.json").read_text())
    assert manifest["task"]["name"] == "forecast"
    assert manifest["inputs"]["glucose"]["options"]["unit"] == "mg/dL"
    assert "rmse_pooled" in manifest["facts"]["metrics"]


def test_a_run_that_was_stopped_goes_on_to_the_same_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_package_and_report(monkeypatch)
    make_table(tmp_path, patients=3)
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(words(training={"epochs": 3})))
    study = Study.load(tmp_path / "study.yaml")
    whole = run(study, tmp_path / "whole").metrics
    from bedside.training.loop import Trainer

    real = Trainer.close_epoch

    def dying(self: Trainer, *losses: float) -> None:
        real(self, *losses)
        if self.story.epoch == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "close_epoch", dying)
        with pytest.raises(KeyboardInterrupt):
            run(study, tmp_path / "again")
    again = run(study, tmp_path / "again", resume=True).metrics
    assert {k: v for k, v in again.items() if k != "timing"} == {
        k: v for k, v in whole.items() if k != "timing"
    }


def test_other_readings_are_refused_on_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_package_and_report(monkeypatch)
    table = make_table(tmp_path, patients=3)
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(words()))
    study = Study.load(tmp_path / "study.yaml")
    run(study, tmp_path / "run")
    (tmp_path / "run" / "metrics.json").unlink()
    lines = list(csv.reader(table.read_text().splitlines()))
    table.write_text("\n".join(",".join(line) for line in lines[:-40]) + "\n")
    from bedside.errors import RunError

    with pytest.raises(RunError, match="expected every case in the part it was in when training"):
        run(study, tmp_path / "run", resume=True)


def test_the_command_predicts_on_the_terminal(
    done: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lines = (done.folder.root.parent / "readings.csv").read_text().splitlines()
    (tmp_path / "patient.csv").write_text("\n".join([lines[0], *lines[1:40]]) + "\n")
    said = command(capsys, "predict", done.folder.package, tmp_path / "patient.csv", "--quiet")
    assert said.code == 0
    table = list(csv.DictReader(said.out.splitlines()))
    assert [row["minutes_ahead"] for row in table] == ["5", "10", "15"]
    assert table[0]["last_reading"] == "2024-03-01 03:10"


def test_a_window_is_explained_by_its_segment_and_time(done: Run, tmp_path: Path) -> None:
    """The number that is explained is the forecast that the run wrote for that window."""
    row = read_csv(done.folder.predictions)[2]
    assert row["minutes_ahead"] == "15"
    page = explain_case(
        done.folder, row["case_id"], time=row["time"], output=tmp_path / "window.html"
    ).read_text(encoding="utf-8")
    assert f"in 15 minutes: <strong>{float(row['forecast']):.1f}\N{NO-BREAK SPACE}mg/dL<" in page
    assert row["time"] in page
    assert "data:image/svg+xml;base64," in page


def test_of_a_series_a_time_is_asked_for_and_must_be_one_of_the_segment(done: Run) -> None:
    case = read_csv(done.folder.predictions)[0]["case_id"]
    with pytest.raises(StudyError, match=r"--time: expected the time of a window's last reading"):
        explain_case(done.folder, case)
    for time in ("2031-01-01T00:00", "2024-03-01T00:02", "soon"):
        with pytest.raises(StudyError, match=r"--time: expected a step of segment .* got another"):
            explain_case(done.folder, case, time=time)
    with pytest.raises(DataError, match=r"expected 60 minutes of readings .* got 5 minutes"):
        explain_case(done.folder, case, time="2024-03-01T00:00")


def test_the_report_tells_when_a_window_was_and_what_came(done: Run) -> None:
    record = json.loads((done.folder.root / "explanations" / "explanation.json").read_text())
    rows = {
        (r["case_id"], r["time"], r["minutes_ahead"]): r for r in read_csv(done.folder.predictions)
    }
    (own,) = record["inputs"]
    for case, look in zip(record["cases"], own["looks"], strict=True):
        row = rows[case["case"], case["time"], "15"]
        assert look["answer"] == pytest.approx(float(row["forecast"]), rel=1e-4)
        assert case["truth"] == f"{float(row['truth']):.1f}\N{NO-BREAK SPACE}mg/dL"
