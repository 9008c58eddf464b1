"""The benchmarks of notes: archives that hold what is asked, counts by kind worked by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import deidentify_tagger
import process_archive
import pytest

Capture = pytest.CaptureFixture[str]


def test_archives_hold_what_is_asked(tmp_path: Path) -> None:
    made = list(process_archive.notes(7))
    assert len({text for _, text in made}) == 7
    folder = process_archive.write_archive(tmp_path, "folder", 3)
    assert sorted(path.stem for path in folder.iterdir()) == [name for name, _ in made[:3]]
    table = process_archive.write_archive(tmp_path, "csv", 3)
    assert table.read_text().count("\nvisit-") == 3


def test_a_small_archive_goes_through_and_survives_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    words = ["--notes", "5", "20", "--kills", "1", "--threads", "1", "--scratch", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["process_archive.py", *words])
    assert process_archive.main() == 0
    said = capsys.readouterr().out
    assert "| csv | 20 | " in said
    assert "the same bytes at the end: True" in said
    assert list(tmp_path.iterdir()) == []


def test_kinds_and_worst_misses(capsys: Capture) -> None:
    alone = {"kinds": {"A": [8, 4], "B": [2, 2]}, "total": {"wrong": 5}}
    both = {"kinds": {"A": [8, 8], "B": [2, 2]}, "total": {"wrong": 0}}
    deidentify_tagger.kinds(alone, both)
    said = capsys.readouterr().out
    assert "| A | 8 | 0.500 | 1.000 | 0.500 | 1.000 |" in said
    assert "| B | 2 | 1.000 | 1.000 | 0.909 | 1.000 |" in said
    misses = [(1, 2, [("A", "c")]), (2, 1, [("A", "a"), ("B", "b")]), (1, 1, [("A", "x")]),
              (0, 3, [])]  # fmt: skip
    deidentify_tagger.worst({"misses": misses})
    lines = capsys.readouterr().out.strip().splitlines()[2:]
    assert lines == ["| 2 | 1 | a (A) b (B) |", "| 1 | 2 | c (A) |"]
