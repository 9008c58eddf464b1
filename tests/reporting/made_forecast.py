"""A run of a forecast, as the judge leaves it: virtual patients, simple models, true scores."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bedside.data.cohort import Cohort
from bedside.data.split import Split
from bedside.data.synthetic.glucose import make_glucose
from bedside.evaluation.glucose import MG_PER_MMOL
from bedside.evaluation.judge import judge_models
from bedside.evaluation.kinds import Answers
from bedside.evaluation.record import make_exam, write_judgement
from bedside.reporting.kinds.forecast import FORECAST
from bedside.reporting.model_card import write_model_card
from bedside.reporting.telling import Shown
from bedside.run_folder import RunFolder
from bedside.schema import Array, Arrays, Network, Prediction, State, Targets
from bedside.study import Study
from bedside.training.loader import Prepared
from bedside.training.preparation import Preparation

SECRET = "SECRETPATIENT"
LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
SCORES = (-1.96, -1.2816, 0.0, 1.2816, 1.96)
"""Of the normal distribution at those levels."""
PATIENTS, HELD_OUT, DAYS, STEPS, HISTORY, STRIDE = 12, 3, 4, 12, 24, 4
MODELS = ("lstm", "least-squares", "persistence")


def series(unit: str) -> Array:
    """(patients, steps) sensor values, gaps filled by straight lines."""
    table = make_glucose(patients=PATIENTS + HELD_OUT, seed=5, days=DAYS).table
    shown = np.asarray(table["glucose"], dtype=float).reshape(PATIENTS + HELD_OUT, -1)
    steps = np.arange(shown.shape[1])
    for row in shown:
        there = np.isfinite(row)
        row[:] = np.interp(steps, steps[there], row[there])
    return shown / (MG_PER_MMOL if unit == "mmol/L" else 1.0)


def part_of(values: Array, rows: Array, first: int, last: int) -> tuple[Prepared, Array]:
    """Windows that lie in steps first to last, and their (N, HISTORY) past."""
    starts = np.arange(first + HISTORY, last - STEPS, STRIDE)
    segment = np.repeat(rows, len(starts))
    origin = np.tile(starts, len(rows))
    ahead = origin[:, None] + np.arange(1, STEPS + 1)
    past = values[segment[:, None], origin[:, None] - np.arange(HISTORY)[::-1]]
    targets = Targets(
        {
            "truth": values[segment[:, None], ahead].astype(np.float32),
            "known": np.ones(ahead.shape, dtype=bool),
            "last": values[segment, origin].astype(np.float32),
            "minute": 28_500_480 + origin * 5,
        },
        tuple(str(5 * (step + 1)) for step in range(STEPS)),
        "forecast",
    )
    return Prepared({}, targets, segment), past


def points_of(parts: dict[str, tuple[Prepared, Array]]) -> dict[str, dict[str, Array]]:
    """Model -> part -> (N, STEPS) point forecasts."""

    def design(past: Array, minute: Array) -> Array:
        angle = 2 * np.pi * (minute % 1440) / 1440
        return np.column_stack([past, np.ones(len(past)), np.sin(angle), np.cos(angle)])

    own, past = parts["train"]
    truth, minute = own.targets.arrays["truth"], own.targets.arrays["minute"]
    plain = np.linalg.lstsq(np.column_stack([past, np.ones(len(past))]), truth, rcond=None)[0]
    timed = np.linalg.lstsq(design(past, minute), truth, rcond=None)[0]
    found: dict[str, dict[str, Array]] = {name: {} for name in MODELS}
    for part, (one, before) in parts.items():
        clock = one.targets.arrays["minute"]
        found["persistence"][part] = np.repeat(before[:, -1:], STEPS, axis=1)
        found["least-squares"][part] = np.column_stack([before, np.ones(len(before))]) @ plain
        found["lstm"][part] = design(before, clock) @ timed
    return found


class Task:
    """The base half of a forecasting task: what it is given is calibrated already."""

    primary = "rmse_pooled"

    def __init__(self, unit: str) -> None:
        self.state = {"levels": list(LEVELS), "unit": unit, "every_minutes": 5}

    def fit(self, targets: Targets, *, balance: bool = True) -> State:
        return self.state

    def calibrate(self, outputs: Arrays, targets: Targets, state: State) -> State:
        return state

    def calibrated(self, outputs: Arrays, state: State) -> Arrays:
        return outputs

    def infer(self, networks: Mapping[str, Network], arrays: Arrays, state: State) -> Prediction:
        quantiles = networks["network"](arrays)["quantiles"]
        return Prediction({"point": quantiles[:, :, 2], "quantiles": quantiles}, ())

    def rows(self, prediction: Prediction, state: State) -> dict[str, Array]:
        return {"forecast": prediction.arrays["point"].reshape(-1)}

    def truth_rows(self, targets: Targets) -> dict[str, Array]:
        return {"truth": targets.arrays["truth"].reshape(-1)}


def make_forecast_run(
    root: Path, *, unit: str = "mg/dL", held_out: bool = True, changes: dict[str, Any] | None = None
) -> RunFolder:
    values = series(unit)
    steps, known = values.shape[1], np.arange(PATIENTS)
    cuts = [0, int(0.6 * steps), int(0.75 * steps), steps]
    parts = {
        part: part_of(values, known, cuts[place], cuts[place + 1])
        for place, part in enumerate(("train", "validation", "test"))
    }
    if held_out:
        parts["held_out_patients"] = part_of(values, np.arange(HELD_OUT) + PATIENTS, 0, steps)
    study = Study.parse(_words(unit))
    cohort = _cohort()
    preparation = Preparation({}, {part: own for part, (own, _) in parts.items()})  # type: ignore[misc]
    exam = make_exam(study, cohort, preparation, task=Task(unit=unit))  # type: ignore[arg-type]
    outputs = _outputs(parts)
    judgement = judge_models(
        exam, {"lstm": outputs["lstm"]}, {name: outputs[name] for name in MODELS[1:]}
    )
    folder = RunFolder(root)
    split = Split(np.array(["train"] * len(cohort)), "time", seed=5)
    timing = {"train_seconds": 12.3, "cases_per_second_training": 40_000,
              "cases_per_second_predict": 90_000}  # fmt: skip
    facts = {"waived": [], "timing": timing}
    write_judgement(folder, judgement, exam, materials=(study, cohort, split), facts=facts)
    metrics = json.loads(folder.metrics.read_text())
    folder.metrics.write_text(
        json.dumps(metrics | {"split_by": "time_within_patient"} | (changes or {}))
    )
    folder.study.write_text(json.dumps(_words(unit)))
    _write_rest(folder, parts, cuts)
    answers: Answers = judgement.models["lstm"].answers["test"]
    names = [f"segment {row + 1} of glucose.csv" for row in answers.rows]
    FORECAST.write_examples(folder, answers, Shown(names, lambda _: None, 7))
    write_model_card(folder)
    return folder


def _outputs(parts: dict[str, tuple[Prepared, Array]]) -> dict[str, dict[str, dict[str, Array]]]:
    found: dict[str, dict[str, dict[str, Array]]] = {}
    for name, points in points_of(parts).items():
        error = points["validation"] - parts["validation"][0].targets.arrays["truth"]
        spread = error.std(axis=0)
        found[name] = {
            part: {"quantiles": point[:, :, None] + spread[None, :, None] * np.array(SCORES)}
            for part, point in points.items()
        }
    return found


def _cohort() -> Cohort:
    count = PATIENTS + HELD_OUT
    cases = pd.DataFrame(
        {
            "case_id": [f"{SECRET}{n}/1" for n in range(count)],
            "patient": [f"{SECRET}{n}" for n in range(count)],
            "weight": np.resize(["under 75 kg", "75 kg and over"], count),
        }
    )
    return Cohort(cases, "glucose.csv", first_row=1, patient="patient")


def _words(unit: str) -> dict[str, Any]:
    return {
        "name": "sugar",
        "data": {"table": "/home/somebody/secretfolder/glucose.csv", "patient": "patient"},
        "inputs": {"glucose": {"modality": "signal", "column": "glucose", "unit": unit}},
        "target": {"task": "forecast", "horizon_minutes": 60},
        "training": {"seed": 7},
        "evaluation": {"bootstrap": 100, "subgroups": ["weight"]},
        "about": {"intended_use": "Research on warnings of low glucose."},
    }


def _write_rest(
    folder: RunFolder, parts: dict[str, tuple[Prepared, Array]], cuts: list[int]
) -> None:
    trained = {"lstm": {"epochs": 9, "best_epoch": 6, "batch_size": 256, "device": "cpu"}}
    folder.environment.write_text(json.dumps(
        {"bedside": "0.1.0", "python": "3.12.4", "libraries": {"torch": "2.13.0"}, "threads": 2,
         "looks": 1, "training": trained, "hostname": "secrethost"}
    ))  # fmt: skip
    folder.audit.write_text(json.dumps({"findings": [], "facts": {}}))
    with folder.splits.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["case_id", "patient_id", "part", "from", "to"])
        for place, (part, (own, _)) in enumerate(parts.items()):
            ends = (0, cuts[-1]) if place == 3 else (cuts[place], cuts[place + 1])
            for row in np.unique(own.rows):
                writer.writerow([f"{SECRET}{row}/1", f"{SECRET}{row}", part, ends[0], ends[1] - 1])
    losses = [0.5 + np.exp(-epoch / 3) for epoch in range(9)]
    lines = [
        {"event": "epoch", "model": "lstm", "epoch": epoch + 1, "train_loss": loss,
         "validation_loss": loss + 0.02 * max(0, epoch - 5)}
        for epoch, loss in enumerate(losses)
    ]  # fmt: skip
    folder.log.write_text("\n".join(json.dumps(line) for line in lines) + "\n")
