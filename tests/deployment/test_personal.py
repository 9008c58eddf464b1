"""Personalised packages: patients with a known truth, refusals, and what the folder holds."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bedside.deployment.integrity import write_checksums
from bedside.deployment.patient import forecast_past
from bedside.deployment.personal import personalise
from bedside.deployment.predictor import load
from bedside.errors import DataError, PackageError, StudyError

from .forecast_made import KEPT, MEAN, PATIENT, SDS, patient, write_forecaster

OFFSET, GAIN = 25.0, 1.4


@pytest.fixture(scope="session")
def forecaster(tmp_path_factory) -> Path:
    return write_forecaster(tmp_path_factory.mktemp("forecaster") / "package")


@pytest.fixture(scope="session")
def shifted(forecaster, tmp_path_factory):
    """The folder, record and table of a patient whose sensor reads with offset and gain."""
    folder = tmp_path_factory.mktemp("shifted")
    table = patient(12, offset=OFFSET, gain=GAIN).write(folder / f"{PATIENT}.csv")
    made = personalise(forecaster, table, folder / "own", threads=1)
    return made.folder, made.record, table


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def quantiles(package: Path, table: Path) -> np.ndarray:
    predictor = load(package, threads=1)
    return forecast_past(predictor.package.contents, predictor.networks, table).quantiles


def test_a_sensor_with_offset_and_gain_is_learnt_almost_whole(shifted) -> None:
    _, record, _ = shifted
    assert record["decision"] == "adapted"
    assert record["better_in"] > 0.99
    rmse = record["metrics"]["rmse_pooled"]
    # the best forecast goes back to the patient's own mean; its error is known, as is how
    # far the cohort's mean lies from it
    best = GAIN * np.sqrt(np.mean(SDS**2))
    bias = (OFFSET + GAIN * MEAN - MEAN) * (1 - KEPT)
    assert rmse["before"]["value"] == pytest.approx(np.sqrt(best**2 + np.mean(bias**2)), rel=0.05)
    assert rmse["after"]["value"] == pytest.approx(best, rel=0.05)
    assert rmse["change"]["high"] < 0
    assert record["metrics"]["mae_pooled"]["change"]["high"] < 0
    coverage = record["metrics"]["coverage_80"]
    assert coverage["after"]["value"] > coverage["before"]["value"] + 0.05


def test_a_patient_like_the_cohort_is_left_as_good_as_it_was(forecaster, tmp_path) -> None:
    kept = 0
    for seed in range(5):
        table = patient(6, seed=seed).write(tmp_path / "patient.csv")
        record = personalise(forecaster, table, tmp_path / str(seed), threads=1).record
        rmse = record["metrics"]["rmse_pooled"]
        assert rmse["after"]["value"] < 1.02 * rmse["before"]["value"]
        if record["decision"] == "kept as it was":
            kept += 1
            assert rmse["change"] == {"value": 0.0, "low": 0.0, "high": 0.0}
            np.testing.assert_array_equal(
                quantiles(tmp_path / str(seed), table), quantiles(forecaster, table)
            )
    assert kept >= 3


def test_the_package_is_served_like_any_other_and_says_the_same_after_reload(
    forecaster, shifted
) -> None:
    folder, record, table = shifted
    before, after = quantiles(forecaster, table), quantiles(folder, table)
    moves = after - before
    np.testing.assert_allclose(moves, np.repeat(moves[:, :, 2:3], 5, axis=2), atol=1e-3)
    assert np.abs(moves).mean() > 5
    # the same later days, measured from the reloaded package, give the record's error
    predictor = load(folder, threads=1)
    past = forecast_past(predictor.package.contents, predictor.networks, table)
    later = past.minute >= past.minute[-1] - 2 * 24 * 60
    error = after[later][:, :, 2] - past.targets.arrays["truth"][np.flatnonzero(later)]
    assert np.sqrt(np.mean(error**2)) == pytest.approx(
        record["metrics"]["rmse_pooled"]["after"]["value"], rel=0.1
    )
    assert (folder / "network.onnx").read_bytes() == (forecaster / "network.onnx").read_bytes()


def test_the_numbers_of_the_patient_are_under_checksum_and_self_check(shifted, tmp_path) -> None:
    folder = shutil.copytree(shifted[0], tmp_path / "own")
    words = json.loads((folder / "package.json").read_text())
    words["task"]["state"]["personal"]["weights"][0] = [1.0] * len(KEPT)
    (folder / "package.json").write_text(json.dumps(words))
    with pytest.raises(PackageError, match=r"package\.json: expected the checksum"):
        load(folder, threads=1)
    write_checksums(folder)
    with pytest.raises(PackageError, match="Self-check of the package, 'prediction/"):
        load(folder, threads=1)
    words["task"]["state"]["personal"]["terms"] = ["constant"]
    (folder / "package.json").write_text(json.dumps(words))
    write_checksums(folder)
    with pytest.raises(PackageError, match="personal correction: expected weights of the terms"):
        load(folder, threads=1)


def test_nothing_names_the_patient_and_the_original_stays(forecaster, tmp_path) -> None:
    before = hashes(forecaster)
    own = patient(6, offset=OFFSET)
    table = own.write(tmp_path / f"{PATIENT}.csv")
    made = personalise(forecaster, table, tmp_path / "own", threads=1)
    assert hashes(forecaster) == before
    for path in made.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes().decode("utf-8", errors="replace")
            assert PATIENT not in content
            assert "2024-03" not in content
            assert not any(f"{value:.3f}" in content for value in own.values[:200]), path.name
    assert json.loads((made.folder / "personal.json").read_text()) == made.record
    card = (made.folder / "model_card.md").read_text()
    assert card.startswith("# Card\n\n## Personalised for one patient\n")
    assert "Use it for that patient alone" in card
    assert f"| RMSE | {made.record['metrics']['rmse_pooled']['before']['value']:.3g} (" in card


def test_too_few_days_are_refused_with_how_many_are_needed(forecaster, tmp_path) -> None:
    # ten windows of half an hour for each of six numbers are 1.25 days; eight blocks of six
    # windows are one more, and the two parts lie one window apart
    table = patient(1.5).write(tmp_path / "patient.csv")
    with pytest.raises(DataError) as caught:
        personalise(forecaster, table, tmp_path / "own", threads=1)
    assert str(caught.value) == (
        "the patient's table: expected 2.3 days' worth of forecasts, 1.2 to learn from and 1.0 "
        "to judge by, got 1.4. Give about 0.9 more days of readings."
    )
    assert not (tmp_path / "own").exists()
    enough = patient(2.3 + 0.15).write(tmp_path / "patient.csv")
    days = personalise(forecaster, enough, tmp_path / "own", threads=1).record["days"]
    assert days["learnt_from"] >= 1.24
    assert days["judged_on"] >= 0.99


def test_the_user_says_how_many_days_are_learnt_from(forecaster, tmp_path) -> None:
    table = patient(6).write(tmp_path / "patient.csv")
    made = personalise(forecaster, table, tmp_path / "own", days=2, threads=1)
    assert made.record["days"]["learnt_from"] == 2.0
    for days, said in ((1, r"1\.2 to learn from .* Set --days to 1\.2 or more"), (5.5, "5.5 to")):
        with pytest.raises(DataError, match=said):
            personalise(forecaster, table, tmp_path / "other", days=days, threads=1)
    for days in (0, -1, float("nan"), float("inf")):
        with pytest.raises(StudyError, match="--days: expected a number of days above 0"):
            personalise(forecaster, table, tmp_path / "other", days=days, threads=1)


def test_later_readings_change_nothing_that_is_learnt(forecaster, tmp_path) -> None:
    own = patient(6, offset=OFFSET)
    weights = []
    for name in ("one", "two"):
        table = own.write(tmp_path / f"{name}.csv")
        made = personalise(forecaster, table, tmp_path / name, days=3, threads=1)
        state = json.loads((made.folder / "package.json").read_text())["task"]["state"]
        weights.append(state["personal"]["weights"])
        own.values[own.minutes > 3.2 * 24 * 60] = own.values[::-1][:1]  # another later life
    assert weights[0] == weights[1]


def test_an_output_that_is_there_is_never_written_over(forecaster, shifted, tmp_path) -> None:
    _, _, table = shifted
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("mine")
    for output in (forecaster, tmp_path / "notes", tmp_path / "notes" / "a.txt", shifted[0]):
        with pytest.raises(StudyError, match="-o: expected a new or empty folder"):
            personalise(forecaster, table, output)
    assert (tmp_path / "notes" / "a.txt").read_text() == "mine"


def test_packages_of_another_kind_are_refused(shifted, written_once, tmp_path) -> None:
    folder, _, table = shifted
    with pytest.raises(PackageError, match="expected one that was trained on many patients"):
        personalise(folder, table, tmp_path / "own", threads=1)
    with pytest.raises(PackageError, match="task: expected forecast, got another"):
        personalise(written_once, table, tmp_path / "own", threads=1)


BLOCKED = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "pandas", "sklearn", "matplotlib"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Blocker())
import bedside
print(bedside.personalise(*sys.argv[1:4], threads=1).record["decision"])
"""


def test_it_runs_without_the_training_libraries(forecaster, shifted, tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, forecaster, shifted[2], tmp_path / "own"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("adapted\n", "")
