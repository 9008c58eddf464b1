"""Masks of new cases as files, what bf16 may change in them, and made-up volumes in a package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from bedside.data.packed_mask import as_masks, pack
from bedside.deployment.outlines import Answered, MaskFolder
from bedside.deployment.precision import _compare_masks
from bedside.deployment.selfcheck import SelfCheck, decode_check, encode_check
from bedside.errors import RunError
from bedside.modalities.label_masks import decode_mask, names_told
from bedside.schema import Geometry, Prediction, Reference

STATE = {"names": ["tumour", "kidney"], "labels": {"kidney": 2, "tumour": 7}}


def labels(*counts: int) -> Any:
    found = np.zeros(1000, np.uint8)
    found[: counts[0]] = 1
    found[500 : 500 + counts[1]] = 2
    return found.reshape(10, 10, 10)


def test_a_mask_has_the_numbers_of_the_study_and_a_name_of_its_own(tmp_path: Path) -> None:
    folder = MaskFolder(tmp_path / "out", STATE)
    geometry = Geometry(shape=(10, 10, 10))
    mask = pack(labels(30, 20), (1, 1, 1))
    cases = ("a/scan.nii.gz", "b/scan.nii", "3", "s.dcm")
    names = [folder.write(Answered(name, mask, geometry)) for name in cases]
    assert names == ["scan_mask.nii.gz", "scan_2_mask.nii.gz", "3_mask.nii.gz", "s_mask.nii.gz"]
    voxels = np.asarray(nibabel.load(tmp_path / "out" / names[0]).dataobj)
    assert np.bincount(voxels.reshape(-1)).tolist() == [950, 0, 20, 0, 0, 0, 0, 30]
    written = decode_mask(Reference("row 2", tmp_path / "out" / names[0]))
    assert names_told(written.geometry) == {7: "tumour", 2: "kidney"}


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = MaskFolder(tmp_path / "file" / "out", STATE)
    with pytest.raises(RunError, match="expected a folder that can be written"):
        folder.write(Answered("a", pack(labels(1, 1), (1, 1, 1)), Geometry(shape=(10, 10, 10))))


@pytest.mark.parametrize(
    ("other", "precision", "least"),
    [((400, 200), "bf16", 1.0), ((400, 199), "bf16", 0.9975), ((400, 197), "float32", 0.9924)],
)
def test_bf16_is_taken_where_every_structure_of_every_case_stays(
    other: Any, precision: str, least: float
) -> None:
    def said(counts: Any) -> list[Prediction]:
        masks = [pack(labels(400, 200), (1, 1, 1)), pack(labels(*counts), (1, 1, 1))]
        return [Prediction({"mask": as_masks(masks)}, ("a", "b"))]

    choice = _compare_masks(said((400, 200)), said(other))
    assert (choice.precision, choice.cases) == (precision, 2)
    assert choice.least_dice == pytest.approx(least, abs=1e-4)
    assert "0.995" in choice.why


def test_volumes_of_unequal_size_travel_one_by_one() -> None:
    values = np.empty(2, dtype=object)
    values[0], values[1] = np.ones((1, 2, 3, 4), np.float16), np.zeros((1, 5, 3, 2), np.float16)
    inputs = {"mri.values": values, "mri.source": np.array([[2, 3, 4], [5, 3, 2]], np.int32)}
    files = encode_check(SelfCheck(inputs, {"prediction/quality": np.array([[0.5], [0.6]])}))
    assert "selfcheck/mri.values#1.npy" in files
    found = decode_check(files).inputs
    assert found["mri.values"].dtype == object
    assert all(np.array_equal(a, b) for a, b in zip(found["mri.values"], values, strict=True))
    assert np.array_equal(found["mri.source"], inputs["mri.source"])
