"""A study that outlines, from its file to masks of new cases."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

import bedside
from bedside.cli import app
from bedside.errors import DataError
from bedside.study import Study

from .outlines_made import STUDY, made_cohort, volume_and_mask, write_case


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up cohort with its study and a finished run."""
    place = tmp_path_factory.mktemp("outlines")
    made_cohort(place)
    (place / "study.yaml").write_text(STUDY)
    bedside.run(Study.load(place / "study.yaml"), place / "run")
    return place


@pytest.fixture(scope="module")
def metrics(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "run" / "metrics.json").read_text())
    return found


def test_it_learns_to_outline(metrics: dict[str, Any]) -> None:
    assert (metrics["kind"], metrics["primary"], metrics["deep"]) == ("mask", "dice", "unet3d")
    assert metrics["structures"] == ["front", "back"]
    own = metrics["models"]["unet3d"]
    assert own["dice"]["value"] > 0.6
    assert {"hd95_mm_front", "assd_mm_back", "volume_error_ml"} <= set(own)
    assert set(metrics["models"]) == {"unet3d", "mean-atlas", "voxel-threshold", "voxel-forest"}
    assert metrics["models"]["voxel-forest"]["dice"]["value"] > 0.9
    assert metrics["models"]["mean-atlas"]["dice"]["value"] > 0.5
    assert metrics["difference"]["metric"] == "dice"
    assert {"quality_error", "quality_rank_front"} <= set(own)
    assert own["quality_error"]["value"] < 0.2
    assert metrics["models"]["mean-atlas"]["quality_error"]["value"] is None
    assert metrics["plan"]["spacing_mm"] == [1.5, 1.0, 1.0]


def test_the_plan_is_words_of_a_study_file(folder: Path) -> None:
    words = yaml.safe_load((folder / "run" / "plan.yaml").read_text())
    assert words["target"]["patch"] == [16, 16, 16]
    assert words["training"]["epochs"] == yaml.safe_load(STUDY)["training"]["epochs"]
    study = yaml.safe_load(STUDY)
    for section in ("target", "training"):
        study[section] |= words[section]
    study["inputs"]["scan"] |= words["inputs"]["scan"]
    Study.parse(study)


