"""The command `personalise`: what it prints and writes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .deployment.forecast_made import patient, write_forecaster
from .made_study import command

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def forecaster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_forecaster(tmp_path_factory.mktemp("forecaster") / "package")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def test_it_prints_a_table_and_writes_a_package(forecaster: Path, capsys: Capture) -> None:
    patient(6, offset=40.0).write(Path("p.csv"))
    said = command(capsys, "personalise", forecaster, "p.csv", "-o", "own", "--threads", "1")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0].startswith("Learnt from 3.54 days' worth of forecasts, judged on 2.3")
    assert "blocks of 3 hours of one patient" in lines[0]
    assert lines[1].split() == ["before", "after", "change"]
    record = json.loads(Path("own/personal.json").read_text())
    rmse = record["metrics"]["rmse_pooled"]
    assert lines[2].startswith("RMSE ")
    assert all(f"{rmse[when]['value']:.3g} (" in lines[2] for when in ("before", "after", "change"))
    assert lines[6].startswith("Decision: adapted. On days left out of learning")
    assert lines[7] == "Package: own"
    assert command(capsys, "personalise", forecaster, "p.csv", "-o", "two", "-q").out == ""


def test_refusals_are_one_sentence(forecaster: Path, capsys: Capture) -> None:
    patient(1).write(Path("p.csv"))
    said = command(capsys, "personalise", forecaster, "p.csv", "-o", "own")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("bedside: the patient's table: expected 2.3 days' worth of")
    assert said.err.count("\n") == 1
    Path("own").mkdir()
    Path("own/notes.txt").touch()
    said = command(capsys, "personalise", forecaster, "p.csv", "-o", "own")
    assert said.err == (
        "bedside: -o: expected a new or empty folder, got one that is there already. "
        "Name another.\n"
    )
