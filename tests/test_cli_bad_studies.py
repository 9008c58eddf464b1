"""Bad studies and bad data: one sentence each, nothing trained, nothing lost, nothing leaked."""

from __future__ import annotations

import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .made_study import (
    SECRET,
    WORDS,
    command,
    contents,
    table_of,
    words_with,
    write_study,
    write_table,
)

Capture = pytest.CaptureFixture[str]


def edit(change: Callable[[list[list[str]]], Any]) -> Callable[[Path], None]:
    """An alteration of the table's rows; row 0 is the header."""

    def alter(folder: Path) -> None:
        rows = table_of(folder)
        change(rows)
        write_table(folder, rows)

    return alter


def cell(row: int, column: int, value: str) -> Callable[[Path], None]:
    return edit(lambda rows: rows[row].__setitem__(column, value))


def study(**sections: Any) -> Callable[[Path], None]:
    return lambda folder: write_study(folder, words_with(**sections)) and None


def picture(make: Callable[[Path], Any]) -> Callable[[Path], None]:
    """An alteration of the picture in row 4."""
    return lambda folder: make(folder / table_of(folder)[3][4])


def table(text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / "cases.csv").write_text(text) and None


def study_text(data: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / "study.yaml").write_bytes(data) and None


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def point_out(path: Path) -> None:
    outside = path.parent.parent.parent / "outside.png"
    shutil.copy(path, outside)
    path.unlink()
    path.symlink_to(outside)


def climb_out(folder: Path) -> None:
    rows = table_of(folder)
    shutil.copy(folder / rows[1][4], folder.parent / "outside.png")
    rows[3][4], rows[5][4], rows[6][4] = "../outside.png", str(folder.parent / "outside.png"), ""
    write_table(folder, rows)


def empty_dicom(folder: Path) -> None:
    (folder / f"{SECRET}.dcm").write_bytes(b"")
    cell(3, 4, f"{SECRET}.dcm")(folder)


