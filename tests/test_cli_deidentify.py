"""The command `deidentify`: what it writes and prints, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bedside.privacy.key_file import read_key

from .made_study import command

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BEDSIDE_PASSPHRASE", raising=False)
    Path("notes").mkdir()
    Path("notes/a.txt").write_text(
        "Patient: Mary Smith, seen 3/20/2020 at Zzyzx. She takes Xyzolab."
    )


def test_it_writes_copies_and_a_page(capsys: Capture) -> None:
    said = command(capsys, "deidentify", "notes", "-o", "out")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "Files: text 1.",
        "Replaced: names 1, dates 1, places 1.",
        "For a human to look at: 2 places, listed in review.jsonl.",
        "Report: out/report.html",
    ]
    page = Path("out/report.html").read_text()
    assert "What was found, and what a human should look at" in page
    assert "Rules find most identifiers, not all." in page
    assert "unknown-word" in page
    for word in ("Xyzolab", "Mary", "Smith", "/a.txt"):
        assert word not in page
    assert command(capsys, "deidentify", "notes", "-o", "two", "-q").out == ""


def test_show_quotes_and_says_so(capsys: Capture) -> None:
    command(capsys, "deidentify", "notes", "-o", "out", "--show")
    page = Path("out/report.html").read_text()
    assert "Xyzolab" in page
    assert "This file quotes words of notes." in page


def test_a_key_takes_its_passphrase_from_a_file_or_the_environment(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = command(capsys, "deidentify", "notes", "-o", "out", "--key", "k.key")
    assert (said.code, said.err) == (
        1,
        "bedside: --key: expected a passphrase in --passphrase-file or BEDSIDE_PASSPHRASE, got "
        "none. Give it again.\n",
    )
    Path("word").write_text("correct horse\n")
    options = ("--key", "k.key", "--passphrase-file", "word")
    assert command(capsys, "deidentify", "notes", "-o", "out", *options).code == 0
    monkeypatch.setenv("BEDSIDE_PASSPHRASE", "correct horse")
    assert command(capsys, "deidentify", "notes", "-o", "two", "--key", "k.key").code == 0
    assert "Smith" in json.dumps(list(read_key(Path("k.key"), "correct horse")))


def test_what_was_left_out_is_told_by_the_exit_code(capsys: Capture) -> None:
    Path("notes/b").write_bytes(bytes(range(256)))
    said = command(capsys, "deidentify", "notes", "-o", "out")
    assert said.code == 3
    assert "Left out, 1 file: a file: expected a text, a table or DICOM" in said.out
    said = command(capsys, "deidentify", "notes", "-o", "notes/out")
    assert said.code == 1
    assert said.err.startswith("bedside: out: expected a folder apart from the input, which is")