def test_every_case_has_its_numbers(folder: Path, metrics: dict[str, Any]) -> None:
    with (folder / "run" / "predictions.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == metrics["cases"]
    dice = np.mean([[float(row[f"dice_{s}"]) for s in ("front", "back")] for row in rows])
    assert dice == pytest.approx(metrics["models"]["unet3d"]["dice"]["value"], abs=1e-4)
    assert all(float(row["truth_ml_front"]) > 0 for row in rows)
    outside = np.mean([row["outside"] == "yes" for row in rows])
    assert metrics["promises"]["outside"]["share"]["value"] == pytest.approx(outside)
    page = (folder / "run" / "report.html").read_text()
    assert "marks a case as outside what the model was trained on" in page


def test_the_report_shows_the_worst_first_and_its_copy_none(folder: Path) -> None:
    page = (folder / "run" / "report.html").read_text()
    assert "Worst, typical and best cases" in page
    assert "Does the model know where it fails?" in page
    assert "voxel-forest: a random forest" in page
    shown = json.loads((folder / "run" / "explanations" / "cases.json").read_text())["groups"]
    worst = [case["dice"] for case in shown[0]["cases"]]
    assert worst == sorted(worst)
    assert all((folder / "run" / "explanations" / c["picture"]).exists() for c in shown[0]["cases"])
    assert CliRunner().invoke(app, ["report", str(folder / "run"), "--no-cases"]).exit_code == 0
    copy = (folder / "run" / "report-no-cases.html").read_text()
    assert "Left out of this copy" in copy
    assert "data:image/png" not in copy
    assert "outlines of front, back" in (folder / "run" / "model_card.md").read_text()


def test_the_package_outlines_new_cases_without_torch(folder: Path, tmp_path: Path) -> None:
    """Oblique, flipped and at another spacing: the mask lies on the voxels of its source."""
    values, mask = volume_and_mask(np.random.default_rng(8), (20, 24, 18))
    turned = np.swapaxes(values[::-1], 1, 2), np.swapaxes(mask[::-1], 1, 2)
    affine = np.array(
        [[-1.0, 0.0, 0.02, 3], [0.0, 0.01, 1.0, 5], [0.01, 1.5, 0.0, 9], [0, 0, 0, 1]]
    )
    row = write_case(tmp_path, "new", *map(np.ascontiguousarray, turned), affine=affine)
    code = (
        "import sys; sys.modules['torch'] = None; sys.modules['monai'] = None\n"
        "from bedside.cli import app\n"
        f"app(['predict', {str(folder / 'run' / 'package')!r}, {str(tmp_path / row['image'])!r}, "
        f"'-o', {str(tmp_path / 'out')!r}, '--also', 'uncertainty', '--quiet'], "
        "standalone_mode=False)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
    written = nibabel.load(tmp_path / "out" / "new-image_mask.nii.gz")
    source = nibabel.load(tmp_path / row["image"])
    assert np.array_equal(written.affine, source.affine)
    said = np.asarray(written.dataobj)
    assert said.shape == source.shape
    assert set(np.unique(said)) == {0, 1, 3}
    for label in (1, 3):
        one, other = said == label, turned[1] == label
        assert 2 * (one & other).sum() / (one.sum() + other.sum()) > 0.6
    doubt = nibabel.load(tmp_path / "out" / "new-image_uncertainty.nii.gz")
    assert np.array_equal(doubt.affine, source.affine)
    share = np.asarray(doubt.dataobj)
    assert share.shape == said.shape
    assert 0 <= share.min() < 0.1
    assert 0.5 < share.max() <= 1
    wrong = said != turned[1]
    assert share[wrong].mean() > 2 * share[~wrong].mean()
    with (tmp_path / "out" / "predictions.csv").open(newline="") as stream:
        (record,) = csv.DictReader(stream)
    assert 0 < float(record["quality_front"]) <= 1
    assert record["look"] in {"yes", "no"}
    assert record["mask"] == "new-image_mask.nii.gz"
    assert float(record["volume_ml_back"]) == pytest.approx((said == 3).sum() * 1.5e-3, rel=0.01)


def test_the_package_outlines_what_the_network_did(folder: Path) -> None:
    """Every voxel of the test cases: the engine's mask is that of the trained network."""
    predictor = bedside.load(folder / "run" / "package", threads=1)
    with (folder / "run" / "predictions.csv").open(newline="") as stream:
        rows = {row["case_id"]: row for row in csv.DictReader(stream)}
    with (folder / "cases.csv").open(newline="") as stream:
        paths = {row["case_id"]: row["image"] for row in csv.DictReader(stream)}
    for case, row in list(rows.items())[:3]:
        (record,) = predictor.predict(folder / paths[case])
        assert record["volume_ml_front"] == pytest.approx(float(row["volume_ml_front"]), abs=1e-4)
        assert record["strangeness"] == pytest.approx(float(row["strangeness"]), rel=1e-3)
        assert record["outside"] == row["outside"]


def test_noise_in_place_of_a_scan_lies_outside(folder: Path, tmp_path: Path) -> None:
    noise = np.random.default_rng(9).uniform(-300, 900, (20, 24, 18)).astype(np.float32)
    row = write_case(tmp_path, "noise", noise, np.zeros(noise.shape, np.uint8))
    predictor = bedside.load(folder / "run" / "package", threads=1)
    (record,) = predictor.predict(tmp_path / row["image"])
    assert record["outside"] == "yes"


def test_masks_on_another_grid_stop_with_their_rows(folder: Path, tmp_path: Path) -> None:
    table = made_cohort(tmp_path, patients=5)
    with table.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row, change in ((rows[1], np.zeros((4, 4, 4), np.uint8)), (rows[3], None)):
        path = tmp_path / row["mask"]
        image = nibabel.load(path)
        voxels = np.asarray(image.dataobj) if change is None else change
        affine = (
            image.affine if change is not None else np.diag([1, 1, 1.5, 1]) + np.eye(4, k=3) * 9
        )
        nibabel.save(nibabel.Nifti1Image(voxels, affine), path)
    (tmp_path / "study.yaml").write_text(STUDY)
    with pytest.raises(DataError) as caught:
        bedside.run(Study.load(tmp_path / "study.yaml"), tmp_path / "run")
    said = str(caught.value)
    assert "row 3 of cases.csv: expected a mask on the voxels of its image" in said
    assert "row 5 of cases.csv: expected a mask that lies where its image does" in said
    assert ".nii" not in said
