"""Made-up volumes with two ellipsoids, one beside the other, and their masks, as NIfTI."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

SHAPE = (18, 22, 16)
STRUCTURES = {"front": 1, "back": 3}


def volume_and_mask(
    rng: np.random.Generator, shape: tuple[int, int, int] = SHAPE
) -> tuple[Any, Any]:
    """(I, J, K) float32 and uint8: two bright ellipsoids, side by side, in noise."""
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij")).astype(float)
    middle = np.array(shape) / 2 + rng.uniform(-1.5, 1.5, 3)
    mask = np.zeros(shape, np.uint8)
    for label, shift in ((1, 0.22), (3, -0.22)):
        centre = middle + np.array([0, shift * shape[1], 0])
        radii = np.array([0.25, 0.2, 0.28]) * shape * rng.uniform(0.85, 1.15, 3)
        away = (((grid - centre[:, None, None, None]) / radii[:, None, None, None]) ** 2).sum(0)
        mask[(away <= 1) & (mask == 0)] = label
    bright = np.array([0, 60, 0, 110])[mask]
    values = 20 + bright + rng.normal(0, 12, shape)
    return (values * rng.uniform(0.5, 2)).astype(np.float32), mask


def write_case(
    folder: Path, name: str, values: Any, mask: Any, *, affine: Any = None
) -> dict[str, str]:
    """Write both as NIfTI; the row of the table."""
    affine = np.diag([1.0, 1.0, 1.5, 1.0]) if affine is None else affine
    row = {}
    for kind, array in (("image", values), ("mask", mask)):
        row[kind] = f"{name}-{kind}.nii.gz"
        nibabel.save(nibabel.Nifti1Image(array, affine), folder / row[kind])
    return row


def made_cohort(folder: Path, *, patients: int = 15, seed: int = 3) -> Path:
    """A table of cases, two a patient, with one mask each; its path."""
    rng = np.random.default_rng(seed)
    rows = []
    for patient in range(patients):
        for side in "ab"[: 1 + patient % 2]:
            shape = tuple(int(n + rng.integers(-2, 3)) for n in SHAPE)
            values, mask = volume_and_mask(rng, (shape[0], shape[1], shape[2]))
            name = f"{patient:02d}{side}"
            row = write_case(folder, name, values, mask)
            rows.append(
                {"case_id": name, "patient": f"p{patient}", "sex": "FM"[patient % 2], **row}
            )
    with (folder / "cases.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return folder / "cases.csv"


STUDY = """
name: ellipsoids
data: {table: cases.csv, patient: patient}
inputs: {scan: {modality: volume}}
target: {task: segment, structures: {front: 1, back: 3}, patch: [16, 16, 16]}
split: {validation: 0.2, test: 0.25, seed: 7}
training: {epochs: 8, cases_per_epoch: 24, batch_size: 4, learning_rate: 0.01, precision: float32}
evaluation: {bootstrap: 100, subgroups: [sex]}
threads: 1
"""


@pytest.fixture
def study_file(tmp_path: Path) -> Path:
    """A study file beside a made-up cohort."""
    made_cohort(tmp_path)
    (tmp_path / "study.yaml").write_text(STUDY)
    return tmp_path / "study.yaml"
