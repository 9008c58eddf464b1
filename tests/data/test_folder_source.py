"""A folder per class becomes a cohort, or says what is wrong."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bedside.data.cohort import Cohort
from bedside.data.sources import load_cohort
from bedside.errors import DataError
from bedside.study import Study


def study(data: dict[str, Any], **sections: Any) -> Study:
    return Study.parse(
        {
            "data": data,
            "inputs": {"image": {"modality": "image"}},
            "target": {"task": "classify"},
            **sections,
        }
    )


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(path)


def load_folder(folder: Path, **sections: Any) -> Cohort:
    return load_cohort(study({"folder": str(folder)}, **sections))


def test_a_folder_per_class_becomes_a_cohort(tmp_path: Path) -> None:
    folder = tmp_path / "by-class"
    for name in ("sick/b.png", "sick/deep/a.JPG", "well/c.tif"):
        picture(folder / name)
    (folder / "well" / "plain").write_bytes(b"\0" * 128 + b"DICM")
    (folder / "well" / "README").write_bytes(b"not an image")
    (folder / "well" / ".DS_Store").write_bytes(b"")
    (folder / "well" / ".c.png").write_bytes(b"")
    (folder / "notes.txt").write_text("x")
    (folder / "empty").mkdir()
    cohort = load_folder(folder)
    assert cohort.cases["file"].tolist() == [
        "sick/b.png",
        "sick/deep/a.JPG",
        "well/c.tif",
        "well/plain",
    ]
    assert cohort.cases["label"].tolist() == ["sick", "sick", "well", "well"]
    assert cohort.patient is None
    assert cohort.part is None
    assert cohort.where(0) == "row 1 of the sorted files of by-class"
    assert cohort.reference(3, "file").content == (folder / "well" / "plain").resolve()
    assert cohort.notes == (
        "2 hidden file(s) were ignored.",
        "1 file(s) of other kinds than images were ignored.",
        "1 file(s) outside the class folders were ignored.",
        "1 class folder(s) hold no image.",
    )


def test_part_folders_above_the_classes_give_the_parts(tmp_path: Path) -> None:
    for name in ("Train/a/1.png", "val/a/2.png", "test/b/3.png", "Train/b/4.png"):
        picture(tmp_path / name)
    cohort = load_folder(tmp_path, split={"by": "case", "column": "part"})
    assert cohort.cases["part"].tolist() == ["train", "train", "test", "validation"]
    assert cohort.cases["label"].tolist() == ["a", "b", "b", "a"]


def test_a_class_called_test_is_a_class(tmp_path: Path) -> None:
    for name in ("test/1.png", "control/2.png", "control/3.png"):
        picture(tmp_path / name)
    cohort = load_folder(tmp_path)
    assert cohort.cases["label"].tolist() == ["control", "control", "test"]
    assert "part" not in cohort.cases


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    picture(tmp_path / "loose.png")
    (tmp_path / "a").mkdir()
    with pytest.raises(DataError, match="got 1 sub-folders and no such file in them"):
        load_folder(tmp_path)


@pytest.mark.parametrize("kind", ["file", "class", "inner"])
def test_links_out_of_the_folder_are_refused(tmp_path: Path, kind: str) -> None:
    root = tmp_path / "root"
    for name in ("a/1.png", "a/2.png", "b/3.png"):
        picture(root / name)
    picture(tmp_path / "outside" / "x.png")
    if kind == "file":
        (root / "a" / "4.png").symlink_to(tmp_path / "outside" / "x.png")
    else:
        target = root / "c" if kind == "class" else root / "a" / "c"
        target.symlink_to(tmp_path / "outside", target_is_directory=True)
    with pytest.raises(
        DataError, match=r"expected files inside the folder only, got 1 symbolic link"
    ):
        load_folder(root)


def test_part_folders_that_are_links_out_are_refused(tmp_path: Path) -> None:
    picture(tmp_path / "root" / "train" / "a" / "1.png")
    picture(tmp_path / "outside" / "a" / "2.png")
    (tmp_path / "root" / "test").symlink_to(tmp_path / "outside", target_is_directory=True)
    with pytest.raises(DataError, match="symbolic link"):
        load_folder(tmp_path / "root")
