"""Another site: probabilities move as far as its cases demand, decisions stay."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import bedside
from bedside.errors import DataError, PackageError, StudyError
from bedside.tasks.forecast import Forecast

from ..made_study import Finished, command, read_csv, table_of


@pytest.fixture
def site(finished: Finished, tmp_path: Path) -> Path:
    """The cases of the study many times over, most of the ill ones called well: rarer there."""
    rng = np.random.default_rng(3)
    header, *cases = table_of(finished.folder)
    path = finished.folder / f"site-{tmp_path.name}.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow([*header, "found"])
        for number in range(4 * len(cases)):
            case = list(cases[number % len(cases)])
            case[0] = f"case-{number}"
            ill = case[header.index("label")] == "ill" and rng.random() < 0.4
            table.writerow([*case, "ill" if ill else "well"])
        table.writerow([*cases[0][:1], *cases[0][1:], ""])  # not labelled
    return path


def test_a_rarer_finding_lowers_probabilities_and_keeps_decisions(
    finished: Finished, site: Path, tmp_path: Path
) -> None:
    source = finished.root / "package"
    before = {path: path.read_bytes() for path in source.rglob("*") if path.is_file()}
    made = bedside.recalibrate(source, site, tmp_path / "own", label="found", patient="patient_id")
    assert {path: path.read_bytes() for path in source.rglob("*") if path.is_file()} == before
    record = json.loads((tmp_path / "own" / "recalibration.json").read_text())
    assert record == made.record
    assert record["kind"] in ("intercept", "line")
    assert record["cases"] == 4 * 72
    assert record["patients"] == 36
    assert record["after"]["brier"]["value"] < record["before"]["brier"]["value"]
    old, new = bedside.load(source), bedside.load(tmp_path / "own")
    paths = [finished.folder / row[4] for row in table_of(finished.folder)[1:20]]
    ours, theirs = old.predict(old.cases(paths)), new.predict(new.cases(paths))
    assert [row["decision"] for row in ours] == [row["decision"] for row in theirs]
    assert np.mean([row["probability"] for row in theirs]) < np.mean(
        [row["probability"] for row in ours]
    )
    assert "Recalibrated for another site" in (tmp_path / "own" / "model_card.md").read_text()


def test_a_second_time_goes_on_from_the_first(
    finished: Finished, site: Path, tmp_path: Path
) -> None:
    bedside.recalibrate(finished.root / "package", site, tmp_path / "one", label="found")
    again = bedside.recalibrate(tmp_path / "one", site, tmp_path / "two", label="found")
    assert again.record["kind"] == "none"
    one, two = bedside.load(tmp_path / "one"), bedside.load(tmp_path / "two")
    path = finished.folder / table_of(finished.folder)[1][4]
    found = [p.predict(p.cases([path]))[0]["probability"] for p in (one, two)]
    assert found[0] == pytest.approx(found[1], abs=1e-6)


def test_the_command_prints_what_changed(
    finished: Finished, site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = command(
        capsys, "recalibrate", finished.root / "package", site, "--label", "found",
        "-o", tmp_path / "own",
    )  # fmt: skip
    assert said.code == 0, said.err
    assert said.out.splitlines()[0].startswith("288 cases, ")
    assert "calibration_slope" in said.out
    assert read_csv(site)[0]["found"] in ("well", "ill")


def test_what_cannot_be_recalibrated_is_refused_in_a_sentence(
    finished: Finished, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, own = finished.root / "package", tmp_path / "own"
    with pytest.raises(DataError, match="no column 'nothing'"):
        bedside.recalibrate(source, site, own, label="nothing")
    with pytest.raises(DataError, match="20 without the finding, got 0 and 289"):
        bedside.recalibrate(source, site, own, label="grade")
    few = tmp_path / "few.csv"
    few.write_text("".join(site.read_text().splitlines(keepends=True)[:10]))
    with pytest.raises(DataError, match="at least 20 cases with and 20 without the finding"):
        bedside.recalibrate(source, few, own, label="found")
    with pytest.raises(StudyError, match="-o: expected a new or empty folder"):
        bedside.recalibrate(source, site, source, label="found")
    with pytest.raises(DataError, match="expected a CSV table, got no such file"):
        bedside.recalibrate(source, tmp_path / "none.csv", own)
    monkeypatch.setattr("bedside.deployment.recalibrating.Classify", Forecast)
    with pytest.raises(PackageError, match="PACKAGE: expected one that classifies, got another"):
        bedside.recalibrate(source, site, own, label="found")
    assert not own.exists()
