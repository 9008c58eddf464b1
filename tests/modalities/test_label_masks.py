"""Masks lie on the axes of their volumes, are whole numbers, and go back into files exactly."""

from __future__ import annotations

import itertools
from pathlib import Path

import nibabel
import numpy as np
import pytest

from bedside.errors import DataError
from bedside.modalities.label_masks import decode_mask, names_told, refuse_other_grid, write_mask
from bedside.modalities.volume_axes import as_stored
from bedside.modalities.volume_files import decode_volume
from bedside.schema import Geometry, Reference

WHERE = "row 3 of cases.csv"
TURNS = list(
    itertools.product(itertools.permutations(range(3)), itertools.product((1, -1), repeat=3))
)


def oblique(order: tuple[int, ...] = (0, 1, 2), signs: tuple[int, ...] = (1, 1, 1)) -> np.ndarray:
    """An affine turned by 20 and 10 degrees, of 0.7, 1.5 and 3 mm, its axes in any order."""
    a, b = np.deg2rad(20), np.deg2rad(10)
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    turn = turn @ np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    affine = np.eye(4)
    affine[:3, :3] = (turn * [0.7, 1.5, 3.0])[:, list(order)] * signs
    affine[:3, 3] = (-12.3, 30.1, 7.7)
    return affine


def saved(path: Path, values: np.ndarray, affine: np.ndarray | None = None) -> Path:
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4) if affine is None else affine), path)
    return path


@pytest.mark.parametrize(("order", "signs"), TURNS)
def test_a_mask_lies_as_its_volume_and_goes_back_bit_for_bit(
    tmp_path: Path, rng: np.random.Generator, order: tuple[int, ...], signs: tuple[int, ...]
) -> None:
    labels = rng.integers(0, 5, (4, 5, 6)).astype(np.uint8)
    path = saved(tmp_path / "m.nii", labels, oblique(order, signs))
    mask = decode_mask(Reference(WHERE, path))
    image = decode_volume(Reference(WHERE, path))
    assert np.array_equal(mask.values, image.values)
    refuse_other_grid(mask.geometry, image.geometry, where=WHERE)
    write_mask(tmp_path / "again.nii.gz", mask.values, image.geometry)
    one, other = nibabel.load(path), nibabel.load(tmp_path / "again.nii.gz")
    assert np.array_equal(np.asanyarray(other.dataobj), labels)
    assert other.get_data_dtype() == np.uint8
    assert np.array_equal(one.affine, other.affine)
    assert np.allclose(other.get_qform(), one.affine, atol=1e-4)
    assert not list(tmp_path.glob(".*"))


def test_values_of_any_kind_go_back_to_the_stored_axes(rng: np.random.Generator) -> None:
    values = rng.normal(size=(3, 4, 5, 2))
    back, affine = as_stored(values, Geometry(shape=(3, 4, 5)))
    assert affine is None
    assert np.array_equal(back, np.swapaxes(values, 0, 2))
    with pytest.raises(ValueError, match="expected values on the grid"):
        as_stored(values, Geometry(shape=(3, 4, 6)))


def test_an_array_with_its_affine_is_written_where_it_lies(tmp_path: Path) -> None:
    labels = np.arange(24, dtype=np.uint16).reshape(2, 3, 4) * 100
    affine = np.array([[0, 0, 2.0, 5], [0, 3, 0, 6], [4, 0, 0, 7], [0, 0, 0, 1]])  # D, H, W
    mask = decode_mask(Reference(WHERE, {"voxels": labels, "affine": affine}))
    assert mask.values.dtype == np.uint16
    assert mask.geometry.spacing_mm == (4, 3, 2)
    write_mask(tmp_path / "m.nii", mask.values, mask.geometry)
    again = decode_mask(Reference(WHERE, tmp_path / "m.nii"))
    assert np.array_equal(again.values, labels)
    assert np.array_equal(again.geometry.affine, affine)


def complaint(content: object) -> str:
    with pytest.raises(DataError) as caught:
        decode_mask(Reference(WHERE, content))  # type: ignore[arg-type]
    message = str(caught.value)
    assert message.startswith(f"{WHERE}: expected ")
    assert "Doe" not in message
    return message


