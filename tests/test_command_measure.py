"""The command `bedside measure`: files in, numbers, files and pictures out, one-sentence errors."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from typer.testing import CliRunner

from bedside.cli import app
from bedside.data.synthetic.phantom_scene import Ellipsoid, Scene, Vessel, grid_over
from bedside.errors import BedsideError
from bedside.modalities.label_masks import write_mask
from bedside.modalities.volume_axes import upright

SCENE = Scene(
    Ellipsoid((0, 0, 0), (20, 16, 17)), Ellipsoid((-6, 0, 0), (6, 5, 5)),
    Vessel((8, 0, 0), (0, 0, 1), 3),
)  # fmt: skip
NAMES = {"organ": 1, "tumour": 2, "vessel": 3}


def save(path: Path, scene: Scene, *, named: bool = True) -> np.ndarray:
    grid = grid_over(scene, (1.5, 1.5, 2), turned_degrees=(5, 8, -6), signs=(-1, 1, 1))
    labels = scene.labels(grid)
    sample = upright(labels, grid.affine, facts={})
    write_mask(path, sample.values, sample.geometry, structures=NAMES if named else None)
    return labels


def measure(*words: object) -> str:
    done = CliRunner().invoke(app, ["measure", *map(str, words), "--quiet"])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0
    return done.stdout


def test_numbers_files_and_pictures(tmp_path: Path) -> None:
    save(tmp_path / "Doe.nii.gz", SCENE.with_tumour_scaled(1.3))
    labels = save(tmp_path / "Doe_before.nii.gz", SCENE)
    image = nibabel.load(tmp_path / "Doe.nii.gz")
    values = np.random.default_rng(0).normal(size=image.shape).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(values, image.affine), tmp_path / "image.nii.gz")
    text = measure(
        tmp_path / "Doe.nii.gz", "--organ", "organ", "--margin", "4", "--image",
        tmp_path / "image.nii.gz", "--previous", tmp_path / "Doe_before.nii.gz",
        "-o", tmp_path / "out",
    )  # fmt: skip
    assert "Doe" not in text.replace(str(tmp_path), "")
    assert "as in stable disease" in text  # 30 %, but less than 5 mm
    out = tmp_path / "out"
    rows = list(csv.DictReader((out / "measurements.csv").read_text().splitlines()))
    found = {(row["structure"], row["measure"], row["other"]): row["value"] for row in rows}
    before = float(found["tumour", "volume before", ""])
    assert before == pytest.approx((labels == 2).sum() * 1.5 * 1.5 * 2 / 1000, abs=1e-3)
    whole = 4 / 3 * np.pi * 150 * 1.3**3 / 1000
    assert float(found["tumour", "volume", ""]) == pytest.approx(whole, rel=0.05)
    assert float(found["tumour", "distance to", "vessel"]) == pytest.approx(5 + 6 - 7.8, abs=0.5)
    words = json.loads((out / "measurements.json").read_text())
    assert words["changes"]["tumour"]["diameter_percent"] == pytest.approx(30, abs=6)
    assert {path.name for path in out.iterdir()} == {
        "measurements.csv", "measurements.json", "measurements.html", "planes.png", "surface.png"
    }  # fmt: skip
    page = (out / "measurements.html").read_text()
    assert page.count("data:image/png;base64") == 2
    assert "Doe" not in page


def test_a_mask_without_names_is_measured_with_those_given(tmp_path: Path) -> None:
    save(tmp_path / "m.nii.gz", SCENE, named=False)
    assert "structure_2" in measure(tmp_path / "m.nii.gz")
    text = measure(tmp_path / "m.nii.gz", "--name", "lesion=2", "--name", "big vein=3")
    assert "distance to big vein" in text
    assert "structure_1" in text


def refused(*words: object) -> str:
    with pytest.raises(BedsideError) as caught:
        measure(*words)
    return str(caught.value)


def test_errors_are_one_sentence_and_name_no_file(tmp_path: Path) -> None:
    mask = tmp_path / "Doe.nii.gz"
    save(mask, SCENE)
    missing = refused(tmp_path / "Doe_gone.nii.gz")
    assert missing.startswith("the mask: expected a file, got none there.")
    assert refused(mask, "--name", "tumour").startswith("--name: expected NAME=NUMBER")
    assert "stands twice" in refused(mask, "--name", "a=1", "--name", "b=1")
    assert refused(mask, "--margin", "-1").startswith("--margin: expected mm above 0")
    assert refused(mask, "--tumour", "tumur").startswith("--tumour: expected a structure")
    small = nibabel.Nifti1Image(np.zeros((3, 3, 3), np.float32), np.eye(4))
    nibabel.save(small, tmp_path / "Doe_image.nii")
    assert refused(mask, "--image", tmp_path / "Doe_image.nii").startswith("--image: expected")
    assert refused(mask, "--previous", tmp_path / "no.nii").startswith("--previous: expected")


def test_a_series_asks_for_a_folder_and_lies_where_the_mask_does(tmp_path: Path) -> None:
    save(tmp_path / "m.nii.gz", SCENE)
    message = refused(tmp_path / "m.nii.gz", "--series", tmp_path)
    assert message == "--series: expected a folder for the DICOM files, got none. Add -o."
    (tmp_path / "none").mkdir()
    message = refused(tmp_path / "m.nii.gz", "--series", tmp_path / "none", "-o", tmp_path / "o")
    assert message.startswith("--series: expected a folder of DICOM slices")
