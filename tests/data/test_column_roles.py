"""The column of files is found though its cells were written on another machine."""

import unicodedata

import numpy as np
import pytest
from PIL import Image

from bedside.data.column_roles import find_roles
from bedside.data.table_source import read_table
from bedside.study import Study

WAYS = {
    "as it is": lambda name: f"images/{name}",
    "in its folder": lambda name: name,
    "backslashes": lambda name: f"images\\{name}",
    "blanks around": lambda name: f" images/{name} ",
    "composed accents": lambda name: f"images/{unicodedata.normalize('NFC', name)}",
    "without suffix": lambda name: name[:-4],
}


@pytest.mark.parametrize("way", WAYS)
def test_the_column_of_files_and_their_folder_are_found(tmp_path, way):
    (tmp_path / "images").mkdir()
    names = [unicodedata.normalize("NFD", f"Aufnähme_{n}.png") for n in range(12)]
    for name in names:
        Image.fromarray(np.zeros((20, 20), np.uint8)).save(tmp_path / "images" / name)
    rows = [f"{WAYS[way](name)};{n % 2};p{n}" for n, name in enumerate(names)]
    (tmp_path / "cases.csv").write_text("\n".join(["scan;label;patient_id", *rows]), "utf-8")
    roles = find_roles(read_table(tmp_path / "cases.csv"))
    inside = way in ("in its folder", "without suffix")
    assert (roles.file, roles.found, roles.root) == ("scan", True, "images" if inside else None)
    assert (roles.patient, roles.label) == ("patient_id", "label")


def test_a_table_written_on_windows_is_a_study_as_it_stands(tmp_path):
    from bedside.data.guess import guess_study
    from bedside.data.sources import load_cohort

    (tmp_path / "images").mkdir()
    for n in range(12):
        Image.fromarray(np.zeros((20, 20), np.uint8)).save(tmp_path / "images" / f"é{n}.png")
    rows = [f"images\\é{n}.png;{n % 2};p{n};{40 + n},5" for n in range(12)]
    table = "\r\n".join(["file;label;patient_id;age", *rows])
    (tmp_path / "cases.csv").write_bytes(table.encode("utf-8-sig"))
    (tmp_path / "study.yaml").write_text(guess_study(tmp_path / "cases.csv"), encoding="utf-8")
    cohort = load_cohort(Study.load(tmp_path / "study.yaml"))
    assert all(cohort.reference(row, "file").content.is_file() for row in range(12))
    assert cohort.cases["age"].tolist()[:2] == ["40.5", "41.5"]


@pytest.mark.parametrize("name", ["id", "ID", "device_id", "Device id"])
def test_what_tells_things_apart_is_no_label_by_its_values(tmp_path, name):
    rows = [f"s{n % 3};{n}" for n in range(30)]
    (tmp_path / "cases.csv").write_text("\n".join([f"{name};value", *rows]), "utf-8")
    assert find_roles(read_table(tmp_path / "cases.csv")).label is None
    (tmp_path / "cases.csv").write_text("\n".join(["covid;value", *rows]), "utf-8")
    assert find_roles(read_table(tmp_path / "cases.csv")).label == "covid"
