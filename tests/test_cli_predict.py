"""The command `predict`: what it writes, and what it says of bad packages and bad files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .made_study import (
    SECRET,
    command,
    read_csv,
    table_of,
)

Capture = pytest.CaptureFixture[str]


def test_predict_writes_csv_json_and_standard_output(
    here: Path, package: Path, capsys: Capture
) -> None:
    files = [row[4] for row in table_of(here)[1:4]]
    said = command(capsys, "predict", package, *files)
    assert (said.code, said.err) == (0, "")
    assert [line.partition(",")[0] for line in said.out.splitlines()] == ["case", *files]
    assert command(capsys, "predict", package, "cases.csv", "-o", "p.csv").code == 0
    assert len(read_csv(here / "p.csv")) == 72
    assert command(capsys, "predict", package, "pictures", "-o", "p.json").code == 0
    records = json.loads((here / "p.json").read_text())
    assert [r["probability"] for r in records] == [
        float(row["probability"]) for row in read_csv(here / "p.csv")
    ]


def test_predict_skips_what_it_is_told_to_skip(here: Path, package: Path, capsys: Capture) -> None:
    bad = table_of(here)[2][4]
    (here / bad).write_text("Jane Doe")
    said = command(capsys, "predict", package, "pictures", "--on-error", "skip", "-o", "p.csv")
    assert (said.code, said.err) == (3, "bedside: 1 of 72 cases could not be read.\n")
    errors = [row["error"] for row in read_csv(here / "p.csv")]
    assert sum(map(bool, errors)) == 1
    assert errors[1].startswith("file 2 of 72: expected a PNG, JPEG, TIFF or DICOM image, got ")


# Bad packages and bad input to them


def change_a_byte(package: Path) -> None:
    data = bytearray((package / "network.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (package / "network.onnx").write_bytes(data)


PACKAGE_FAULTS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "a byte changed": (
        change_a_byte,
        "network.onnx: expected the checksum in checksums.json, got another. Copy the package",
    ),
    "a file missing": (
        lambda package: (package / "state" / "xray.json").unlink(),
        "state/xray.json: expected this file of the package, got none. Copy the package again",
    ),
    "a file too many": (
        lambda package: (package / "extra.py").write_text("x"),
        "extra.py: expected ",
    ),
    "no checksums": (
        lambda package: (package / "checksums.json").unlink(),
        "package: expected a package's folder, got a folder without checksums.json. Name",
    ),
    "nothing there": (
        shutil.rmtree,
        "package: expected a package's folder, got no such folder. Check its name",
    ),
}


@pytest.mark.parametrize("name", PACKAGE_FAULTS)
def test_a_damaged_package_predicts_nothing(
    name: str, here: Path, package: Path, capsys: Capture
) -> None:
    alter, sentence = PACKAGE_FAULTS[name]
    alter(package)
    said = command(capsys, "predict", package, "cases.csv", "-o", "p.csv")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(f"bedside: {sentence}")
    assert not (here / "p.csv").exists()


def make_unreadable(here: Path) -> str:
    (here / "new").mkdir()
    (here / "new" / f"{SECRET}.png").write_text("nothing")
    return "new"


def make_empty(here: Path) -> str:
    (here / "new").mkdir()
    return "new"


def make_notes(here: Path) -> str:
    (here / "new").mkdir()
    (here / "new" / "notes.txt").write_text("nothing")
    return "new"


PREDICT_FAULTS: dict[str, tuple[Callable[[Path], str], str]] = {
    "empty folder": (make_empty, "Folder to predict: expected files ending in .png, "),
    "folder of other files": (make_notes, "Folder to predict: expected files ending in .png, "),
    "nothing readable": (make_unreadable, "1 of 1 cases cannot be predicted, so none was."),
    "no such file": (lambda _: f"{SECRET}.png", "1 of 1 cases cannot be predicted, so none was."),
    "no such table": (lambda _: "none.csv", "none.csv: expected a CSV table, got no such file."),
    "another table": (
        lambda here: ((here / "t.csv").write_text("image\nx.png\n") and "t.csv") or "",
        "t.csv: no column 'file'.",
    ),
}


@pytest.mark.parametrize("name", PREDICT_FAULTS)
def test_what_cannot_be_predicted_is_said(
    name: str, here: Path, package: Path, capsys: Capture
) -> None:
    make, sentence = PREDICT_FAULTS[name]
    said = command(capsys, "predict", package, make(here), "-o", "p.csv")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(f"bedside: {sentence}")
    assert SECRET not in said.err
    assert not (here / "p.csv").exists()


def test_an_unknown_form_of_output_is_refused_before_any_work(
    here: Path, package: Path, capsys: Capture
) -> None:
    said = command(capsys, "predict", here / "no package", "pictures", "-o", "p.xlsx")
    assert said.code == 1
    assert said.err.startswith("bedside: p.xlsx: expected a file ending in .csv or .json, or -")