def test_labels_stored_as_numbers_of_any_kind_are_whole(tmp_path: Path) -> None:
    labels = np.array([0, 1, 2, 2], dtype=np.float32).reshape(2, 2, 1) + np.float32(1e-4)
    found = decode_mask(Reference(WHERE, saved(tmp_path / "m.nii", labels))).values
    assert found.dtype == np.uint8
    assert sorted(found.ravel()) == [0, 1, 2, 2]
    assert decode_mask(Reference(WHERE, labels[..., 0, None] > 1)).values.max() == 1
    scaled = nibabel.Nifti1Image(np.array([[[0, 2, 4]]], np.int16), np.eye(4))
    scaled.header.set_slope_inter(0.5, 0)
    nibabel.save(scaled, tmp_path / "scaled.nii")
    found = decode_mask(Reference(WHERE, tmp_path / "scaled.nii"))
    assert sorted(found.values.ravel()) == [0, 1, 2]
    assert names_told(found.geometry) == {}


def test_what_is_no_mask_is_refused_in_one_sentence(tmp_path: Path) -> None:
    ones = np.ones((2, 3, 4), np.float32)
    assert "whole numbers, got fractions" in complaint(ones * 0.5)
    assert "labels from 0 to 65535, got numbers from -1 to -1" in complaint(-ones)
    assert "numbers from 70000 to 70000" in complaint(ones * 70000)
    assert "got numbers from nan" in complaint(ones * np.nan)
    assert "a mask of three axes, got shape (2, 3, 4, 2)" in complaint(np.stack([ones] * 2, axis=3))
    assert "one number a voxel" in complaint(ones.astype(complex))
    assert "got none there" in complaint(tmp_path / "Doe.nii")
    (tmp_path / "Doe.nii").write_bytes(b"hello")
    assert "damaged" in complaint(tmp_path / "Doe.nii")


def test_a_mask_on_another_grid_than_its_image_is_refused(tmp_path: Path) -> None:
    voxels = np.zeros((4, 5, 6), np.uint8)

    def geometry(values: np.ndarray, affine: np.ndarray | None) -> Geometry:
        content = values if affine is None else saved(tmp_path / "v.nii", values, affine)
        return decode_mask(Reference(WHERE, content)).geometry

    def against(mask: Geometry) -> str:
        with pytest.raises(DataError) as caught:
            refuse_other_grid(mask, geometry(voxels, oblique()), where=WHERE)
        return str(caught.value)

    moved, near = oblique(), oblique()
    moved[0, 3] += 0.5
    near[0, 3] += 0.01
    assert "0.5 mm between their corners" in against(geometry(voxels, moved))
    assert "6 x 5 x 3 voxels of the mask and 6 x 5 x 4 voxels" in against(
        geometry(voxels[:3], oblique())
    )
    refuse_other_grid(geometry(voxels, near), geometry(voxels, oblique()), where=WHERE)
    refuse_other_grid(geometry(np.zeros((6, 5, 4)), None), geometry(voxels, oblique()), where=WHERE)


def test_where_one_states_its_spacing_alone_that_is_compared(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.zeros((4, 5, 6), np.uint8), None)
    image.header.set_zooms((0.7, 1.5, 3.0))
    image.header["sform_code"] = image.header["qform_code"] = 0
    nibabel.save(image, tmp_path / "bare.nii")
    bare = decode_mask(Reference(WHERE, tmp_path / "bare.nii")).geometry
    upright = oblique()
    upright[:3, :3] = np.diag([0.7, 1.5, 3.0])
    path = saved(tmp_path / "v.nii", np.zeros((4, 5, 6), np.uint8), upright)
    refuse_other_grid(bare, decode_volume(Reference(WHERE, path)).geometry, where=WHERE)
    upright[2, 2] = 2.0
    path = saved(tmp_path / "w.nii", np.zeros((4, 5, 6), np.uint8), upright)
    with pytest.raises(DataError, match=r"3 x 1\.5 x 0\.7 and 2 x 1\.5 x 0\.7 mm"):
        refuse_other_grid(bare, decode_volume(Reference(WHERE, path)).geometry, where=WHERE)


def test_names_of_structures_travel_in_the_file(tmp_path: Path) -> None:
    mask = decode_mask(Reference(WHERE, np.ones((2, 3, 4), np.uint8)))
    structures = {"liver": 1, "tumour": 2}
    write_mask(tmp_path / "m.nii.gz", mask.values, mask.geometry, structures=structures)
    again = decode_mask(Reference(WHERE, tmp_path / "m.nii.gz"))
    assert names_told(again.geometry) == {1: "liver", 2: "tumour"}
    assert np.array_equal(again.values, mask.values)
