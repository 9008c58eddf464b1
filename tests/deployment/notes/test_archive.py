"""Notes of folders and tables, in one order, the bad ones with a sentence of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from bedside.deployment.notes.archive import FOREIGN, Archive, count_notes, notes_of
from bedside.errors import DataError, StudyError


def read(archive: Archive) -> list[tuple[str, str]]:
    """Name and text, or the sentence that says why there is none, of each note."""
    found = []
    for note in notes_of(archive):
        try:
            found.append((note.name, note.read(where="note")[0]))
        except DataError as error:
            found.append((note.name, f"! {error}"))
    assert count_notes(archive) == len(found)
    return found


def test_a_folder_is_walked_in_one_order(tmp_path: Path) -> None:
    for name in ("b.txt", "a/2.TXT", "a/1.txt", "a.txt", ".git/x.txt", "a/note.pdf", ".z.txt"):
        path = tmp_path / "notes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "notes/link.txt").symlink_to(tmp_path / "notes/b.txt")
    names = ["a.txt", "a/1.txt", "a/2.TXT", "b.txt"]
    assert read(Archive(tmp_path / "notes")) == [(name, name) for name in names]
    assert read(Archive(tmp_path / "notes/b.txt")) == [("b.txt", "b.txt")]


def test_rows_of_a_csv(tmp_path: Path) -> None:
    path = tmp_path / "n.csv"
    path.write_bytes(
        '\ufeffid;text;who\nx;"a;\nb";p\n;Müller;\ny;b\nz;;q\n'.encode()
        + b"w;Sch\xf6n;q\n\nv;c;q;r\n"
    )
    archive = Archive(path, "text", "id", "who")
    assert read(archive) == [
        ("x", "a;\nb"),
        ("row-3", "Müller"),
        (
            "row-4",
            "! row 4 of n.csv: expected 3 cells, got 2. Quote cells that hold the separator.",
        ),
        ("z", ""),
        ("w", "Schön"),
        (
            "row-8",
            "! row 8 of n.csv: expected 3 cells, got 4. Quote cells that hold the separator.",
        ),
    ]
    notes = list(notes_of(archive))
    assert [note.patient for note in notes] == ["p", None, None, "q", "q", None]
    assert [note.read(where="")[1] for note in notes if note.content] == [None, None, FOREIGN]


def test_utf_16_and_tabs(tmp_path: Path) -> None:
    path = tmp_path / "n.tsv"
    path.write_text("text\tid\nÄ, b\t1\n", encoding="utf-16")
    assert read(Archive(path, "text")) == [("row-2", "Ä, b")]


def test_broken_quotes_stop_at_their_row(tmp_path: Path) -> None:
    path = tmp_path / "n.csv"
    path.write_text('text,id\na,1\n"b"c,2\n')
    notes = notes_of(Archive(path, "text"))
    assert next(notes).content == "a"
    with pytest.raises(DataError, match=r"n.csv, row 3: expected quotes that open and close"):
        next(notes)


def test_json_lines_and_parquet(tmp_path: Path) -> None:
    path = tmp_path / "n.jsonl"
    lines = [{"text": "a", "id": 7}, {"text": None, "id": "x"}, {"text": 3, "id": None}, {"id": 1}]
    path.write_text("\n".join(map(json.dumps, lines)) + '\n[1]\n{"te\n\n')
    object_wanted = "of n.jsonl: expected a JSON object, got"
    assert read(Archive(path, "text", "id")) == [
        ("7", "a"),
        ("x", ""),
        ("row-3", "! row 3 of n.jsonl, column 'text': expected a text, got int. Name the column of "
         "texts."),
        ("row-4", f"! line 4 {object_wanted} one without 'text'. Export the line again."),
        ("row-5", f"! line 5 {object_wanted} something else. Export the line again."),
        ("row-6", f"! line 6 {object_wanted} something else. Export the line again."),
    ]  # fmt: skip
    table = tmp_path / "n.parquet"
    pd.DataFrame({"n": [3, 4], "note": ["a", None]}).to_parquet(table)
    assert read(Archive(table, "note", "n")) == [("3", "a"), ("4", "")]
    table.write_bytes(b"PAR1")
    with pytest.raises(DataError, match="expected Parquet, got another or a damaged file"):
        read(Archive(table, "note"))


def test_what_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "n.pdf").write_text("")
    (tmp_path / "n.csv").write_text("id,note\n1,a\n")
    for place, told in {"empty": ".txt files in or below", "n.pdf": "got '.pdf'"}.items():
        with pytest.raises(DataError, match=told):
            notes_of(Archive(tmp_path / place))
    with pytest.raises(StudyError, match=r"no column 'text'\. Known are: id, note"):
        read(Archive(tmp_path / "n.csv", "text"))
    with pytest.raises(StudyError, match=r"Name it; n\.csv has id, note"):
        read(Archive(tmp_path / "n.csv"))
    with pytest.raises(StudyError, match="expected a table, got a folder"):
        notes_of(Archive(tmp_path, "text"))
