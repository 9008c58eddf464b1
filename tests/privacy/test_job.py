"""Whole inputs: copies, journal, resuming after death, what is refused and left out."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bedside.errors import RunError, StudyError
from bedside.privacy import job
from bedside.privacy.job import deidentify
from bedside.privacy.key_file import read_key
from bedside.privacy.work import Settings

NOTES = {
    "Smith_Mary/a.txt": "Patient: Mary Smith DOB 3/14/1950. Seen by Dr. Okafor on 3/20/2020.",
    "Smith_Mary/b.txt": "Mrs. smith came back on 4/20/2020. Mary feels well.",
    "c.txt": "No acute findings.",
    "empty.txt": "",
}


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    for name, text in NOTES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def copies(output: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(output)): p.read_bytes() for p in sorted(output.rglob("*")) if p.is_file()
    }


def test_copies_hold_no_name_and_the_input_stays(notes: Path, tmp_path: Path) -> None:
    before = copies(notes)
    report = deidentify(notes, tmp_path / "out")
    assert copies(notes) == before
    made = copies(tmp_path / "out")
    assert set(made) > {"report.json", "review.jsonl"}
    assert len(made) == len(NOTES) + 2
    for path, content in made.items():
        for word in ("smith", "mary", "okafor", "2020", "1950"):
            assert word not in path.lower()
            assert word.encode() not in content.lower()
    assert report["files"] == {"text": 4}
    assert report["replaced"]["name"]["count"] == 5
    assert report["replaced"]["date"] == {"count": 3, "by_confidence": {"0.9 or more": 3}}
    assert json.loads(made["report.json"]) == report
    assert b"No acute findings." in made.values()


def test_notes_of_one_folder_are_of_one_patient(notes: Path, tmp_path: Path) -> None:
    deidentify(notes, tmp_path / "out", Settings(keep_names=True))
    a, b = ((tmp_path / "out/files/Smith_Mary" / f"{n}.txt").read_text() for n in "ab")
    surname = a.split()[2]
    assert f"Mrs. {surname.lower()} came" in b
    assert a.split()[1] in b


def test_words_are_told_only_where_they_were_asked_for(notes: Path, tmp_path: Path) -> None:
    (notes / "d.txt").write_text("She knows Xyzolab well.")
    deidentify(notes, tmp_path / "out")
    assert "Xyzolab" not in (tmp_path / "out/report.json").read_text()
    assert "Xyzolab" not in (tmp_path / "out/review.jsonl").read_text()
    deidentify(notes, tmp_path / "shown", Settings(show=True))
    lines = (tmp_path / "shown/review.jsonl").read_text().splitlines()
    assert [json.loads(line)["words"] for line in lines] == ["Xyzolab"]


def test_what_is_no_text_is_left_out_and_told(notes: Path, tmp_path: Path) -> None:
    (notes / "scan.bin").write_bytes(bytes(range(256)))
    (notes / "old.txt").write_bytes("Größe normal, Patient name: Jörg Müller".encode("cp1252"))
    report = deidentify(notes, tmp_path / "out")
    assert list(report["files_left_out"].values()) == [1]
    assert "expected a text, a table or DICOM" in next(iter(report["files_left_out"]))
    assert "scan" not in json.dumps(report)
    assert report["remarks"] == {"not UTF-8: read as Windows-1252, letters could be wrong": 1}
    made = [content.decode() for path, content in copies(tmp_path / "out").items()]
    assert any(text.startswith("Größe normal, Patient name:") for text in made)
    assert not any("Müller" in text for text in made)


def test_a_key_is_made_only_when_asked_and_tells_what_stood_where(
    notes: Path, tmp_path: Path
) -> None:
    key = tmp_path / "own.key"
    deidentify(notes, tmp_path / "out", key=key, passphrase="correct horse")
    entries = list(read_key(key, "correct horse"))
    files = {e["file"]: e["copy"] for e in entries if "file" in e}
    assert set(files) == set(NOTES)
    assert all((tmp_path / "out" / copy).exists() for copy in files.values())
    assert "Okafor" in {e["was"] for e in entries if "was" in e}
    patient = next(e for e in entries if e.get("patient") == "Smith_Mary")
    assert patient["days"] % 7 == 0
    again = deidentify(notes, tmp_path / "again", key=key, passphrase="correct horse")
    assert again["key_made"]
    names = set(copies(tmp_path / "again"))
    assert names == set(copies(tmp_path / "out"))


@pytest.mark.parametrize("output", ["notes", "notes/inside", "."])
def test_an_output_at_the_input_is_refused(notes: Path, tmp_path: Path, output: str) -> None:
    with pytest.raises(RunError, match="expected a folder apart from the input"):
        deidentify(notes, tmp_path / output)
    assert {p.name for p in notes.iterdir()} == {"Smith_Mary", "c.txt", "empty.txt"}


def test_other_folders_and_places_of_the_key_are_refused(notes: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/x").touch()
    with pytest.raises(RunError, match=r"^full: expected a new or empty folder for the output"):
        deidentify(notes, tmp_path / "full")
    with pytest.raises(RunError, match=r"^own\.key: expected a key apart from input and output"):
        deidentify(notes, tmp_path / "out", key=tmp_path / "out/own.key", passphrase="correct!")
    with pytest.raises(RunError, match=r"^nothing: expected a file or a folder, got nothing"):
        deidentify(tmp_path / "nothing", tmp_path / "out2")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told(notes: Path, tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0o500)
    with pytest.raises(RunError, match="cannot be written"):
        deidentify(notes, tmp_path / "shut/out")


def test_a_file_in_place_of_the_output_is_told(notes: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match=r"^file: expected a new or empty folder for the output"):
        deidentify(notes, tmp_path / "file")


def test_links_are_told_and_not_followed(notes: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.txt").write_text("Mary Smith")
    (notes / "link.txt").symlink_to(tmp_path / "elsewhere.txt")
    (notes / "folder").symlink_to(tmp_path)
    report = deidentify(notes, tmp_path / "out")
    assert report["files"] == {"link": 2, "text": 4}
    assert report["files_left_out"] == {
        "a file: expected a file, got a link. Put the file itself there.": 2
    }


def test_a_work_that_stopped_before_its_first_file_gives_way(table: Path, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no column 'nota'"):
        deidentify(table, tmp_path / "out", Settings(columns=("nota",)))
    assert deidentify(table, tmp_path / "out", ASKED)["files"] == {"table": 1}


DIE = """
import os, signal, sys
from pathlib import Path
from bedside.privacy import job
left = [int(sys.argv[3])]
whole = job.write_bytes
def dying(path, data):
    left[0] -= 1
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    whole(path, data)
job.write_bytes = dying
source, output, _, key = (Path(word) for word in sys.argv[1:])
job.deidentify(source, output, key=key, passphrase="correct horse")
"""


def test_after_sigkill_it_goes_on_to_the_same_end(notes: Path, tmp_path: Path) -> None:
    key = tmp_path / "own.key"
    arguments = [str(notes), str(tmp_path / "out"), "2", str(key)]
    done = subprocess.run([sys.executable, "-c", DIE, *arguments], check=False)
    assert done.returncode == -signal.SIGKILL
    with pytest.raises(RunError, match=r"an unfinished work\. Add --resume"):
        deidentify(notes, tmp_path / "out", key=key, passphrase="correct horse")
    with pytest.raises(RunError, match="a work of other settings"):
        deidentify(
            notes, tmp_path / "out", Settings(show=True), key=key, passphrase="correct horse",
            resume=True,
        )  # fmt: skip
    (tmp_path / "out/files/.note.txt.1.partial").write_text("half a note")
    with (tmp_path / "out/.deidentify/journal.jsonl").open("ab") as stream:
        stream.write(b'{"half a line')
    seen: list[int] = []
    report = deidentify(
        notes, tmp_path / "out", key=key, passphrase="correct horse", resume=True,
        progress=seen.append,
    )  # fmt: skip
    assert seen == [3, 4]
    assert report["files"] == {"text": 4}
    assert not (tmp_path / "out/.deidentify").exists()
    deidentify(notes, tmp_path / "whole", key=key, passphrase="correct horse")
    assert copies(tmp_path / "out") == copies(tmp_path / "whole")
    files = [e["file"] for e in read_key(key, "correct horse") if "file" in e]
    assert sorted(files) == sorted([*NOTES, *NOTES])


def test_without_a_key_it_goes_on_with_the_same_surrogates(
    notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def stopping(path: Path, data: bytes) -> None:
        calls.append(path)
        if len(calls) == 2:
            raise KeyboardInterrupt
        whole(path, data)

    whole = job.write_bytes
    monkeypatch.setattr(job, "write_bytes", stopping)
    with pytest.raises(KeyboardInterrupt):
        deidentify(notes, tmp_path / "out", Settings(keep_names=True))
    deidentify(notes, tmp_path / "out", Settings(keep_names=True), resume=True)
    a, b = ((tmp_path / "out/files/Smith_Mary" / f"{n}.txt").read_text() for n in "ab")
    assert a.split()[1] in b
    (notes / "0.txt").write_text("new")
    monkeypatch.setattr(job, "write_bytes", stopping)
    calls.clear()
    with pytest.raises(KeyboardInterrupt):
        deidentify(notes, tmp_path / "out2")
    (notes / "0.txt").unlink()
    with pytest.raises(RunError, match="expected the same files as when the work began"):
        deidentify(notes, tmp_path / "out2", resume=True)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "visits.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(["id", "patient_name", "birth_date", "note", "score", "MRN", "seen"])
        writer.writerow(["p1", "Mary Smith", "1950-03-14", 'Said: "Smith; ok"\non 2020-03-20.',
                         "7.5", "A-1234", "2020-03-20"])  # fmt: skip
        writer.writerow(["p1", "Mary Smith", "1950-03-14", "", "8", "A-1234", "2020-04-20"])
        writer.writerow(["p2", "Zed Qwerty", "", "qwerty is well", "9", "", "-"])
    return path


ASKED = Settings(columns=("note",), patient="id")


def test_a_table_keeps_its_shape_and_loses_its_people(table: Path, tmp_path: Path) -> None:
    report = deidentify(table, tmp_path / "out", ASKED)
    (copy,) = (tmp_path / "out/files").iterdir()
    assert copy.suffix == ".csv"
    with copy.open(newline="") as stream:
        header, *rows = csv.reader(stream, delimiter=";")
    assert header == ["id", "patient_name", "birth_date", "note", "score", "MRN", "seen"]
    assert rows[0][0] == rows[1][0] != rows[2][0]
    assert rows[0][1] == rows[1][1] != "Mary Smith"
    surname = rows[0][1].split()[1]
    assert rows[0][3].startswith(f'Said: "{surname}; ok"\non ')
    assert rows[0][3].endswith(f"{rows[0][6]}.")
    assert (rows[0][6][:4] < "2020", rows[0][2][:4] < "1950") == (True, True)
    assert [row[4] for row in rows] == ["7.5", "8", "9"]
    assert rows[0][5] == rows[1][5] != "A-1234"
    assert rows[2][3] == f"{rows[2][1].split()[1].lower()} is well"
    assert (rows[2][5], rows[2][6], rows[1][3]) == ("", "-", "")
    assert report["to_look_at"]["column"]["count"] == 2
    told = [json.loads(line) for line in (tmp_path / "out/review.jsonl").read_text().splitlines()]
    assert [entry["column"] for entry in told] == ["score", "seen"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('id,note\np1,"abc"x\n', "table, row 2: expected quotes that open and close"),
        ('id,note\np1,"abc\np2,x\n', "table, row 2: expected quotes that open and close"),
        ("id,note\np1,a,b\n", "table, row 2: expected 2 cells, got 3."),
        ("", "table: expected a row of names of columns, got an empty file."),
        ("id,note\0\n", "table: expected a text of rows"),
    ],
)
def test_damaged_tables_are_left_out_and_told(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "t.csv").write_text(content)
    report = deidentify(tmp_path / "t.csv", tmp_path / "out", ASKED)
    (told,) = report["files_left_out"]
    assert told.startswith(message)
    assert "abc" not in told
    assert not list((tmp_path / "out").rglob("*.csv"))


def test_columns_must_be_named_and_there(table: Path, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"^--columns: expected the columns of the table that"):
        deidentify(table, tmp_path / "a")
    with pytest.raises(StudyError, match=r"^table: no column 'nota'. Did you mean 'note'\?"):
        deidentify(table, tmp_path / "b", Settings(columns=("nota",)))


def test_parquet_keeps_the_types_of_what_is_copied(table: Path, tmp_path: Path) -> None:
    import pandas as pd
    import pyarrow.parquet as parquet

    frame = pd.read_csv(table, sep=";").assign(count=[1, 2, 3])
    frame["when"] = pd.to_datetime(["2020-03-20", "2020-04-20", None])
    frame.to_parquet(tmp_path / "t.parquet")
    deidentify(tmp_path / "t.parquet", tmp_path / "out", ASKED)
    (copy,) = (tmp_path / "out/files").iterdir()
    made = parquet.read_table(copy).to_pandas()
    assert list(made.columns) == list(frame.columns)
    assert list(made["count"]) == [1, 2, 3]
    assert list(made["score"]) == [7.5, 8.0, 9.0]
    assert made["id"][0] == made["id"][1] != made["id"][2]
    assert "Smith" not in made.to_csv()
    assert made["when"][0][:10] == made["seen"][0]
    (tmp_path / "bad.parquet").write_text("no")
    report = deidentify(tmp_path / "bad.parquet", tmp_path / "bad", ASKED)
    assert "expected Parquet" in next(iter(report["files_left_out"]))


def test_a_tagger_that_is_wrong_leaves_the_file_out(notes: Path, tmp_path: Path) -> None:
    from bedside.privacy.spans import Span

    report = deidentify(
        notes, tmp_path / "out", tagger=lambda text: [Span(0, 10**6, "name", 0.9, "tagger")]
    )
    assert sum(report["files_left_out"].values()) == len(NOTES)
