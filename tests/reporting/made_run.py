"""A made-up run folder, as the pipeline leaves it: numbers plausible, patients invented."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bedside.evaluation.class_evidence import evidence_of_classes
from bedside.evaluation.kinds import Answers
from bedside.reporting.examples import write_examples
from bedside.run_folder import RunFolder
from bedside.schema import Prediction, Targets
from bedside.study import EvaluationSection

PATIENT = "SECRETPATIENT"
CASE = "SECRETCASE"
CLASSES = {
    "binary": ["normal", "pneumonia"],
    "classes": ["glioma", "meningioma", "no tumour", "pituitary"],
    "labels": ["atelectasis", "effusion", "pneumothorax"],
}
SEPARATION = {"resnet": 3.2, "logistic": 2.2, "boosted-trees": 2.0, "majority": 0.0}


@dataclass(frozen=True)
class Made:
    """What to make; every field has a harmless default."""

    kind: str = "binary"
    cases: int = 600
    classes: tuple[str, ...] = ()
    changes: dict[str, Any] = field(default_factory=dict)
    intervals: bool = True
    examples: bool = True
    figures: bool = True
    """False puts a placeholder where figures would be drawn, which takes a second."""
    study: dict[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        return list(self.classes) or CLASSES[self.kind]


def make_run(root: Path, made: Made | None = None) -> RunFolder:
    made = made or Made()
    folder = RunFolder(root)
    root.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(3)
    truth = _truth(made, rng)
    models: dict[str, Any] = {}
    deep = None
    for model, separation in SEPARATION.items():
        probability, decision = _answers(made, truth, separation, rng)
        models[model] = _metrics(made, truth, probability, decision)
        for part, n in (("test", made.cases), ("validation", 300)):
            path = root / "predictions" / f"{model}-{part}.csv"
            _write_predictions(path, made, truth[:n], probability[:n], decision[:n])
        if model == "resnet":
            deep = (probability, decision)
            _write_predictions(folder.predictions, made, truth, probability, decision)
    assert deep is not None
    beyond = _beyond(made, truth, deep)
    folder.metrics.write_text(json.dumps(_metrics_file(made, models) | beyond | made.changes))
    folder.study.write_text(json.dumps(_study(made)))
    _write_rest(folder, made, rng)
    if not made.figures:
        folder.figures.mkdir()
        (folder.figures / "roc.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    if made.examples:
        _write_examples(folder, made, truth, deep)
    return folder


def _beyond(made: Made, truth: np.ndarray, deep: tuple[np.ndarray, np.ndarray]) -> dict[str, Any]:
    """Promises and use, measured as a run measures them."""
    if made.kind == "labels":
        return {}
    known = ~np.isnan(truth)
    targets = Targets({"truth": np.nan_to_num(truth), "known": known}, tuple(made.names), made.kind)
    state = {
        "thresholds": [0.47],
        "sets": {"coverage": 0.9, "largest": [0.6] * len(made.names)},
        "abstain": {"share": 0.1, "below": 0.1},
    }
    prediction = Prediction({"probability": deep[0], "decision": deep[1]}, tuple(made.names))
    rows = np.arange(len(truth))
    answers = Answers(targets, prediction, rows, rows, state)
    return evidence_of_classes({"resnet": answers}, EvaluationSection(bootstrap=100), 7)


def _truth(made: Made, rng: np.random.Generator) -> np.ndarray:
    if made.kind == "binary":
        return (rng.random((made.cases, 1)) < 0.6).astype(float)
    if made.kind == "classes":
        return np.eye(len(made.names))[rng.integers(0, len(made.names), made.cases)]
    truth = (rng.random((made.cases, len(made.names))) < 0.25).astype(float)
    truth[rng.random(truth.shape) < 0.1] = np.nan
    return truth


def _answers(
    made: Made, truth: np.ndarray, separation: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    logits = separation * (np.nan_to_num(truth) - 0.5) + rng.normal(0, 1.1, truth.shape)
    if separation == 0:
        logits = np.zeros(truth.shape)
    if made.kind == "classes":
        power = np.exp(1.5 * logits - 1.5 * logits.max(axis=1, keepdims=True))
        probability = power / power.sum(axis=1, keepdims=True)
        return probability, np.eye(len(made.names), dtype=bool)[probability.argmax(axis=1)]
    probability = 1 / (1 + np.exp(-2 * logits))
    return probability, probability >= 0.47


def _estimate(value: float, made: Made, cases: int = 600) -> dict[str, float | None]:
    reach = 1.96 * float(np.sqrt(max(value * (1 - value), 1e-4) / max(cases, 1)))
    if not made.intervals:
        return {"value": value, "low": None, "high": None}
    return {"value": value, "low": max(0.0, value - reach), "high": min(1.0, value + reach)}


def _metrics(
    made: Made, truth: np.ndarray, probability: np.ndarray, decision: np.ndarray
) -> dict[str, Any]:
    per_class: dict[str, dict[str, float]] = {}
    for column in range(truth.shape[1]):
        known = ~np.isnan(truth[:, column])
        yes, said = truth[known, column] > 0, decision[known, column]
        stated = probability[known, column]
        name = made.names[-1] if made.kind == "binary" else made.names[column]
        per_class[name] = _one(yes, stated, said)
    plain = {m: float(np.mean([found[m] for found in per_class.values()])) for m in _one_names()}
    found = {name: _estimate(value, made) for name, value in plain.items()}
    if made.kind != "binary":
        for name, values in per_class.items():
            found |= {f"{m}_{name}": _estimate(v, made, 150) for m, v in values.items()}
    return found


def _one_names() -> list[str]:
    return ["auroc", "auprc", "accuracy", "balanced_accuracy", "sensitivity", "specificity",
            "ppv", "npv", "f1", "brier", "ece"]  # fmt: skip


def _one(yes: np.ndarray, stated: np.ndarray, said: np.ndarray) -> dict[str, float]:
    from sklearn.metrics import average_precision_score, roc_auc_score

    sensitivity, specificity = float(said[yes].mean()), float((~said[~yes]).mean())
    ppv = float(yes[said].mean()) if said.any() else 0.0
    npv = float((~yes[~said]).mean()) if (~said).any() else 0.0
    values = [
        float(roc_auc_score(yes, stated)),
        float(average_precision_score(yes, stated)),
        float((yes == said).mean()),
        (sensitivity + specificity) / 2,
        sensitivity,
        specificity,
        ppv,
        npv,
        2 * ppv * sensitivity / max(ppv + sensitivity, 1e-9),
        float(((stated - yes) ** 2).mean()),
        0.031,
    ]
    return dict(zip(_one_names(), values, strict=True))


def _metrics_file(made: Made, models: dict[str, Any]) -> dict[str, Any]:
    groups = {"sex": ("F", "M"), "view": ("AP", "PA"), "age": ("under 40", "40 to 65", "over 65")}
    subgroups = {
        attribute: {
            name: {
                "cases": 300 - 60 * place,
                "patients": 290 - 60 * place,
                "positives": 150,
                "metrics": {
                    "auroc": _estimate(0.98 - 0.02 * place, made, 250),
                    "sensitivity": _estimate(0.93 - 0.03 * place, made, 150),
                    "specificity": _estimate(0.88 - 0.02 * place, made, 150),
                },
            }
            for place, name in enumerate(names)
        }
        for attribute, names in groups.items()
    }
    subgroups["view"]["lateral"] = {"cases": 9, "patients": 9, "positives": 1, "metrics": None}
    subgroups["view"]["tiny"] = {"cases": 2, "patients": 2, "positives": 1, "metrics": None}
    ends = {"low": 0.021, "high": 0.05} if made.intervals else {"low": None, "high": None}
    several = made.kind == "labels"
    return {
        "study": "pneumonia", "task": "classify", "kind": made.kind, "part": "test",
        "cases": made.cases, "patients": made.cases, "primary": "auroc", "confidence": 0.95,
        "bootstrap": 1000, "seed": 7, "split_by": "patient", "split_notes": [],
        "classes": made.names, "thresholds": [0.47] * (len(made.names) if several else 1),
        "threshold_rule": "youden", "models": models, "deep": "resnet",
        "best_baseline": "logistic",
        "difference": {"metric": "auroc", "value": 0.035, **ends}, "verdict": "deep better",
        "subgroups": subgroups, "other_parts": {},
        "timing": {"train_seconds": 192.4, "cases_per_second_training": 3100.4,
                   "cases_per_second_predict": 5200.7},
        "looks": 1, "calibration": {"temperature": [1.31]}, "waived": [],
    }  # fmt: skip


def _study(made: Made) -> dict[str, Any]:
    return {
        "name": "pneumonia",
        "data": {"table": "/home/somebody/secretfolder/cases.csv", "patient": "patient_id"},
        "inputs": {"xray": {"modality": "image", "column": "file"}},
        "target": {"task": "classify", "column": "label", "positive": "pneumonia"},
        "evaluation": {"subgroups": ["sex", "view", "age"]},
        "about": {"intended_use": "Research on triage of chest X-rays of adults."},
    } | made.study


def _write_predictions(
    path: Path, made: Made, truth: np.ndarray, probability: np.ndarray, decision: np.ndarray
) -> None:
    path.parent.mkdir(exist_ok=True)
    names = np.array(made.names, dtype=object)
    columns: dict[str, Any] = {
        "case_id": [f"{CASE}{i}" for i in range(len(truth))],
        "patient_id": [f"{PATIENT}{i}" for i in range(len(truth))],
        "row": list(range(2, len(truth) + 2)),
    }
    if made.kind == "binary":
        columns |= {"truth": names[truth[:, 0].astype(int)], "probability": probability[:, 0],
                    "decision": names[decision[:, 0].astype(int)]}  # fmt: skip
    elif made.kind == "classes":
        columns["truth"] = names[truth.argmax(axis=1)]
        columns |= {f"probability_{n}": probability[:, k] for k, n in enumerate(names)}
        columns["decision"] = names[decision.argmax(axis=1)]
    else:
        for k, name in enumerate(names):
            blank = np.isnan(truth[:, k])
            cells = np.nan_to_num(truth[:, k]).astype(int)
            columns[f"truth_{name}"] = np.where(blank, "", cells.astype(str))
            columns[f"probability_{name}"] = probability[:, k]
            columns[f"decision_{name}"] = decision[:, k].astype(int)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def _write_rest(folder: RunFolder, made: Made, rng: np.random.Generator) -> None:
    folder.environment.write_text(json.dumps(
        {"bedside": "0.1.0", "python": "3.12.4", "platform": "Linux x86_64",
         "libraries": {"torch": "2.13.0"},
         "cpu": "Intel Xeon (AMX)", "threads": 2,
         "training": {"resnet": {"epochs": 18, "best_epoch": 12, "batch_size": 32,
                                 "learning_rate": 0.0014, "weight_decay": 0.05, "patience": 8,
                                 "device": "cpu", "precision": "bf16"}},
         "hostname": "secrethost"}
    ))  # fmt: skip
    folder.audit.write_text(json.dumps({"findings": [
        {"check": "near_copies", "severity": "warn", "count": 6, "rows": [12, 18, 44],
         "message": "6 images in training are nearly the same as one in validation.",
         "remedy": "Look at them, and drop one of each pair if they show the same exam."},
        {"check": "class_balance", "severity": "note", "count": 2, "rows": [],
         "message": "The rarer class has 26 % of the training cases.", "remedy": ""},
        {"check": "unreadable", "severity": "block", "count": 1, "rows": ["row 7777"],
         "message": "1 file cannot be read as an image.", "remedy": "Leave the row out."},
    ], "facts": _facts(made)}))  # fmt: skip
    parts = [("train", 1100), ("validation", 300), ("test", made.cases)]
    with folder.splits.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["case_id", "patient_id", "part"])
        writer.writerows(
            (f"{CASE}{part}{i}", f"{PATIENT}{part}{i}", part) for part, n in parts for i in range(n)
        )
    lines = [{"time": 1.0, "event": "stage", "name": "train"}]
    for epoch in range(1, 19):
        validation = 0.12 + 0.5 * np.exp(-epoch / 3) + 0.004 * max(0, epoch - 12)
        lines.append({"time": 2.0, "event": "epoch", "model": "resnet", "epoch": epoch,
                      "train_loss": 0.07 + 0.6 * float(np.exp(-epoch / 4)),
                      "validation_loss": float(validation + rng.normal(0, 0.004)),
                      "learning_rate": 0.001, "seconds": 10.0})  # fmt: skip
    folder.log.write_text("\n".join(json.dumps(line) for line in lines) + "\n")


def _facts(made: Made) -> dict[str, Any]:
    return {
        "cases": 2000, "patients": 1900, "unknown": {"label": 3},
        "classes": {"train": {name: 500 - 40 * k for k, name in enumerate(made.names)}},
        "inputs": {"xray": {"unreadable": 1, "shapes": [{"shape": [128, 96], "cases": 1999}],
                            "modes": [{"format": "PNG", "mode": "L", "bits": 8, "cases": 1999}]}},
        "learning_curve": {
            "patients": [110, 220, 440, 660, 880], "auroc": [0.81, 0.85, 0.88, 0.89, 0.9],
            "low": [0.78, 0.83, 0.86, 0.87, 0.88], "high": [0.84, 0.87, 0.9, 0.91, 0.92],
            "fit": [0.95, 1.2, 0.46], "now": 1100,
            "gain": {"value": 0.013, "low": 0.004, "high": 0.022},
        },
    }  # fmt: skip


def picture(row: int) -> bytes:
    """A chest-like grey picture."""
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    lungs = np.exp(-((np.abs(x) - 0.45) ** 2 / 0.06 + y**2 / 0.35))
    noise = np.random.default_rng(row).normal(0, 12, x.shape)
    grey = np.clip(190 - 140 * lungs + noise, 0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(grey).save(stream, format="PNG")
    return stream.getvalue()


def to_schema(made: Made, truth: np.ndarray, answers: tuple[np.ndarray, np.ndarray]) -> Any:
    names = tuple(made.names)
    known = ~np.isnan(truth)
    targets = Targets({"truth": np.nan_to_num(truth).astype(np.float32), "known": known}, names)
    return Prediction({"probability": answers[0], "decision": answers[1]}, names), targets


def _write_examples(
    folder: RunFolder, made: Made, truth: np.ndarray, answers: tuple[np.ndarray, np.ndarray]
) -> None:
    prediction, targets = to_schema(made, truth, answers)
    write_examples(
        folder,
        prediction=prediction,
        targets=targets,
        kind=made.kind,
        row_names=[f"row {i + 2} of {CASE}s.csv" for i in range(len(truth))],
        pictures=picture,
        seed=7,
    )
