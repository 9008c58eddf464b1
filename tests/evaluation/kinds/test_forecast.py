"""A forecast goes through the same judge and the same files as a classification."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bedside.data.cohort import Cohort
from bedside.data.split import Split
from bedside.errors import DataError
from bedside.evaluation.bootstrap import interval, patient_weights
from bedside.evaluation.judge import judge_models
from bedside.evaluation.kinds.forecast import FORECAST, Patients
from bedside.evaluation.record import make_exam, write_judgement
from bedside.evaluation.scoring import score
from bedside.run_folder import RunFolder
from bedside.schema import Array, Prediction, Targets
from bedside.study import Study
from bedside.training.loader import Prepared
from bedside.training.preparation import Preparation

from ..forecasts_made import SCORES, MadeForecast, answers_of, series, windows_of

PATIENTS, EACH = 12, 30
PARTS = ("train", "validation", "test", "held_out_patients")
WORDS: dict[str, Any] = {
    "name": "sugar",
    "data": {"table": "glucose.csv"},
    "inputs": {"glucose": {"modality": "image"}},
    "target": {"task": "classify"},
    "training": {"seed": 11},
    "evaluation": {"bootstrap": 100, "subgroups": ["sex"]},
}


def cohort_of() -> Cohort:
    """Sixteen series of a patient each; the last four are held out."""
    cases = pd.DataFrame(
        {
            "case_id": [f"s{n}" for n in range(PATIENTS + 4)],
            "who": [f"p{n}" for n in range(PATIENTS + 4)],
            "sex": ["F", "M"] * (PATIENTS // 2 + 2),
        }
    )
    return Cohort(cases, "glucose.csv", first_row=2, patient="who")


def preparation_of(rng: np.random.Generator) -> Preparation:
    parts = {}
    for number, part in enumerate(PARTS):
        own = np.arange(4) + PATIENTS if number == 3 else np.arange(PATIENTS)
        truth = series(rng, patients=len(own), windows=EACH)
        minute = np.tile(np.arange(EACH) * 30 + 10_000 * number, len(own))
        targets = windows_of(truth, minute=minute)
        parts[part] = Prepared({}, targets, np.repeat(own, EACH))
    return Preparation({}, parts)  # type: ignore[arg-type]


def outputs_of(exam: Any, rng: np.random.Generator, *, noise: float, bias: float = 0.0) -> Any:
    answers = {}
    for part, targets in exam.targets.items():
        truth = targets.arrays["truth"]
        point = truth + bias + rng.normal(0, noise, truth.shape)
        answers[part] = {"quantiles": point[:, :, None] + noise * np.array(SCORES)}
    return answers


def written(folder: RunFolder, rng: np.random.Generator) -> dict[str, Any]:
    study, cohort = Study.parse(WORDS), cohort_of()
    task: Any = MadeForecast()
    exam = make_exam(study, cohort, preparation_of(rng), task=task)
    deep = {"lstm": outputs_of(exam, rng, noise=8, bias=40), "tcn": outputs_of(exam, rng, noise=12)}
    peers = {"persistence": outputs_of(exam, rng, noise=16)}
    judgement = judge_models(exam, deep, peers)
    split = Split(np.array(["train"] * len(cohort)), "time", seed=5)
    write_judgement(folder, judgement, exam, materials=(study, cohort, split), facts={})
    found: dict[str, Any] = json.loads(folder.metrics.read_text())
    return found


def test_metrics_of_a_forecast(tmp_path: Path, rng: np.random.Generator) -> None:
    metrics = written(RunFolder(tmp_path), rng)
    assert {key: metrics[key] for key in ("kind", "primary", "unit", "horizon_minutes")} == {
        "kind": "forecast", "primary": "rmse_pooled", "unit": "mg/dL", "horizon_minutes": 60,
    }  # fmt: skip
    assert "thresholds" not in metrics
    assert (metrics["cases"], metrics["patients"]) == (PATIENTS * EACH, PATIENTS)
    assert (metrics["deep"], metrics["best_baseline"]) == ("lstm", "persistence")
    value = {name: table["rmse_pooled"]["value"] for name, table in metrics["models"].items()}
    assert value == pytest.approx({"lstm": 8, "tcn": 12, "persistence": 16}, rel=0.1)
    assert metrics["difference"]["value"] == pytest.approx(value["persistence"] - value["lstm"])
    assert metrics["verdict"] == "deep better"
    names = set(metrics["models"]["lstm"])
    assert {"mae_pooled", "mae_pooled_15min", "mard_60min", "coverage_80_30min"} <= names
    assert set(metrics["subgroups"]) == {"sex", "hour of day"}
    assert sum(g["cases"] for g in metrics["subgroups"]["hour of day"].values()) == metrics["cases"]
    assert metrics["subgroups"]["sex"]["F"]["metrics"]["coverage_80"]["value"] == pytest.approx(
        0.8, abs=0.05
    )


def test_held_out_patients_stand_in_the_same_shape(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    metrics = written(RunFolder(tmp_path), rng)
    held_out = metrics["other_parts"]["held_out_patients"]
    assert (held_out["cases"], held_out["patients"]) == (4 * EACH, 4)
    assert list(held_out["models"]) == list(metrics["models"])
    assert set(held_out) == {
        *("cases", "patients", "models", "difference", "verdict", "subgroups"),
        "follows",
    }
    assert held_out["models"]["tcn"]["rmse_pooled"] != metrics["models"]["tcn"]["rmse_pooled"]


def test_answers_are_kept_for_the_report(tmp_path: Path, rng: np.random.Generator) -> None:
    written(RunFolder(tmp_path), rng)
    with np.load(tmp_path / "predictions" / "windows-held_out_patients.npz") as windows:
        assert windows["truth"].shape == (4 * EACH, 12)
        assert np.unique(windows["row"]).tolist() == [12, 13, 14, 15]
        assert np.unique(windows["patient"]).tolist() == [0, 1, 2, 3]
    with np.load(tmp_path / "predictions" / "persistence-test.npz") as kept:
        assert kept["quantiles"].shape == (PATIENTS * EACH, 12, 5)
    table = pd.read_csv(tmp_path / "predictions.csv")
    assert list(table) == ["case_id", "patient_id", "row", "minutes", "truth", "predicted"]
    assert len(table) == PATIENTS * EACH * 12
    assert table["case_id"][:13].tolist() == ["s0"] * 13
    assert table["row"].max() == PATIENTS - 1 + 2


def test_the_interval_is_that_of_drawing_whole_patients(rng: np.random.Generator) -> None:
    truth = series(rng, patients=8, windows=20)
    groups = np.repeat(np.arange(8), 20)
    point = truth + np.repeat(rng.normal(0, 20, 8), 20)[:, None] + rng.normal(0, 5, truth.shape)
    scores = score(answers_of(truth, point, groups), replicates=200, seed=3)
    each = ((point - truth.astype(np.float32)) ** 2).mean(axis=1)
    drawn = []
    for block in patient_weights(groups, replicates=200, rng=np.random.default_rng(3)):
        drawn += [float(np.sqrt(np.average(each, weights=row))) for row in block]
    entry = scores.table["rmse_pooled"]
    apart = [float(np.sqrt(each[groups != patient].mean())) for patient in range(8)]
    wanted = interval(
        np.array(drawn), 0.95, estimate=float(np.sqrt(each.mean())), left_out=np.array(apart)
    )
    assert wanted is not None
    assert (entry["low"], entry["high"]) == pytest.approx(wanted, rel=1e-5)
    assert scores.replicates["rmse_pooled"] == pytest.approx(np.array(drawn), rel=1e-5)


def test_a_share_of_all_or_none_has_the_bound_of_so_many_patients() -> None:
    truth = np.full((40, 2), 120.0)
    scores = score(answers_of(truth, truth, np.repeat(np.arange(10), 4)), replicates=100, seed=1)
    assert scores.table["coverage_80"] == {
        "value": 1.0, "low": pytest.approx(0.025 ** (1 / 10)), "high": 1.0,
    }  # fmt: skip
    assert scores.table["rmse_pooled"] == {"value": 0.0, "low": None, "high": None}
    assert Patients(np.arange(10)).far_end("rmse_pooled", edge=0, tail=0.025) is None


def test_another_stretch_of_the_same_series_is_another_look() -> None:
    ids = np.array(["a", "a", "b"])
    first = windows_of(np.ones((3, 2)), minute=np.array([0, 30, 0]))
    later = windows_of(np.ones((3, 2)), minute=np.array([60, 90, 0]))
    assert FORECAST.names(ids, first).tolist() == ["a 0 30 2", "b 0 0 1"]
    assert FORECAST.names(ids, later).tolist() == ["a 60 90 2", "b 0 0 1"]


def test_hours_of_the_day_are_local_clock_time() -> None:
    minute = np.array([0, 179, 180, 24 * 60 + 23 * 60])
    grouping = FORECAST.groupings(windows_of(np.ones((4, 1)), minute=minute), {})["hour of day"]
    assert grouping.labels.tolist() == ["00-02", "00-02", "03-05", "21-23"]
    assert grouping.order == ["00-02", "03-05", "21-23"]


def test_a_constant_forecast_tells_no_window_from_another(rng: np.random.Generator) -> None:
    same = Prediction({"point": np.tile(np.arange(12.0), (5, 1))}, ())
    other = Prediction({"point": rng.normal(size=(5, 12))}, ())
    assert (FORECAST.tells_apart(same), FORECAST.tells_apart(other)) == (False, True)


def test_what_cannot_be_scored_is_refused_with_every_fault() -> None:
    answers = answers_of(np.ones((4, 2)), np.ones((4, 2)))
    wrong = replace(answers, groups=np.arange(3), rows=np.arange(4))
    wrong.prediction.arrays["point"] = np.ones((4, 3))
    with pytest.raises(DataError) as caught:
        FORECAST.check(wrong)
    assert str(caught.value).splitlines() == [
        "scoring, point: expected shape (4, 2), got shape (4, 3). "
        "Score the same windows that were predicted.",
        "scoring, groups: expected shape (4,), got shape (3,). "
        "Score the same windows that were predicted.",
    ]
    answers = answers_of(np.ones((4, 2)), np.array([[1.0, np.nan]] * 4))
    with pytest.raises(DataError, match=r"point: expected finite numbers, got 4 entries"):
        FORECAST.check(answers)


def test_no_window_is_refused() -> None:
    empty: Array = np.ones((0, 2))
    with pytest.raises(DataError, match=r"expected windows .* got shape \(0, 2\) for 2 steps"):
        FORECAST.check(answers_of(empty, empty))


def test_another_number_of_names_is_refused() -> None:
    answers = answers_of(np.ones((3, 2)), np.ones((3, 2)))
    targets = Targets(answers.targets.arrays, ("5",), "forecast")
    with pytest.raises(DataError, match=r"shape \(3, 2\) for 1 steps"):
        FORECAST.check(replace(answers, targets=targets))
