"""NRRD files are the same volumes as NIfTI files, in every space, encoding and order of axes."""

from __future__ import annotations

from pathlib import Path

import nibabel
import nrrd
import numpy as np
import pytest

from bedside.errors import DataError
from bedside.modalities.label_masks import decode_mask, names_told, write_mask
from bedside.modalities.volume_files import decode_volume
from bedside.schema import Reference

WHERE = "row 3 of cases.csv"
SPACES = {
    "right-anterior-superior": (1, 1, 1),
    "left-posterior-superior": (-1, -1, 1),
    "LPS": (-1, -1, 1),
    "left-anterior-superior": (-1, 1, 1),
}
AFFINE = np.array([[0.0, 0.1, 2.9, -12], [-1.5, 0.2, 0.05, 30], [0.1, 0.7, 0.2, 7], [0, 0, 0, 1]])


def body() -> np.ndarray:
    return np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)


def saved(path: Path, values: np.ndarray, space: str = "left-posterior-superior", **words) -> Path:
    signs = np.array(SPACES[space])
    header = {
        "space": space,
        "space directions": (AFFINE[:3, :3] * signs[:, None]).T,
        "space origin": AFFINE[:3, 3] * signs,
        **words,
    }
    detached = path.suffix == ".nhdr"
    nrrd.write(str(path), values, header, detached_header=detached)
    return path


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2"])
@pytest.mark.parametrize("name", ["Doe.nrrd", "Doe.nhdr"])
def test_it_equals_the_nifti_file(tmp_path: Path, space: str, encoding: str, name: str) -> None:
    nibabel.save(nibabel.Nifti1Image(body(), AFFINE), tmp_path / "v.nii")
    one = decode_volume(Reference(WHERE, tmp_path / "v.nii"))
    path = saved(tmp_path / name, body(), space, encoding=encoding)
    other = decode_volume(Reference(WHERE, path))
    assert np.array_equal(one.values, other.values)
    assert other.geometry.affine == pytest.approx(one.geometry.affine, abs=1e-5)
    assert other.geometry.source["format"] == "NRRD"


def test_channels_stand_last_and_big_endian_is_turned(tmp_path: Path) -> None:
    two = np.stack([body(), body() + 500]).astype(">i2")
    directions = np.vstack([np.full(3, np.nan), AFFINE[:3, :3].T])
    header = {"space": "RAS", "space directions": directions, "kinds": ["list"] + ["domain"] * 3,
              "space origin": AFFINE[:3, 3], "endian": "big"}  # fmt: skip
    nrrd.write(str(tmp_path / "v.nrrd"), two, header)
    found = decode_volume(Reference(WHERE, tmp_path / "v.nrrd"))
    assert found.values.shape[3] == 2
    assert (found.values[..., 1] - found.values[..., 0] == 500).all()
    alone = decode_volume(Reference(WHERE, saved(tmp_path / "w.nrrd", body(), encoding="raw")))
    assert np.array_equal(found.values[..., 0], alone.values)


def test_a_segmentation_of_slicer_names_its_structures(tmp_path: Path) -> None:
    labels = (body() % 3).astype(np.uint8)
    path = saved(tmp_path / "m.seg.nrrd", labels, Segment0_Name="liver", Segment0_LabelValue="1",
                 Segment1_Name="big tumour", Segment1_LabelValue="2")  # fmt: skip
    mask = decode_mask(Reference(WHERE, path))
    assert names_told(mask.geometry) == {1: "liver", 2: "big tumour"}
    write_mask(tmp_path / "m.nii", mask.values, mask.geometry)
    again = nibabel.load(tmp_path / "m.nii")
    assert np.array_equal(np.asanyarray(again.dataobj), labels)
    assert again.affine == pytest.approx(AFFINE, abs=1e-5)


def test_spacings_alone_say_nothing_of_direction(tmp_path: Path) -> None:
    nrrd.write(str(tmp_path / "v.nrrd"), body(), {"spacings": [0.7, 1.5, 3.0]})
    found = decode_volume(Reference(WHERE, tmp_path / "v.nrrd")).geometry
    assert found.spacing_mm == pytest.approx((3.0, 1.5, 0.7))
    assert found.source["geometry_stated"] is False


def complaint(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        decode_volume(Reference(WHERE, path))
    message = str(caught.value)
    assert message.startswith(f"{WHERE}: expected ")
    assert "Doe" not in message
    return message


def test_bad_files_are_refused_in_one_sentence(tmp_path: Path) -> None:
    path = saved(tmp_path / "Doe.nrrd", body(), encoding="raw")
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    assert "as many voxels as announced, got fewer" in complaint(path)
    path.write_bytes(b"NRRD0005\nhello")
    assert "a whole NRRD file, got a damaged one" in complaint(path)
    path.write_bytes(whole.replace(b"left-posterior-superior", b"scanner-xyz-space-3xxxx"))
    assert "damaged" in complaint(path) or "another space" in complaint(path)
    path.write_bytes(whole.replace(b"sizes: 4 5 6", b"sizes: 4000 5000 600"))
    assert "million voxels" in complaint(path)
    (tmp_path / "in").mkdir()
    header = saved(tmp_path / "in" / "Doe.nhdr", body())
    data = next(p for p in header.parent.iterdir() if p != header)
    data.rename(tmp_path / data.name)
    assert "one data file in its own folder, got none there" in complaint(header)
    header.write_text(header.read_text().replace(f"file: {data.name}", f"file: ../{data.name}"))
    assert "in its own folder" in complaint(header)
