"""A cell of a table means the file that is there, however it was written down."""

import unicodedata

import pytest

from bedside.data.written_paths import find_written, written_path

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
