"""A tiny made-up study: 72 noisy pictures of 36 patients, on disk, and what runs it.

Identifiers and file names carry `SECRET`, so that a test can prove where they never appear.
"""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import yaml
from PIL import Image
from safetensors.numpy import load_file

from bedside.pipeline import Run, run
from bedside.study import Study

SECRET = "Zyxwvski"
SIDE = 24
WORDS: dict[str, Any] = {
    "name": "tiny",
    "data": {"table": "cases.csv", "patient": "patient_id", "site": "hospital"},
    "inputs": {"xray": {"modality": "image", "column": "file", "size": [SIDE, SIDE]}},
    "target": {"task": "classify", "column": "label", "positive": "ill"},
    "model": {"encoders": {"xray": "cnn"}},
    "training": {"epochs": 2, "precision": "float32"},
    "baselines": ["majority", "logistic"],
    "evaluation": {"bootstrap": 100, "subgroups": ["sex"]},
    "explanation": {"method": "grad-cam", "cases": 3},
    "device": "cpu",
    "threads": 1,
}
HEADER = ["case_id", "patient_id", "hospital", "sex", "file", "label", "grade", "a", "b"]


def make_cases(folder: Path, *, cases: int = 72, seed: int = 0) -> Path:
    """Write ``cases.csv`` and its pictures; the sign is weak, so that no model is perfect.

    `label` is well or ill, `grade` one of three classes, `a` and `b` are two labels of
    which some are unknown (-1).
    """
    rng = np.random.default_rng(seed)
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    with (folder / "cases.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(HEADER)
        for number in range(cases):
            ill, patient = int(rng.integers(2)), number // 2
            grade = ["mild", "some", "grave"][int(rng.integers(3))]
            a, b = ill, int(rng.integers(2))
            name = f"pictures/{SECRET}-{number:03d}.png"
            Image.fromarray(_picture(rng, ill=ill, b=b)).save(folder / name)
            who = f"{SECRET}-{patient:03d}"
            labels = [-1 if number % 9 == 0 else a, -1 if number % 6 == 0 else b]
            place, sex = "AB"[patient // 2 % 2], "FM"[patient % 2]
            case = [f"{SECRET}-case-{number:03d}", who, place, sex, name]
            table.writerow([*case, ["well", "ill"][ill], grade, *labels])
    return folder


def _picture(rng: np.random.Generator, *, ill: int, b: int) -> np.ndarray[Any, Any]:
    pixels = rng.normal(90, 40, (SIDE, SIDE))
    pixels[6:12, 6:12] += 22 * ill
    pixels[14:20, 4:18] += 12 * b
    return np.clip(pixels, 0, 255).astype(np.uint8)


def table_of(folder: Path) -> list[list[str]]:
    """All rows of ``cases.csv``, the header first."""
    with (folder / "cases.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))


def write_table(folder: Path, rows: list[list[str]]) -> None:
    with (folder / "cases.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)


def words_with(**sections: Any) -> dict[str, Any]:
    """The study's words with some sections replaced."""
    return {**WORDS, **sections}


def write_study(folder: Path, words: dict[str, Any] | None = None) -> Path:
    """Write ``study.yaml`` beside the cases."""
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(words or WORDS, sort_keys=False), encoding="utf-8")
    return path


def run_in(folder: Path, words: dict[str, Any] | None = None, *, into: str = "run") -> Run:
    """Write the study file and run it."""
    return run(Study.load(write_study(folder, words)), folder / into)


def without_timing(metrics: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in metrics.items() if key != "timing"}


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def best_weights(root: Path, model: str = "cnn") -> dict[str, Any]:
    """The weights a run chose, by name, from its checkpoint."""
    tensors = load_file(root / "checkpoint" / model / "training.safetensors")
    return {name: value for name, value in tensors.items() if name.startswith("best/")}


def same_weights(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def part_rows(root: Path, part: str) -> list[str]:
    """Ids of a part's cases, in the cohort's order."""
    return [row["case_id"] for row in read_csv(root / "splits.csv") if row["part"] == part]


def log_of(root: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (root / "log.jsonl").read_text().splitlines()]


@dataclass(frozen=True)
class Finished:
    """The folder of the cases and the study's finished run, made once for all tests."""

    folder: Path
    run: Run

    @property
    def root(self) -> Path:
        return self.run.folder.root

    @property
    def table(self) -> list[list[str]]:
        """All rows of the cases, the header first, as a spreadsheet numbers them."""
        return table_of(self.folder)

    def csv(self, name: str) -> list[dict[str, str]]:
        """A table of the run."""
        return read_csv(self.root / name)


def skip_package_and_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the two slow last stages, for tests of what comes before them."""
    monkeypatch.setattr("bedside.pipeline.package_network", lambda *_, **__: None)
    monkeypatch.setattr("bedside.pipeline.write_evidence", lambda *_, **__: None)


class Said(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str


def command(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Said:
    """Run the command as a user types it, in this process."""
    from bedside.cli import main

    capsys.readouterr()
    before, sys.argv = sys.argv, ["bedside", *map(str, arguments)]
    try:
        main()
        code = 0
    except SystemExit as stop:
        code = int(stop.code or 0)
    finally:
        sys.argv = before
    return Said(code, *capsys.readouterr())
