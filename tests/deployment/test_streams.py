"""The forecast of now: the last window of each patient, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bedside.deployment.predictor import load
from bedside.errors import DataError

from .forecast_made import HISTORY, KEPT, MEAN, STEPS, Patient, patient, write_forecaster


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_forecaster(tmp_path_factory.mktemp("streams") / "package")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def recent(values: list[float], *, begin: float = 0, name: str | None = "Ada") -> Patient:
    return Patient(np.array(values, dtype=float), begin + 5.0 * np.arange(len(values)), name)


def test_the_last_window_is_forecast_step_by_step(package: Path, tmp_path: Path) -> None:
    values = [*np.linspace(100, 180, HISTORY + 9), 171.0]
    table = recent(values).write(tmp_path / "t.csv")
    records = load(package).predict(table)
    assert len(records) == STEPS
    assert {record["case"] for record in records} == {"Ada"}
    assert [record["minutes_ahead"] for record in records] == [5, 10, 15, 20, 25, 30]
    wanted = MEAN + (171 - MEAN) * KEPT
    assert [record["forecast"] for record in records] == pytest.approx(wanted, abs=1e-2)
    assert records[0]["last_value"] == 171
    assert records[0]["last_reading"] == "2024-03-01 02:45"
    assert [record["time"] for record in records][:2] == ["2024-03-01 02:50", "2024-03-01 02:55"]
    assert list(records[0])[:5] == ["case", "last_reading", "last_value", "time", "minutes_ahead"]
    assert {"low_95", "low_80", "high_80", "high_95", "probability_below_70"} < set(records[0])
    assert records[0]["package"]


def test_the_grid_ends_at_the_last_reading(package: Path, tmp_path: Path) -> None:
    own = recent([150.0] * HISTORY + [160.0])
    own.minutes[-1] += 3  # came late, and is what counts
    records = load(package).predict(own.write(tmp_path / "t.csv"))
    assert records[0]["last_reading"] == "2024-03-01 02:03"
    assert records[0]["last_value"] == 160


def test_several_patients_and_tables_give_a_forecast_each(package: Path, tmp_path: Path) -> None:
    first = recent([150.0] * 30, name="Ada").write(tmp_path / "a.csv").read_text()
    second = recent([90.0] * 30, name="Bob").write(tmp_path / "b.csv").read_text()
    joined = tmp_path / "both.csv"
    joined.write_text(first + second.partition("\n")[2])
    alone = recent([200.0] * 30, name=None).write(tmp_path / "alone.csv")
    records = load(package).predict([joined, alone])
    assert [record["case"] for record in records[::STEPS]] == ["Ada", "Bob", str(alone)]
    assert [record["last_value"] for record in records[::STEPS]] == [150, 90, 200]


def test_too_few_readings_are_refused_in_minutes(package: Path, tmp_path: Path) -> None:
    short = recent([150.0] * 10).write(tmp_path / "t.csv")
    with pytest.raises(DataError) as error:
        load(package).predict(short)
    assert str(error.value).splitlines()[1] == (
        "patient 1 of table 1 of 1: expected 120 minutes of readings up to the last one, without a "
        "gap of more than 30, got 50. Wait for more readings, or give more of the past."
    )
    gap = recent([150.0] * 60)
    gap.minutes[50:] += 60
    with pytest.raises(DataError, match=r"got 50\. Wait for more readings"):
        load(package).predict(gap.write(tmp_path / "gap.csv"))


def test_one_bad_patient_may_be_skipped(package: Path, tmp_path: Path) -> None:
    good = recent([150.0] * 30, name="Ada").write(tmp_path / "a.csv").read_text()
    bad = recent([5.1] * 30, name="Bob").write(tmp_path / "b.csv").read_text()
    joined = tmp_path / "both.csv"
    joined.write_text(bad + good.partition("\n")[2])
    records = load(package).predict(joined, on_error="skip")
    assert len(records) == 1 + STEPS
    assert records[0]["error"] == (
        "patient 1 of table 1 of 1, column 'gl': expected readings in mg/dL that a device can "
        "show, got 30 others. Convert them to mg/dL, or leave those cells blank."
    )
    assert "forecast" not in records[0]
    assert records[1]["error"] is None
    assert "Bob" not in records[0]["error"]


def test_readings_in_the_units_of_the_study_are_converted(tmp_path: Path) -> None:
    package = write_forecaster(tmp_path / "package", unit="mmol/L")
    table = recent([150 / 18.016] * 30).write(tmp_path / "t.csv")
    records = load(package).predict(table)
    assert records[0]["last_value"] == pytest.approx(150, abs=0.02)
    assert records[0]["forecast"] == pytest.approx(MEAN + 10 * KEPT[0], abs=0.05)


def test_a_longer_past_changes_nothing(package: Path, tmp_path: Path) -> None:
    whole = patient(days=2)
    tail = Patient(whole.values[-HISTORY:], whole.minutes[-HISTORY:])
    answers = [
        load(package).predict(each.write(tmp_path / f"{name}.csv"))
        for name, each in (("whole", whole), ("tail", tail))
    ]
    assert answers[0] == answers[1]


def test_a_table_without_the_columns_is_refused(package: Path, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,when,gl\nAda,2024-03-01 10:00,150\n")
    with pytest.raises(Exception, match="table 1 of 1: expected a column 'time', got none"):
        load(package).predict(tmp_path / "t.csv")
    with pytest.raises(DataError, match="table 1 of 1: expected a table, got no such file"):
        load(package).predict(tmp_path / "none.csv")
