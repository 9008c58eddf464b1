"""Decathlon folders become cohorts of images and masks, flaws and all, or one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from bedside.data.sources import load_cohort
from bedside.errors import BedsideError
from bedside.modalities.label_masks import decode_mask
from bedside.modalities.volume_files import decode_volume
from bedside.study import Study

CASES = ("a_001", "a_002", "a_004", "a_007")


def task(folder: Path, **words: Any) -> Path:
    (folder / "imagesTr").mkdir(parents=True)
    (folder / "labelsTr").mkdir()
    rng = np.random.default_rng(0)
    for name in CASES:
        image = rng.normal(size=(3, 4, 5, 2)).astype(np.float32)
        labels = rng.integers(0, 3, (3, 4, 5)).astype(np.float32)
        for place, values in (("imagesTr", image), ("labelsTr", labels)):
            nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), folder / place / f"{name}.nii.gz")
    written = {
        "modality": {"0": "T2", "1": "ADC"},
        "labels": {"0": "background", "1": "Peripheral zone", "2": "TZ"},
        "numTraining": 99,
        "training": [
            {"image": f"./imagesTr/{name}.nii.gz", "label": f"./labelsTr/{name}.nii.gz"}
            for name in CASES
        ],
        "test": ["./imagesTs/a_003.nii.gz"],
        **words,
    }
    (folder / "dataset.json").write_text(json.dumps(written))
    return folder


def study(folder: Path, *, by: str = "case", **data: Any) -> Study:
    return Study.parse(
        {
            "data": {"decathlon": str(folder), **data},
            "inputs": {"mri": {"modality": "volume"}},
            "target": {"task": "classify"},
            "split": {"by": by},
        }
    )


def refused(folder: Path, **data: Any) -> str:
    with pytest.raises(BedsideError) as caught:
        load_cohort(study(folder, **data))
    return str(caught.value)


def test_images_masks_and_structures_are_found(tmp_path: Path) -> None:
    cohort = load_cohort(study(task(tmp_path / "Task05")))
    assert list(cohort.ids()) == list(CASES)
    assert cohort.patient is None
    assert cohort.structures == {"peripheral_zone": 1, "tz": 2}
    assert cohort.notes == ("1 test case(s) without masks are left out.",)
    assert cohort.where(1) == "row 2 of the training list of Task05/dataset.json"
    image = decode_volume(cohort.reference(2, "image"))
    mask = decode_mask(cohort.reference(2, "mask"))
    assert image.values.shape == (5, 4, 3, 2)
    assert mask.values.dtype == np.uint8
    assert set(np.unique(mask.values)) == {0, 1, 2}


def test_a_table_says_who(tmp_path: Path) -> None:
    folder = task(tmp_path / "t")
    (folder / "groups.csv").write_text(
        "patient,case\np1,a_001\np1,a_002.nii.gz\np2,a_004\np3,a_007\nx,z\n"
    )
    cohort = load_cohort(study(folder, by="patient", groups=str(folder / "groups.csv")))
    assert list(cohort.patients()) == ["p1", "p1", "p2", "p3"]
    (folder / "groups.csv").write_text("patient,case\np1,a_001\np2,a_004\n")
    assert "got none for 2 (rows 2 and 4)" in refused(folder, groups=str(folder / "groups.csv"))
    (folder / "groups.csv").write_text("patient,case\np1,a_001\np2,a_001\n")
    assert "each case once, got 1 again" in refused(folder, groups=str(folder / "groups.csv"))
    (folder / "groups.csv").write_text("who,case\np1,a_001\n")
    assert "got none called 'patient'" in refused(folder, groups=str(folder / "groups.csv"))


def test_known_flaws_are_met(tmp_path: Path) -> None:
    words = {
        "labels": {"background": 0, "Edema": 2, "Core": 1},
        "training": [
            {"image": f"imagesTr/{name}.nii", "label": f".\\labelsTr\\{name}.nii.gz"}
            for name in CASES
        ],
    }
    cohort = load_cohort(study(task(tmp_path / "t", **words)))
    assert cohort.structures == {"core": 1, "edema": 2}
    assert list(cohort.structures) == ["core", "edema"]
    assert decode_mask(cohort.reference(0, "mask")).values.shape == (5, 4, 3)
    assert decode_volume(cohort.reference(0, "image")).values.shape == (5, 4, 3, 2)


def test_other_folders_are_refused(tmp_path: Path) -> None:
    assert "expected a folder with dataset.json, got none there" in refused(tmp_path / "none")
    (tmp_path / "bare").mkdir()
    assert "got a folder without it" in refused(tmp_path / "bare")
    folder = task(tmp_path / "twice")
    words = json.loads((folder / "dataset.json").read_text())
    words["training"].append(words["training"][0])
    (folder / "dataset.json").write_text(json.dumps(words))
    assert "expected each case once, got 1 again" in refused(folder)
    (folder / "dataset.json").write_text("[1, 2]")
    assert "expected the keys modality, labels and training" in refused(folder)
    with pytest.raises(BedsideError, match="expected groups with decathlon only"):
        Study.parse(
            {
                "data": {"table": "t.csv", "groups": "g.csv"},
                "inputs": {"mri": {"modality": "volume"}},
                "target": {"task": "classify"},
            }
        )
