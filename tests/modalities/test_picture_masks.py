"""Masks that are pictures: numbers in, the same numbers out, whatever form they come in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bedside.errors import DataError
from bedside.modalities.picture_masks import (
    decode_picture_mask,
    is_picture,
    write_picture_mask,
)
from bedside.schema import Reference

LABELS = np.array([[0, 1, 1], [7, 255, 0]], np.uint8)


def as_palette(labels: Any) -> Image.Image:
    picture = Image.fromarray(labels).convert("P")
    picture.putpalette([255 - n // 3 for n in range(768)])
    picture.putdata(labels.reshape(-1).tolist())
    return picture


FORMS = {
    "grey.png": lambda: Image.fromarray(LABELS),
    "palette.png": lambda: as_palette(LABELS),
    "deep.png": lambda: Image.fromarray(LABELS.astype(np.uint16)),
    "colour.png": lambda: Image.fromarray(np.stack([LABELS] * 3, axis=2)),
    "opaque.png": lambda: Image.fromarray(
        np.dstack([LABELS, LABELS, LABELS, np.full_like(LABELS, 255)])
    ),
    "grey.tif": lambda: Image.fromarray(LABELS),
}


@pytest.mark.parametrize("name", FORMS)
def test_numbers_are_read_as_they_are_written(name: str, tmp_path: Path) -> None:
    FORMS[name]().save(tmp_path / name)
    reference = Reference("row 2", tmp_path / name)
    assert is_picture(reference)
    found = decode_picture_mask(reference)
    assert np.array_equal(found.values, LABELS[None])
    assert found.geometry.shape == (1, 2, 3)


def test_a_mask_of_black_and_white_holds_one_structure(tmp_path: Path) -> None:
    Image.fromarray(LABELS > 0).save(tmp_path / "bits.png")
    found = decode_picture_mask(Reference("row 2", tmp_path / "bits.png"))
    assert np.array_equal(found.values[0], LABELS > 0)


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    write_picture_mask(tmp_path / "out.png", LABELS[None])
    assert np.array_equal(
        decode_picture_mask(Reference("row 2", tmp_path / "out.png")).values[0], LABELS
    )
    assert np.array_equal(decode_picture_mask(Reference("row 2", LABELS)).values[0], LABELS)


def test_arrays_of_three_axes_and_other_files_are_no_pictures(tmp_path: Path) -> None:
    (tmp_path / "scan.nii").write_bytes(bytes(400))
    assert not is_picture(Reference("row 2", np.zeros((2, 3, 4), np.uint8)))
    assert not is_picture(Reference("row 2", tmp_path / "scan.nii"))
    assert not is_picture(Reference("row 2", tmp_path / "none.png"))


def write_bad(path: Path, what: str) -> None:
    colours = np.dstack([LABELS, LABELS, LABELS[::-1]])
    if what == "jpeg":
        Image.fromarray(LABELS).save(path, format="JPEG")
    elif what == "colours":
        Image.fromarray(colours).save(path, format="PNG")
    elif what == "clear":
        Image.fromarray(np.dstack([LABELS] * 4)).save(path, format="PNG")
    else:
        Image.fromarray(LABELS).save(path, format="PNG")
        path.write_bytes(path.read_bytes()[:-30])


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("jpeg", "row 2: expected a mask that keeps its numbers, such as a PNG, got a JPEG"),
        ("colours", "row 2: expected a mask with one number a pixel, got colours"),
        ("clear", "row 2: expected a mask with one number a pixel, got transparent pixels"),
        ("short", "row 2: expected a whole PNG file, got one that is cut short"),
    ],
)
def test_what_is_no_mask_is_refused(what: str, message: str, tmp_path: Path) -> None:
    write_bad(tmp_path / "mask.png", what)
    with pytest.raises(DataError, match=message):
        decode_picture_mask(Reference("row 2", tmp_path / "mask.png"))
