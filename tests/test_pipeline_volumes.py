"""A study of volumes from files to a package: NIfTI and folders of DICOM slices alike."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
import yaml

import bedside
from bedside.pipeline import Run, audit_study, run
from bedside.study import Study

from .modalities.test_volume_dicom import series

CASES, SIDE = 36, 8
WORDS = {
    "name": "volumes",
    "data": {"table": "cases.csv", "patient": "patient_id"},
    "inputs": {"ct": {"modality": "volume", "column": "file", "size": [SIDE] * 3}},
    "target": {"task": "classify", "column": "label", "positive": "ill"},
    "model": {"encoders": {"ct": ["resnet3d", "slices-gru"]}},
    "training": {"epochs": 6, "batch_size": 8, "precision": "float32"},
    "baselines": ["majority", "logistic"],
    "evaluation": {"bootstrap": 100},
    "explanation": {"method": "grad-cam", "cases": 2},
    "device": "cpu",
    "threads": 1,
}


def volume(rng: np.random.Generator, *, ill: bool) -> np.ndarray:
    values = rng.normal(0, 20, (SIDE + 2, SIDE, SIDE + 4)).astype(np.float32)
    place = rng.integers(1, 5)
    values[place : place + 4, 2:6, 3:8] += 100 * ill
    return values


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, rng = tmp_path_factory.mktemp("volumes"), np.random.default_rng(0)
    rows = []
    for number in range(CASES):
        ill = number % 2 == 1
        name = f"case-{number:02d}.nii.gz"
        image = nibabel.Nifti1Image(volume(rng, ill=ill), np.diag([1.0, 1, 2, 1]))
        nibabel.save(image, folder / name)
        rows.append([f"c{number:02d}", f"p{number:02d}", name, ["well", "ill"][ill]])
    _write(folder, rows)
    (folder / "study.yaml").write_text(yaml.safe_dump(WORDS))
    return folder


def _write(folder: Path, rows: list[list[str]]) -> None:
    with (folder / "cases.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([["case_id", "patient_id", "file", "label"], *rows])


@pytest.fixture(scope="module")
def finished(folder: Path) -> Run:
    return run(Study.load(folder / "study.yaml"), folder / "run")


def test_networks_on_volumes_are_compared_with_simple_peers(finished: Run) -> None:
    models = finished.metrics["models"]
    assert set(models) == {"resnet3d", "slices-gru", "majority", "logistic"}
    assert finished.metrics["deep"] in {"resnet3d", "slices-gru"}
    assert models[finished.metrics["deep"]]["auroc"]["value"] > 0.8
    assert (finished.folder.root / "report.html").is_file()


def test_what_is_looked_at_is_drawn_in_three_planes(finished: Run) -> None:
    place = finished.folder.root / "explanations"
    (own,) = json.loads((place / "explanation.json").read_text())["inputs"]
    assert own["form"] == "volume"
    assert own["tested"][0]["method"] == "grad-cam"
    assert (place / own["looks"][0]["picture"]).read_bytes().startswith(b"\x89PNG")


def test_the_package_answers_as_the_run_did(finished: Run, folder: Path) -> None:
    with (finished.folder.root / "predictions.csv").open(newline="") as stream:
        told = list(csv.DictReader(stream))
    paths = [folder / f"case-{line['case_id'][1:]}.nii.gz" for line in told]
    records = bedside.load(finished.folder.root / "package").predict(paths)
    for line, record in zip(told, records, strict=True):
        assert record["probability"] == pytest.approx(float(line["probability"]), abs=2e-3)


def test_folders_of_slices_are_cases_and_bad_ones_are_named_by_row(
    folder: Path, tmp_path: Path
) -> None:
    rng = np.random.default_rng(1)
    files = ["a", "b", "c.nii", "Doe"]
    rows = [[f"c{n}", f"p{n}", name, ["well", "ill"][n % 2]] for n, name in enumerate(files)]
    series(tmp_path / "a")
    series(tmp_path / "b", leave=(2,))
    nibabel.save(nibabel.Nifti1Image(volume(rng, ill=False), np.eye(4)), tmp_path / "c.nii")
    (tmp_path / "Doe").mkdir()
    _write(tmp_path, rows)
    (tmp_path / "study.yaml").write_text((folder / "study.yaml").read_text())
    found = audit_study(Study.load(tmp_path / "study.yaml")).to_json()
    (unreadable,) = [f for f in found["findings"] if f["check"] == "unreadable-files"]
    assert unreadable["severity"] == "block"
    assert unreadable["count"] == 2
    assert unreadable["rows"] == [3, 5]
    assert "Doe" not in json.dumps(found)
