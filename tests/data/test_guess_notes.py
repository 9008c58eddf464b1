"""Notes that lie in files: by class in folders, named by a table, or neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedside.data.folder_source import read_folder
from bedside.data.guess import guess_study
from bedside.errors import DataError, StudyError
from bedside.pipeline import audit_study
from bedside.study import Study

WORDS = {"routine": "The lungs are clear.", "urgent": "There is a large pneumothorax."}


def notes(folder: Path, *, count: int = 6) -> None:
    for name, words in WORDS.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            text = f"{words} Film {number} of {name}."
            (folder / name / f"{number}.txt").write_text(text, encoding="utf-8")


def test_notes_by_class_become_a_study_that_is_audited(tmp_path: Path) -> None:
    notes(tmp_path / "notes")
    (tmp_path / "notes" / "urgent" / ".hidden.txt").write_text("x")
    (tmp_path / "notes" / "urgent" / "table.xlsx").write_bytes(b"x")
    written = guess_study(tmp_path / "notes", relative_to=tmp_path)
    (tmp_path / "study.yaml").write_text(written, encoding="utf-8")
    study = Study.load(tmp_path / "study.yaml")
    note = study.inputs["note"].model_dump()
    assert note == {"modality": "text", "column": "file", "files": True}
    assert study.target.model_dump()["column"] == "label"
    report = audit_study(study)
    assert report.facts["cases"] == 12
    assert not [f for f in report.findings if f.check == "unreadable"]
    raw = read_folder(tmp_path / "notes")
    assert raw.notes == (
        "1 hidden file(s) were ignored.",
        "1 file(s) of other kinds than texts were ignored.",
    )


def test_images_come_before_the_texts_beside_them(tmp_path: Path) -> None:
    notes(tmp_path / "mixed")
    (tmp_path / "mixed" / "urgent" / "a.png").write_bytes(b"")
    raw = read_folder(tmp_path / "mixed")
    assert raw.cases["file"].tolist() == ["urgent/a.png"]
    assert "12 file(s) of other kinds than images were ignored." in raw.notes


def test_a_table_of_note_files_becomes_a_study(tmp_path: Path) -> None:
    notes(tmp_path / "files")
    rows = [f"files/{name}/{n}.txt,{name},p{n}" for name in WORDS for n in range(6)]
    (tmp_path / "cases.csv").write_text("\n".join(["file,label,patient_id", *rows, ""]))
    written = guess_study(tmp_path / "cases.csv")
    (tmp_path / "study.yaml").write_text(written, encoding="utf-8")
    study = Study.load(tmp_path / "study.yaml")
    assert study.inputs["note"].model_dump() == {
        "modality": "text", "column": "file", "files": True,
    }  # fmt: skip
    assert study.data.patient == "patient_id"
    assert audit_study(study).facts["cases"] == 12


@pytest.mark.parametrize("count", [1, 9])
def test_notes_without_classes_are_told_the_way_out(tmp_path: Path, count: int) -> None:
    folder = tmp_path / "flat"
    (folder / "all").mkdir(parents=True)
    for number in range(count):
        (folder / "all" / f"{number}.txt").write_text("No effusion.")
    with pytest.raises(StudyError) as caught:
        guess_study(folder)
    assert str(caught.value) == (
        "flat: expected two or more sub-folders with text files, one per class, got text files "
        "that no such folders tell apart. Write a CSV of files and labels and give that to init."
    )


def test_many_notes_side_by_side_are_not_taken_for_tables(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text("No effusion.")
    with pytest.raises(StudyError, match="got text files that no such folders tell apart"):
        guess_study(tmp_path)


def test_folders_of_neither_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.doc").write_bytes(b"x")
    with pytest.raises(DataError, match=r"of images in it .* or of texts \(\.txt\), got 2 sub"):
        read_folder(tmp_path)
