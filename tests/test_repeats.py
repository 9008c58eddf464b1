"""A study repeated with other seeds and sites, and runs side by side."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

import bedside
from bedside.errors import RunError, StudyError
from bedside.evaluation.replicates import read_judged_run
from bedside.run_folder import RunFolder
from bedside.study import Study

from .made_study import (
    SECRET,
    command,
    make_cases,
    skip_package_and_report,
    words_with,
    write_study,
)

WORDS = words_with(training={"epochs": 1, "precision": "float32"})


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seeds of the tiny study."""
    folder = make_cases(tmp_path_factory.mktemp("seeds"))
    with pytest.MonkeyPatch.context() as patch:
        skip_package_and_report(patch)
        page = bedside.run_seeds(Study.load(write_study(folder, WORDS)), 2, folder / "runs")
    assert page == folder / "runs" / "report.html"
    return folder


def test_seeds_lie_side_by_side_and_count_as_one_look(seeds: Path) -> None:
    found = json.loads((seeds / "runs" / "seeds.json").read_text())
    assert found["seeds"] == [7, 8]
    each = [one["value"] for one in found["models"]["deep"]["auroc"]["each"]]
    own = [
        json.loads((seeds / "runs" / f"seed-{seed}" / "metrics.json").read_text())
        for seed in (7, 8)
    ]
    assert each == [metrics["models"]["cnn"]["auroc"]["value"] for metrics in own]
    looks = json.loads((seeds / ".bedside-looks.json").read_text())
    assert [len(seen) for seen in looks.values()] == [1]
    page = (seeds / "runs" / "report.html").read_text()
    assert "How much does the seed matter?" in page
    assert SECRET not in page


def test_finished_seeds_are_kept_and_a_full_folder_refused(
    seeds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study.load(seeds / "study.yaml")
    with pytest.raises(RunError, match="runs: expected a new or empty folder"):
        bedside.run_seeds(study, 2, seeds / "runs")
    for seed in (7, 8):
        (seeds / "runs" / f"seed-{seed}" / "report.html").write_text("")  # was left out
    monkeypatch.setattr("bedside.repeats.run", lambda *_, **__: pytest.fail("ran again"))
    before = (seeds / "runs" / "seeds.json").read_text()
    bedside.run_seeds(study, 2, seeds / "runs", resume=True)
    assert (seeds / "runs" / "seeds.json").read_text() == before
    with pytest.raises(StudyError, match="seeds: expected at least 2, got 1"):
        bedside.run_seeds(study, 1, seeds / "more")


def test_replicates_are_those_of_the_metrics_and_name_no_one(seeds: Path) -> None:
    folder = RunFolder(seeds / "runs" / "seed-7")
    run = read_judged_run(folder)
    assert set(run.scores) == {"cnn", "majority", "logistic"}
    assert run.deep.replicates["auroc"].shape == (100,)
    entry = run.metrics["models"]["cnn"]["auroc"]
    low, high = np.nanpercentile(run.deep.replicates["auroc"], [0, 100])
    assert low <= entry["low"] <= entry["high"] <= high
    other = read_judged_run(RunFolder(seeds / "runs" / "seed-8"))
    assert other.deep.resamples == run.deep.resamples
    assert SECRET.encode() not in (folder.root / "predictions/replicates-test.npz").read_bytes()


def test_runs_are_compared_by_the_command(seeds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = seeds / "runs"
    page, table = seeds / "compared.html", seeds / "compared.json"
    said = command(capsys, "compare", runs / "seed-7", f"{runs / 'seed-7'}:logistic", "-o", page)
    assert said.code == 0, said.err
    assert "seed-7:cnn - seed-7:logistic" in said.out
    assert "Which one is better?" in page.read_text()
    said = command(capsys, "compare", runs / "seed-7", runs / "seed-8", "-o", table)
    found = json.loads(table.read_text())
    assert found["models"]["seed-8"]["changes"] == ["training.seed: 8"]
    ours, theirs = (found["models"][name]["estimate"]["value"] for name in ("seed-7", "seed-8"))
    assert found["pairs"][0]["value"] == pytest.approx(ours - theirs)


def test_comparisons_that_cannot_be_made_are_refused(
    seeds: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run = seeds / "runs" / "seed-7"
    for arguments, wanted in (
        ([run], "comparison: expected at least two runs, got 1"),
        ([run, f"{run}:cn"], "seed-7: no model 'cn'. Did you mean 'cnn'"),
        ([run, run], "expected different models, got one twice"),
        ([run, tmp_path / "none"], "none: expected a finished run, got no such folder"),
        ([run, run, "-o", "x.txt"], "x.txt: expected a file ending in .html or .json"),
    ):
        said = command(capsys, "compare", *arguments)
        assert said.code == 1
        assert wanted in said.err
    old = tmp_path / "old"
    old.mkdir()
    (old / "metrics.json").write_bytes((run / "metrics.json").read_bytes())
    said = command(capsys, "compare", run, old)
    assert "old/predictions: expected replicates-test.npz, by which runs are compared" in said.err


def test_a_dashboard_holds_every_run_below_a_folder(
    seeds: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    said = command(capsys, "dashboard", seeds, "-o", tmp_path / "all.html")
    assert said.code == 0, said.err
    page = (tmp_path / "all.html").read_text()
    assert "runs/seed-7" in page
    assert "runs/seed-8" in page
    said = command(capsys, "dashboard", tmp_path)
    assert said.code == 1
    assert "expected a folder with finished runs in it" in said.err


def test_each_site_is_tested_by_a_model_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_cases(tmp_path)
    rows = (tmp_path / "cases.csv").read_text().splitlines()
    header, *cases = (line.split(",") for line in rows)
    for number, case in enumerate(cases):
        case[2] = "ABC"[number // 2 % 3]
    (tmp_path / "cases.csv").write_text("\n".join(",".join(row) for row in [header, *cases]) + "\n")
    study = write_study(tmp_path, WORDS)
    skip_package_and_report(monkeypatch)
    said = command(capsys, "run", study, "--each-site", "-o", tmp_path / "sites", "-q")
    assert said.code == 0, said.err
    found = json.loads((tmp_path / "sites" / "sites.json").read_text())
    assert list(found["sites"]) == ["A", "B", "C"]
    for site in "ABC":
        folder = tmp_path / "sites" / f"site-{site}"
        tested = yaml.safe_load((folder / "study.yaml").read_text())["split"]["test_sites"]
        assert tested == [site]
        assert found["sites"][site]["cases"] == 24
    assert "a site that it has not seen" in (tmp_path / "sites" / "report.html").read_text()


def test_repeats_that_cannot_be_made_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_cases(tmp_path)
    two = write_study(tmp_path, WORDS)
    said = command(capsys, "run", two, "--each-site", "-o", tmp_path / "a")
    assert "data.site: expected at least three sites" in said.err
    said = command(capsys, "run", two, "--each-site", "--seeds", "2", "-o", tmp_path / "a")
    assert "expected --seeds or --each-site, got both" in said.err
    none = write_study(tmp_path, words_with(data={"table": "cases.csv", "patient": "patient_id"}))
    said = command(capsys, "run", none, "--each-site", "-o", tmp_path / "a")
    assert "data.site: expected the column that says where a case comes from" in said.err
    assert not (tmp_path / "a").exists()