def bomb(path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    packed = zlib.compress(bytes(100_000))
    chunks = [chunk(b"IHDR", header), chunk(b"IDAT", packed), chunk(b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


def parts(*names: str) -> Callable[[Path], None]:
    """Given parts, patient by patient in turn; the validation part is ill only."""

    def alter(folder: Path) -> None:
        rows = table_of(folder)
        rows[0].append("part")
        for number, row in enumerate(rows[1:]):
            row.append(names[number // 2 % len(names)])
            row[5] = "ill" if row[-1] == "val" else row[5]
        write_table(folder, rows)
        write_study(folder, words_with(split={"column": "part"}))

    return alter


XRAY = WORDS["inputs"]["xray"]
TARGET = WORDS["target"]
STOPPED = "The audit stopped the run; nothing was trained."
FAULTS: dict[str, tuple[Callable[[Path], Any], list[str]]] = {
    "empty table": (table(""), ["cases.csv: expected a table, got an empty file. Fill it in."]),
    "header only": (
        edit(lambda rows: rows.__delitem__(slice(1, None))),
        ["cases.csv: expected at least 3 cases, one for each part, got 0 cases. Add rows."],
    ),
    "two cases": (
        edit(lambda rows: rows.__delitem__(slice(3, None))),
        ["cases.csv: expected at least 3 cases, one for each part, got 2 cases. Add rows."],
    ),
    "five cases": (
        edit(lambda rows: rows.__delitem__(slice(6, None))),
        ["split, patients: expected at least 3 of each class", "Add data, merge rare classes"],
    ),
    "no table": (
        lambda folder: (folder / "cases.csv").unlink(),
        ["data.table cases.csv: expected an existing file, got none there. Correct the path"],
    ),
    "no column of files": (
        study(inputs={"xray": {**XRAY, "column": "fiel"}}),
        ["inputs.xray: expected a column of cases.csv, got 'fiel'. Did you mean 'file'?"],
    ),
    "no column of labels": (
        study(target={**TARGET, "column": "labl"}),
        ["'labl'", "Did you mean 'label'?"],
    ),
    "no column of patients": (
        study(data={"table": "cases.csv", "patient": "patient"}),
        ["data.patient: expected a column of cases.csv, got 'patient'. Did you mean 'patient_id'?"],
    ),
    "no column of subgroups": (
        study(evaluation={"subgroups": ["sx"]}),
        ["evaluation.subgroups 'sx': expected a column of cases.csv", "Did you mean 'sex'?"],
    ),
    "misspelt section": (
        lambda folder: write_study(folder, {**WORDS, "trainig": {}}),
        ["study.yaml: trainig: unknown key. Did you mean 'training'?"],
    ),
    "misspelt key": (
        study(training={"epoch": 2}),
        ["study.yaml: training.epoch: unknown key. Did you mean 'epochs'?"],
    ),
    "misspelt option of an input": (
        study(inputs={"xray": {**XRAY, "sise": [24, 24]}}),
        ["inputs.xray.sise: unknown key. Did you mean 'size'?"],
    ),
    "misspelt option of the target": (
        study(target={**TARGET, "positve": "ill"}),
        ["target.positve: unknown key. Did you mean 'positive'?"],
    ),
    "unknown way to explain": (
        study(explanation={"method": "oclusion"}),
        ["Unknown explanation 'oclusion'. Did you mean 'occlusion'?"],
    ),
    "unknown encoder": (
        study(model={"encoders": {"xray": "resnt"}}),
        ["Unknown encoder 'resnt'. Did you mean 'resnet'?"],
    ),
    "unknown input of an encoder": (
        study(model={"encoders": {"xry": "cnn"}}),
        ["study.yaml: model.encoders names input 'xry'", "Did you mean 'xray'?"],
    ),
    "unknown baseline": (
        study(baselines=["logistc"]),
        ["Unknown baseline 'logistc'. Did you mean 'logistic'?"],
    ),
    "unknown fusion": (
        study(model={"fusion": "concatt"}),
        ["Unknown fusion 'concatt'. Did you mean 'concat'?"],
    ),
    "unknown task": (
        study(target={**TARGET, "task": "clasify"}),
        ["Unknown task 'clasify'. Did you mean 'classify'?"],
    ),
    "unknown modality": (
        study(inputs={"xray": {**XRAY, "modality": "imag"}}),
        ["Unknown modality 'imag'. Did you mean 'image'?"],
    ),
    "no baseline": (
        study(baselines=[]),
        ["baselines: expected at least one name, got none. Name one."],
    ),
    "no encoder": (
        study(model={"encoders": {"xray": []}}),
        ["model.encoders.xray: expected at least one name, got none. Name one."],
    ),
    "one class": (
        edit(lambda rows: [row.__setitem__(5, "ill") for row in rows[1:]]),
        ["cases.csv, column 'label': expected at least two classes, got 1.", "Add cases of"],
    ),
    "validation of one class": (
        parts("train", "val", "test"),
        ["validation part: expected cases of at least 2 of 2 classes, got 1. Correct the column"],
    ),
    "blank patients": (
        edit(lambda rows: [rows[3].__setitem__(1, ""), rows[8].__setitem__(1, " ")]),
        ["column 'patient_id' of cases.csv: expected a patient in every row, "
         "got 2 blank (rows 4 and 9). Fill them in or leave these rows out."],
    ),
    "no patient column": (
        study(data={"table": "cases.csv"}),
        ["split.by: expected a patient column", "got none. Name it as data.patient, or write "
         "split.by: case"],
    ),
    "a case twice": (
        cell(3, 0, f"{SECRET}-case-000"),
        ["column 'case_id' of cases.csv: expected each case id once, got 1 repeated (row 4)."],
    ),
    "blank label": (
        cell(3, 5, ""),
        ["row 4 of cases.csv, column 'label': expected a label, got a blank cell. Fill it in"],
    ),
    "NaN label": (
        edit(lambda rows: [rows[3].__setitem__(5, "NaN"), rows[6].__setitem__(5, "nan")]),
        ["row 4 of cases.csv, column 'label': expected a label, got a blank cell.",
         "\nrow 7 of cases.csv, column 'label': expected a label, got a blank cell."],
    ),
    "paths that lead out": (
        climb_out,
        ["row 4 of cases.csv, column 'file': expected a file inside the data's folder, got a path "
         "that leads out of it. Move the file into the folder, or name a wider one as data.root.",
         "\nrow 6 of cases.csv, column 'file': expected a file inside",
         "\nrow 7 of cases.csv, column 'file': expected a file path, got a blank cell. Fill it in"],
    ),
    "a link that leads out": (
        picture(point_out),
        ["row 4 of cases.csv, column 'file': expected a file inside the data's folder, got a path "
         "that leads out of it."],
    ),
    "a file that is not there": (
        picture(Path.unlink),
        ["row 4: expected ", "got no such file. Correct the path", STOPPED],
    ),
    "a PNG cut short": (
        picture(cut_short),
        ["row 4: expected a whole PNG file, got one that is cut short", STOPPED],
    ),
    "text named .png": (
        picture(lambda path: path.write_text(f"{SECRET}, born 1950")),
        ["row 4: expected ", "got a file whose content is none of these.", STOPPED],
    ),
    "DICOM of no bytes": (
        empty_dicom,
        ["row 4: expected ", "got an empty file (0 bytes).", STOPPED],
    ),
    "decompression bomb": (
        picture(bomb),
        ["row 4: expected at most 100 million pixels, got a header", STOPPED],
    ),
    "absent device": (
        study(device="cuda:7"),
        ["device: expected a device of this machine, got 'cuda:7'. Write device: auto or cpu."],
    ),
    "images too small for the encoder": (
        study(inputs={"xray": {**XRAY, "size": [16, 16]}}),
        ["encoder 'cnn': expected images of at least 22x22 pixels, got 16x16. Raise the input's"],
    ),
    "no study file": (
        lambda folder: (folder / "study.yaml").unlink(),
        ["study.yaml: no such study file. Write one with 'bedside init DATA -o study.yaml'."],
    ),
    "a folder as study file": (
        lambda folder: [(folder / "study.yaml").unlink(), (folder / "study.yaml").mkdir()],
        [
            "study.yaml: expected a study file (YAML text), got a folder. Name the study file, "
            "or write one with 'bedside init DATA'."
        ],
    ),
    "a binary study file": (
        study_text(bytes(range(256))),
        ["study.yaml: expected a study file (YAML text), got a file that is not UTF-8 text."],
    ),
    "an empty study file": (
        study_text(b""),
        ["study.yaml: expected a study file with data, inputs and target, got "],
    ),
    "a study file that is no YAML": (
        study_text(b"data: {table: cases.csv\ninputs: ["),
        ["study.yaml line 2: not valid YAML. Check indents and quotes."],
    ),
}  # fmt: skip
BEFORE_TRAINING = {"study.yaml", "log.jsonl", "audit.json", "splits.csv"}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_one_sentence_and_trains_nothing(name: str, here: Path, capsys: Capture) -> None:
    alter, sentences = FAULTS[name]
    alter(here)
    before = contents(here)
    said = command(capsys, "run", "study.yaml", "-o", "runs/a", "-q")
    assert said.code == 1
    assert said.err.startswith("bedside: ")
    for words in sentences:
        assert words in said.err
    assert said.err.rstrip().endswith((".", "?"))
    assert "Traceback" not in said.err
    assert SECRET not in said.err
    after = contents(here)
    assert {name: after.pop(name) for name in before} == before
    assert {Path(name).name for name in after} <= BEFORE_TRAINING
    assert not any(SECRET.encode() in data for name, data in after.items() if "splits" not in name)
