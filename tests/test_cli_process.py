"""The command `process`: what it writes and prints, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .made_study import command

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes").mkdir()
    Path("notes/a.txt").write_text("FINDINGS: No pneumonia. Fever.")
    Path("codes.csv").write_text("term,code,system\npneumonia,J18,ICD-10\nfever,R50,ICD-10\n")


def test_it_writes_records_without_any_package(capsys: Capture) -> None:
    said = command(capsys, "process", "notes", "--codes", "codes.csv", "-o", "r.jsonl")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "Notes: 1. Entities: 0, of them denied: 0. Codes: 2.",
        "Records: r.jsonl",
    ]
    (record,) = [json.loads(line) for line in Path("r.jsonl").read_text().splitlines()]
    assert [(c["words"], c["denied"]) for c in record["codes"]] == [
        ("pneumonia", True),
        ("Fever", False),
    ]
    assert (
        command(capsys, "process", "notes", "--codes", "codes.csv", "-o", "r.jsonl", "-q").out == ""
    )


def test_bad_notes_are_told_by_the_exit_code(capsys: Capture) -> None:
    Path("notes/b.txt").write_bytes(bytes(range(256)))
    said = command(capsys, "process", "notes", "-o", "r.jsonl")
    assert said.code == 3
    assert said.err == (
        "bedside: 1 of 2 notes could not be read; their records have the key error.\n"
    )
    said = command(capsys, "process", "notes", "-o", "notes/r.jsonl")
    assert said.code == 1
    assert said.err.startswith("bedside: r.jsonl: expected a file apart from the notes, ending in")


def test_a_table_needs_its_column(capsys: Capture) -> None:
    Path("n.csv").write_text("id,text\n1,fever\n")
    said = command(capsys, "process", "n.csv", "-o", "r.jsonl")
    assert (said.code, said.err) == (
        1,
        "bedside: --column: expected the column that holds the texts, got none. Name it; n.csv has "
        "id, text.\n",
    )
    assert command(capsys, "process", "n.csv", "--column", "text", "-o", "r.jsonl").code == 0
