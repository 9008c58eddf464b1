"""NIfTI files and arrays become voxels that lie as a person does, or one sentence."""

from __future__ import annotations

import itertools
from pathlib import Path

import nibabel
import numpy as np
import pytest

from bedside.errors import DataError
from bedside.modalities.volume_files import decode_volume
from bedside.schema import Reference

WHERE = "row 3 of cases.csv"
TURNS = list(
    itertools.product(itertools.permutations(range(3)), itertools.product((1, -1), repeat=3))
)
"""All 48 ways to store the axes of a volume."""


def body() -> np.ndarray:
    """(x, y, z) to the right, front and head, no two voxels alike along any axis."""
    return np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)


def stored(path: Path, order: tuple[int, ...], signs: tuple[int, ...]) -> Path:
    """The body written with its axes in another order and direction."""
    spacing, origin = np.array([0.7, 1.5, 3.0]), np.array([-12.0, 30.0, 7.0])
    values = body()
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = np.diag(spacing), origin
    values = np.transpose(values, order)
    affine[:3, :3] = affine[:3, list(order)]
    for axis, sign in enumerate(signs):
        if sign < 0:
            values = np.flip(values, axis)
            affine[:3, 3] += affine[:3, axis] * (values.shape[axis] - 1)
            affine[:3, axis] *= -1
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(values), affine), path)
    return path


@pytest.mark.parametrize(("order", "signs"), TURNS)
def test_every_way_to_store_the_axes_gives_the_same_volume(
    tmp_path: Path, order: tuple[int, ...], signs: tuple[int, ...]
) -> None:
    sample = decode_volume(Reference(WHERE, stored(tmp_path / "v.nii.gz", order, signs)))
    assert np.array_equal(sample.values, np.swapaxes(body(), 0, 2).astype(np.float32))
    assert sample.geometry.spacing_mm == pytest.approx((3.0, 1.5, 0.7))
    affine = sample.geometry.affine
    assert affine is not None
    # index (d, h, w) of the last voxel -> mm to the right, front and head
    assert affine @ [5, 4, 3, 1] == pytest.approx(
        [-12 + 3 * 0.7, 30 + 4 * 1.5, 7 + 5 * 3.0, 1], abs=1e-4
    )


def test_an_oblique_volume_keeps_its_affine(tmp_path: Path) -> None:
    angle = np.deg2rad(20)
    affine = np.eye(4)
    affine[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    affine[:3, :3] *= 2.0
    nibabel.save(nibabel.Nifti1Image(body(), affine), tmp_path / "v.nii")
    sample = decode_volume(Reference(WHERE, tmp_path / "v.nii"))
    assert sample.geometry.spacing_mm == pytest.approx((2.0, 2.0, 2.0))
    assert sample.geometry.affine == pytest.approx(affine[:, [2, 1, 0, 3]])


def test_eight_bits_stay_and_scaled_values_are_in_their_units(tmp_path: Path) -> None:
    small = (body() % 200).astype(np.uint8)
    nibabel.save(nibabel.Nifti1Image(small, np.eye(4)), tmp_path / "a.nii")
    assert decode_volume(Reference(WHERE, tmp_path / "a.nii")).values.dtype == np.uint8
    image = nibabel.Nifti1Image(body(), np.eye(4))
    image.header.set_slope_inter(2.0, -1000.0)
    nibabel.save(image, tmp_path / "b.nii")
    found = decode_volume(Reference(WHERE, tmp_path / "b.nii")).values
    again = nibabel.load(tmp_path / "b.nii").get_fdata()
    assert found == pytest.approx(np.swapaxes(again, 0, 2))


def test_channels_stand_last(tmp_path: Path) -> None:
    two = np.stack([body(), body() + 500], axis=3)
    nibabel.save(nibabel.Nifti1Image(two, np.eye(4)), tmp_path / "v.nii")
    sample = decode_volume(Reference(WHERE, tmp_path / "v.nii"))
    assert sample.values.shape == (6, 5, 4, 2)
    assert sample.geometry.shape == (6, 5, 4)
    assert (sample.values[..., 1] - sample.values[..., 0] == 500).all()


def complaint(content: object) -> str:
    with pytest.raises(DataError) as caught:
        decode_volume(Reference(WHERE, content))  # type: ignore[arg-type]
    message = str(caught.value)
    assert message.startswith(f"{WHERE}: expected ")
    assert "Doe" not in message
    return message


def test_bad_files_are_refused_in_one_sentence(tmp_path: Path) -> None:
    whole = stored(tmp_path / "Doe.nii", (0, 1, 2), (1, 1, 1)).read_bytes()
    cases = {
        "Doe_missing.nii": (None, "got none there"),
        "Doe_empty.nii": (b"", "got something else, or a damaged file"),
        "Doe_text.nii": (b"hello" * 200, "got something else, or a damaged file"),
        "Doe_short.nii": (whole[:400], "expected as many voxels as announced, got fewer"),
        "Doe_gz.nii.gz": (b"\x1f\x8b" + bytes(50), "damaged file"),
        "Doe_pixels.png": (whole, "got something else, or a damaged file"),
    }
    for name, (content, words) in cases.items():
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        assert words in complaint(path), name


def test_volumes_that_are_none_are_refused(tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 5), np.int16), np.eye(4)), tmp_path / "flat.nii")
    assert "a volume of three axes" in complaint(tmp_path / "flat.nii")
    film = np.zeros((3, 3, 3, 40), np.int16)
    nibabel.save(nibabel.Nifti1Image(film, np.eye(4)), tmp_path / "film.nii")
    assert "got 40 volumes in one file" in complaint(tmp_path / "film.nii")
    holes = np.full((3, 3, 3), np.nan, np.float32)
    nibabel.save(nibabel.Nifti1Image(holes, np.eye(4)), tmp_path / "holes.nii")
    assert "finite numbers" in complaint(tmp_path / "holes.nii")
    image = nibabel.Nifti1Image(body(), np.eye(4))
    image.header["srow_x"], image.header["sform_code"] = 0, 1
    image.header["qform_code"] = 0
    (tmp_path / "flat_affine.nii").write_bytes(_raw(image))
    assert "an affine that can be inverted" in complaint(tmp_path / "flat_affine.nii")


def _raw(image: nibabel.Nifti1Image) -> bytes:
    """A file with the header as it is set, which saving would set right."""
    content = bytearray(image.to_bytes())
    content[280:296] = bytes(16)  # srow_x
    content[252:256] = (0).to_bytes(2, "little") + (1).to_bytes(2, "little")
    return bytes(content)


def test_arrays_lie_as_they_come() -> None:
    values = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)
    sample = decode_volume(Reference(WHERE, values))
    assert np.array_equal(sample.values, values)
    assert sample.geometry.affine is None
    assert decode_volume(Reference(WHERE, values > 3)).values.max() == 255
    assert "shape (3, 4)" in complaint(values[:, :, 0])
    assert "one number a voxel" in complaint(values.astype(complex))
    assert "got dict" in complaint({"a": 1})
