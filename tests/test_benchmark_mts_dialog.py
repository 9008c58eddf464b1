"""The benchmark of sections from dialogues, on made-up files of the same form."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import mts_dialog
import pytest


def write_files(folder: Path) -> None:
    place = folder / "text" / "mts_dialog"
    place.mkdir(parents=True)
    for count, (name, _) in zip((30, 6, 5, 7), mts_dialog.PARTS, strict=True):
        with (place / name).open("w", newline="", encoding="utf-8") as stream:
            rows = csv.writer(stream)
            rows.writerow(["ID", "section_header", "section_text", "dialogue"])
            for n in range(count):
                what = "a cough" if n % 2 else "back pain"
                said = f"Doctor: What is it? Patient: It is {what}, day {n} of {name[11:20]}."
                rows.writerow([n, "CC", f"The patient has {what}.", said])


def test_both_test_sets_are_judged_apart_beside_all_peers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_files(tmp_path)
    words = ["mts_dialog.py", str(tmp_path), str(tmp_path / "out"), "--seeds", "1"]
    sets = ["training.epochs=1", "target.drawn=2", "target.longest=8", "evaluation.bootstrap=100"]
    words += [word for change in sets for word in ("--set", change)]
    monkeypatch.setattr(sys, "argv", [*words, "--write-only"])
    assert mts_dialog.main() == 0
    assert "Test set" not in capsys.readouterr().out
    assert not (tmp_path / "out" / "found.jsonl").exists()
    monkeypatch.setattr(sys, "argv", words)
    assert mts_dialog.main() == 0
    said = capsys.readouterr().out
    assert "Test set 1, 5 dialogues" in said
    assert "Test set 2, 7 dialogues" in said
    assert said.count("| neighbour-consensus |") == 2
    assert said.count("carried - nearest-report, ROUGE-L") == 2
    # "has a cough" for all: 2 and 3 are right, the others have a ROUGE-L of .6
    first, second = said.split("Test set 2")
    for table, wanted in ((first, (2 + 3 * 0.6) / 5), (second, (3 + 4 * 0.6) / 7)):
        (row,) = (line for line in table.splitlines() if line.startswith("| commonest-summary |"))
        assert row.split(" | ")[4].startswith(f"{100 * wanted:.1f} (")
