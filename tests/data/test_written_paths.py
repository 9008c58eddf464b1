"""A cell of a table means the file that is there, however it was written down."""

import os
import unicodedata

import numpy as np
import pytest
from PIL import Image

from bedside.data.dicom_source import read_dicom_source
from bedside.data.folder_source import read_folder
from bedside.data.written_paths import find_written, written_path
from bedside.errors import DataError

NAME = "Bild_ü1.png"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / unicodedata.normalize("NFD", NAME)).write_bytes(b"x")
    (tmp_path / "images" / "1.2.840.5.dcm").write_bytes(b"x")
    (tmp_path / "images" / "both.png").write_bytes(b"x")
    (tmp_path / "images" / "both.jpg").write_bytes(b"x")
    (tmp_path / "images" / "UP.PNG").write_bytes(b"x")
    return tmp_path


@pytest.mark.parametrize(
    "cell",
    [
        f"images/{unicodedata.normalize('NFC', NAME)}",
        f"images/{unicodedata.normalize('NFD', NAME)}",
        f" images/{NAME} ",
        f"images\\{NAME}",
        f"images\\{NAME[:-4]}",
    ],
)
def test_blanks_backslashes_and_unicode_forms_name_the_same_file(folder, cell):
    assert written_path(folder, cell).is_file()
    assert unicodedata.normalize("NFC", written_path(folder, cell).name) == NAME


def test_a_missing_suffix_is_added_where_one_file_fits(folder):
    assert written_path(folder, "images/1.2.840.5").name == "1.2.840.5.dcm"
    assert written_path(folder, "images/UP").name == "UP.PNG"
    assert find_written(folder, "images/both") is None  # two would be a guess


def test_a_file_that_is_there_as_written_comes_first(folder):
    (folder / " both.png").write_bytes(b"x")
    assert written_path(folder, " both.png").name == " both.png"


def test_what_names_no_file_is_left_as_it_is(folder):
    for cell in ("images/none.png", "", "a" * 5000, "nul\0"):
        assert find_written(folder, cell) is None
        assert written_path(folder, cell) == folder / cell


def test_names_in_another_encoding_are_refused_before_any_table_is_made(tmp_path):
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        Image.fromarray(np.zeros((20, 20), np.uint8)).save(tmp_path / place / "0.png")
    try:
        (tmp_path / "a" / "0.png").rename(tmp_path / "a" / os.fsdecode(b"\xfc.png"))
    except OSError:
        pytest.skip("this disk takes UTF-8 names only")
    for read, key in ((read_folder, "data.folder"), (read_dicom_source, "data.dicom")):
        with pytest.raises(DataError) as refused:
            read(tmp_path)
        assert str(refused.value).startswith(
            f"{key} {tmp_path.name}: expected names of files and folders in UTF-8, got 1 in another"
        )
