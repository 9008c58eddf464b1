"""Folders of images that are no folder per class, and the words that are offered for images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from bedside.data.guess import guess_study
from bedside.data.picture_size import kept_size
from bedside.errors import StudyError
from bedside.modalities.image import Image as ImageModality
from bedside.study import Study, parse_options


def picture(path: Path, size: tuple[int, int] = (32, 48)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros(size, np.uint8)).save(path)


def refused(folder: Path) -> str:
    with pytest.raises(StudyError) as caught:
        guess_study(folder)
    return str(caught.value)


@pytest.mark.parametrize("names", [["images/1.png", "images/2.png"], ["1.png"], ["train/a/1.png"]])
@pytest.mark.parametrize("also", ["", "empty", "__MACOSX"])
def test_one_class_is_no_study_and_the_way_out_is_named(
    tmp_path: Path, names: list[str], also: str
) -> None:
    folder = tmp_path / "hospital"
    for name in names:
        picture(folder / name)
    if also and not names[0].startswith("train"):
        (folder / also).mkdir()
    expected = "hospital: expected two or more sub-folders with images, one per class, got "
    assert refused(folder) == (
        f"{expected}images that no such folders tell apart. "
        "Write a CSV of files and labels and give that to init."
    )
    (folder / "cases.csv").write_text("file,label\nimages/1.png,a\nimages/2.png,b\n")
    assert refused(folder).endswith(f"Name the table itself: bedside init {folder}/cases.csv.")


def test_a_table_beside_classes_is_mentioned(tmp_path: Path) -> None:
    for name in ("a/1.png", "a/2.png", "b/3.png"):
        picture(tmp_path / "set" / name)
    assert "lies in the folder" not in guess_study(tmp_path / "set")
    (tmp_path / "set" / "cases.csv").write_text("file\n")
    assert "# cases.csv lies in the folder, too: 'bedside init'" in guess_study(tmp_path / "set")


@pytest.mark.parametrize("side", [16, 64, 65, 96, 127, 128])
def test_small_images_keep_their_size(side: int) -> None:
    assert kept_size(side, side) == [side, side]
    assert kept_size(15, side) == kept_size(side, 129) is None


def test_what_is_offered_may_be_switched_on(tmp_path: Path) -> None:
    for name in ("a/1.png", "a/2.png", "b/3.png"):
        picture(tmp_path / "set" / name, (90, 100))
    lines = guess_study(tmp_path / "set").splitlines()
    keys = ("resize", "channels", "mirror")
    offered = [line for line in lines if line.strip().startswith(tuple(f"# {k}:" for k in keys))]
    assert len(offered) == len(keys)
    text = "\n".join(line.replace("# ", "", 1) if line in offered else line for line in lines)
    study = Study.parse(yaml.safe_load(text))
    words = study.inputs["image"].model_dump()
    made = parse_options(ImageModality, words, where="inputs.image.")
    assert (made.size, made.resize, made.channels, made.mirror) == ((90, 100), "pad", 1, True)
    assert any(line.startswith("  # test_sites: ") for line in lines)
    assert study.audit.waive == []
