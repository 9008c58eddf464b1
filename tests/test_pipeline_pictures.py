"""A study that outlines pictures, from its file to masks of new cases, without PyTorch."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

import bedside
from bedside.errors import DataError, StudyError
from bedside.study import Study

STUDY = """
name: rings
data: {table: cases.csv, patient: patient}
inputs: {photo: {modality: image, size: [32, 32]}}
target: {task: segment, structures: {disc: 1, ring: 7}}
split: {validation: 0.2, test: 0.25, seed: 7}
training: {epochs: 6, cases_per_epoch: 48, batch_size: 4, learning_rate: 0.01, precision: float32}
evaluation: {bootstrap: 100}
threads: 1
"""


def picture_and_mask(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Any, Any]:
    """(H, W) uint8 both: a bright disc in a darker ring, in noise."""
    rows, columns = np.mgrid[: shape[0], : shape[1]] / np.array(shape)[:, None, None]
    row, column = rng.uniform(0.4, 0.6, 2)
    away = np.hypot(rows - row, columns - column) / rng.uniform(0.8, 1.2)
    mask = np.where(away < 0.15, 1, np.where(away < 0.3, 7, 0)).astype(np.uint8)
    grey = np.where(mask == 1, 200, np.where(mask == 7, 120, 50)) + rng.normal(0, 12, shape)
    return np.clip(grey, 0, 255).astype(np.uint8), mask


def made_cohort(folder: Path, *, patients: int = 24) -> None:
    rng = np.random.default_rng(5)
    rows = []
    for patient in range(patients):
        shape = (int(rng.integers(36, 60)), int(rng.integers(36, 60)))
        for kind, array in zip(("image", "mask"), picture_and_mask(rng, shape), strict=True):
            Image.fromarray(array).save(folder / f"{patient}-{kind}.png")
        rows.append((f"p{patient}", f"{patient}-image.png", f"{patient}-mask.png"))
    with (folder / "cases.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("patient", "image", "mask"), *rows])
    (folder / "study.yaml").write_text(STUDY)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up cohort with its study and a finished run."""
    place = tmp_path_factory.mktemp("pictures")
    made_cohort(place)
    bedside.run(Study.load(place / "study.yaml"), place / "run")
    return place


@pytest.fixture(scope="module")
def metrics(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "run" / "metrics.json").read_text())
    return found


def test_it_learns_to_outline_and_measures_in_pixels(metrics: dict[str, Any]) -> None:
    assert (metrics["deep"], metrics["space"]) == ("unet2d", "pixels")
    own = metrics["models"]["unet2d"]
    assert own["dice"]["value"] > 0.7
    assert {"hd95_px_disc", "assd_px", "area_error_px_ring", "quality_error"} <= set(own)
    assert not [name for name in own if "_mm" in name or "_ml" in name]
    assert own["hd95_px"]["value"] < 12
    assert metrics["models"]["voxel-forest"]["dice"]["value"] > 0.7
    assert set(metrics["models"]) == {"unet2d", "mean-atlas", "voxel-threshold", "voxel-forest"}


def test_the_plan_is_words_of_a_study_file(folder: Path) -> None:
    words = yaml.safe_load((folder / "run" / "plan.yaml").read_text())
    assert words["target"]["patch"] == [32, 32]
    study = yaml.safe_load(STUDY)
    for section in ("target", "training"):
        study[section] |= words[section]
    Study.parse(study)


def test_the_report_shows_pictures_and_speaks_of_areas(folder: Path) -> None:
    page = (folder / "run" / "report.html").read_text()
    assert "Area, model minus truth" in page
    assert "Three planes" not in page
    assert " ml" not in page.split("Worst, typical and best cases")[-1]
    shown = json.loads((folder / "run" / "explanations" / "cases.json").read_text())["groups"]
    case = shown[0]["cases"][0]
    assert set(case["structures"]["disc"]) == {"dice", "hd95_px", "area_difference_px"}
    with Image.open(folder / "run" / "explanations" / case["picture"]) as picture:
        assert max(picture.size) == 380


def test_the_package_outlines_new_pictures_in_their_own_size(folder: Path, tmp_path: Path) -> None:
    grey, mask = picture_and_mask(np.random.default_rng(8), (70, 54))
    Image.fromarray(grey).save(tmp_path / "new.png")
    code = (
        "import sys; sys.modules['torch'] = None; sys.modules['monai'] = None\n"
        "from bedside.cli import app\n"
        f"app(['predict', {str(folder / 'run' / 'package')!r}, {str(tmp_path / 'new.png')!r}, "
        f"'-o', {str(tmp_path / 'out')!r}, '--quiet'], standalone_mode=False)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
    with Image.open(tmp_path / "out" / "new_mask.png") as written:
        said = np.array(written)
    assert said.shape == (70, 54)
    assert set(np.unique(said)) == {0, 1, 7}
    for label in (1, 7):
        one, other = said == label, mask == label
        assert 2 * (one & other).sum() / (one.sum() + other.sum()) > 0.7
    with (tmp_path / "out" / "predictions.csv").open(newline="") as stream:
        (record,) = csv.DictReader(stream)
    assert record["area_px_ring"] == str((said == 7).sum())
    assert record["look"] in {"yes", "no"}


def test_the_package_outlines_what_the_network_did(folder: Path) -> None:
    predictor = bedside.load(folder / "run" / "package", threads=1)
    with (folder / "run" / "predictions.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    with (folder / "cases.csv").open(newline="") as stream:
        paths = [row["image"] for row in csv.DictReader(stream)]
    for row in rows[:3]:
        place = int(row["case_id"].removeprefix("row-")) - 2
        (record,) = predictor.predict(folder / paths[place])
        assert record["area_px_disc"] == int(row["area_px_disc"])


def test_a_mask_of_other_pixels_stops_with_its_row(folder: Path, tmp_path: Path) -> None:
    made_cohort(tmp_path, patients=8)
    Image.fromarray(np.ones((9, 9), np.uint8)).save(tmp_path / "3-mask.png")
    with pytest.raises(DataError, match=r"row 5 of cases\.csv: expected a mask of \d+ x \d+ pix"):
        bedside.run(Study.load(tmp_path / "study.yaml"), tmp_path / "run")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("inputs.photo.resize=pad", "inputs.photo.resize: expected stretch"),
        ("target.patch=[16,16,16]", r"target.patch: expected \[H, W\] of pictures"),
        ("inputs.photo.outlined=false", "inputs.photo.outlined: expected none"),
    ],
)
def test_what_masks_cannot_follow_is_refused(folder: Path, words: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        bedside.run(Study.load(folder / "study.yaml", overrides=[words]), folder / "other")
