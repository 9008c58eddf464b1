"""Files, folders, tables and arrays become cases, named for the user and not by patient."""

import numpy as np
import pytest

from bedside.deployment.intake import find_cases
from bedside.deployment.package import read_package
from bedside.errors import DataError
from bedside.schema import Reference, Sample


@pytest.fixture(scope="module")
def one(written_once):
    return read_package(written_once).contents.modalities


@pytest.fixture(scope="module")
def two(written_twice):
    return read_package(written_twice).contents.modalities


def test_a_folder_is_searched_to_its_depth_in_order(pictures, one):
    folder, _ = pictures
    cases = find_cases(folder, one)
    names = ["a.PNG", "b.png", "deeper/c.jpeg"]
    assert [case.name for case in cases] == [str(folder / name) for name in names]
    assert [case.where for case in cases] == ["file 1 of 3", "file 2 of 3", "file 3 of 3"]
    assert cases[2].inputs["xray"] == Reference("file 3 of 3", folder / "deeper" / "c.jpeg")


def test_a_named_file_is_taken_whatever_its_suffix_and_folders_may_mix(pictures, one):
    folder, _ = pictures
    cases = find_cases([folder / "notes.txt", str(folder / "deeper")], one)
    assert [case.name for case in cases] == [
        str(folder / "notes.txt"),
        str(folder / "deeper" / "c.jpeg"),
    ]


def test_arrays_and_samples_are_numbered(one):
    array, sample = np.zeros((16, 16), np.uint8), Sample(np.ones((16, 16), np.uint8))
    cases = find_cases([array, sample], one)
    assert [(case.name, case.where) for case in cases] == [
        ("1", "case 1 of 2"),
        ("2", "case 2 of 2"),
    ]
    assert cases[0].inputs["xray"].content is array
    assert cases[1].inputs["xray"] is sample
    assert len(find_cases(array, one)) == 1


def test_a_table_gives_rows_with_paths_relative_to_itself(pictures, two):
    folder, _ = pictures
    table = folder / "new.csv"
    table.write_text("\ufeffcase_id,side,front\nc7,b.png,a.PNG\n,deeper/c.jpeg,b.png\n", "utf-8")
    first, second = find_cases(table, two)
    assert (first.name, first.where) == ("c7", "row 2 of new.csv")
    assert (second.name, second.where) == ("row-3", "row 3 of new.csv")
    assert first.inputs["front"].content == (folder / "a.PNG").resolve()
    assert second.inputs["side"].content == (folder / "deeper" / "c.jpeg").resolve()


def test_a_bad_row_is_a_problem_of_that_case_alone(pictures, one):
    folder, _ = pictures
    (folder / "new.csv").write_text('file\nb.png\n../secret.png\n" "\n')
    good, outside, blank = find_cases(folder / "new.csv", one)
    assert good.problem is None
    assert outside.problem == (
        "row 3 of new.csv, column 'file': expected a file in or below the table's folder, "
        "got a path that leads out of it. Put the table into a folder above its files, "
        "or name that folder (--root)."
    )
    assert "row 4 of new.csv, column 'file': expected a file path, got a blank" in blank.problem


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"fil\nb.png\n", r"new\.csv: no column 'file'\. Did you mean 'fil'\?"),
        (b"", r"new\.csv: no column 'file'"),
        (b"file\n", r"new\.csv: expected at least one row, got none"),
        (b"file\n\xff\n", r"new\.csv: expected a CSV table in UTF-8, got UnicodeDecodeError"),
        (None, r"new\.csv: expected a CSV table, got no such file"),
    ],
)
def test_a_table_that_cannot_serve_is_one_sentence(tmp_path, one, content, message):
    if content is not None:
        (tmp_path / "new.csv").write_bytes(content)
    with pytest.raises(DataError, match=message):
        find_cases(tmp_path / "new.csv", one)


def test_a_folder_with_nothing_readable_says_what_it_looked_for(tmp_path, one):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"expected files ending in \.png, .*got no files\."):
        find_cases(tmp_path / "empty", one)
    (tmp_path / "empty" / "notes.txt").write_text("")
    with pytest.raises(DataError, match=r"got 1 other files\. Name another folder"):
        find_cases(tmp_path / "empty", one)
    with pytest.raises(DataError, match="expected files, folders or a CSV, got none"):
        find_cases([], one)


def test_several_inputs_need_a_table_with_their_columns(pictures, two):
    with pytest.raises(DataError, match="a CSV with the columns front, side"):
        find_cases(pictures[0], two)


def test_a_table_with_semicolons_and_backslashes_is_read(pictures, one):
    folder, _ = pictures
    (folder / "deeper" / "new.csv").write_bytes(
        b"\xef\xbb\xbfcase_id; file ;age\r\nc7; deeper\\c.jpeg ;40,5\r\n"
    )
    (case,) = find_cases(folder / "deeper" / "new.csv", one, root=folder)
    assert (case.name, case.problem) == ("c7", None)
    assert case.inputs["xray"].content == (folder / "deeper" / "c.jpeg").resolve()


@pytest.mark.parametrize(("row", "got"), [("b.png,1,2", "more"), ("b.png", "fewer")])
def test_a_ragged_row_is_a_problem_and_never_read_shifted(pictures, one, row, got):
    folder, _ = pictures
    (folder / "new.csv").write_text(f"file,age\n{row}\nb.png,3\n")
    ragged, good = find_cases(folder / "new.csv", one)
    assert f"row 2 of new.csv: expected as many cells as the header has, got {got}." in (
        ragged.problem
    )
    assert good.problem is None


def test_dicom_files_of_a_folder_are_told_by_content(tmp_path, one):
    for name in ("IM0001", "scan.IMA", "DICOMDIR"):
        (tmp_path / name).write_bytes(b"\0" * 128 + b"DICM" + b"\0" * 8)
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "README").write_text("no image either")
    assert [case.name for case in find_cases(tmp_path, one)] == [
        str(tmp_path / name) for name in ("IM0001", "scan.IMA")
    ]


def test_a_folder_of_slices_is_one_case_of_a_package_of_volumes(tmp_path):
    from bedside.modalities.volume import Volume

    slices = bytes(128) + b"DICM" + bytes(20)
    for name in ("a/1.dcm", "a/2", "deep/b/x.dcm"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(slices)
    (tmp_path / "c.nii.gz").write_bytes(b"")
    (tmp_path / "d.nrrd").write_bytes(b"")
    modalities = {"scan": Volume()}
    cases = find_cases(tmp_path, modalities)
    names = ["c.nii.gz", "d.nrrd", "a", "deep/b"]
    assert [case.name for case in cases] == [str(tmp_path / name) for name in names]
    assert cases[2].inputs["scan"].content == tmp_path / "a"
    (alone,) = find_cases(tmp_path / "a", modalities)
    assert (alone.name, alone.where) == (str(tmp_path / "a"), "file 1 of 1")
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="or folders of DICOM slices, got no files"):
        find_cases(tmp_path / "none", modalities)
