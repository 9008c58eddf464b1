"""A cohort hands out references that stay inside the data's folder."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bedside.data.cohort import Cohort, inside
from bedside.errors import DataError
from bedside.schema import Reference


def _cohort(tmp_path: Path) -> Cohort:
    cases = pd.DataFrame(
        {
            "case_id": ["a", "b", "c"],
            "who": ["007", "7", "007"],
            "file": ["x.png", None, "../y.png"],
        }
    )
    return Cohort(cases, "cases.csv", first_row=2, patient="who", root=tmp_path)


def test_ids_patients_and_groups_are_text_of_equal_length(tmp_path: Path) -> None:
    cohort = _cohort(tmp_path)
    assert len(cohort) == 3
    assert cohort.ids().tolist() == ["a", "b", "c"]
    patients = cohort.patients()
    assert patients is not None
    assert patients.tolist() == ["007", "7", "007"]
    groups = cohort.groups()
    assert groups[0] == groups[2] != groups[1]


def test_without_patients_every_case_is_its_own_group(tmp_path: Path) -> None:
    cohort = Cohort(_cohort(tmp_path).cases, "cases.csv")
    assert cohort.patients() is None
    assert len(set(cohort.groups().tolist())) == 3
    assert cohort.notes == ()


def test_a_reference_names_its_row_and_resolves_its_file(tmp_path: Path) -> None:
    reference = _cohort(tmp_path).reference(0, "file")
    assert reference.where == "row 2 of cases.csv"
    assert reference.content == (tmp_path / "x.png").resolve()


def test_a_reference_into_an_array_is_that_row(tmp_path: Path) -> None:
    values = np.arange(12).reshape(3, 2, 2)
    cohort = Cohort(_cohort(tmp_path).cases, "f.npz", arrays={"image": values})
    np.testing.assert_array_equal(cohort.reference(1, "image").content, values[1])
    assert cohort.reference(0, "who").content == "007"


def test_a_blank_path_is_refused_by_row(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"^row 3 of cases.csv, column 'file': expected a file path"
    ):
        _cohort(tmp_path).reference(1, "file")


def test_a_path_that_climbs_out_is_refused_without_showing_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a path that leads out of it") as caught:
        _cohort(tmp_path).reference(2, "file")
    assert "y.png" not in str(caught.value)


@pytest.mark.parametrize("cell", ["/etc/passwd", "a/../../b.png"])
def test_absolute_and_winding_paths_are_refused(tmp_path: Path, cell: str) -> None:
    with pytest.raises(DataError, match="inside the data's folder"):
        inside(tmp_path, cell, where="row 1 of t", column="file")


def test_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.png").write_bytes(b"x")
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(DataError, match="leads out of it"):
        inside(root, "link.png", where="row 1 of t", column="file")


def test_cells_of_texts_are_the_values_and_blank_ones_are_texts_too(tmp_path: Path) -> None:
    cases = pd.DataFrame({"case_id": ["a", "b"], "note": ["../x.txt", np.nan]})
    cohort = Cohort(cases, "notes.csv", 2, root=tmp_path, texts=frozenset({"note"}))
    assert cohort.reference(0, "note") == Reference("row 2 of notes.csv", "../x.txt")
    assert cohort.reference(1, "note") == Reference("row 3 of notes.csv", "")
