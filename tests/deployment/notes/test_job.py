"""An archive becomes records: what they hold, what goes on after a death, what is refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

import bedside
from bedside.deployment.notes import job
from bedside.deployment.notes.job import process
from bedside.errors import DataError, RunError, StudyError

from .panel_made import panel

NOTE = "CHIEF COMPLAINT: fever.\n\nPLAN:\nDenies cough. Aspirin, aspirin.\n"


@pytest.fixture(autouse=True)
def _made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "open_panel", lambda *_, **__: panel())


def written(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def notes_in(folder: Path, texts: dict[str, str | bytes]) -> Path:
    for name, text in texts.items():
        path = folder / "notes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder / "notes"


def test_a_record_holds_what_the_note_holds(tmp_path: Path) -> None:
    raw = "\r\n" + NOTE.replace("\n", "\r\n") + "U\u0308belkeit."
    notes = notes_in(tmp_path, {"a/1.txt": raw})
    (tmp_path / "codes.csv").write_text("term,code,system\nFEVER,R50,ICD-10\ncough,R05,ICD-10\n")
    process([], notes, tmp_path / "r.jsonl", codes=tmp_path / "codes.csv")
    (record,) = written(tmp_path / "r.jsonl")
    assert (record["number"], record["note"], record["patient"]) == (1, "a/1.txt", None)
    assert record["sha256"] == hashlib.sha256(raw.encode()).hexdigest()
    assert record["characters"] == len(raw)
    assert [
        (one["kind"], raw[one["start"] : one["end"]], raw[one["body"] : one["end"]])
        for one in record["sections"]
    ] == [
        ("chief_complaint", "CHIEF COMPLAINT: fever.", "fever."),
        ("plan", raw[raw.index("PLAN") :], raw[raw.index("Denies") :]),
    ]
    assert [
        (raw[e["start"] : e["end"]], e["words"], e["label"], e["denied"], e["section"])
        for e in record["entities"]
    ] == [
        ("fever", "fever", "Symptom", False, "chief_complaint"),
        ("cough", "cough", "Symptom", True, "plan"),
        ("aspirin", "aspirin", "Drug", False, "plan"),
        ("U\u0308belkeit", "Übelkeit", "Symptom", False, "plan"),
    ]
    assert record["entities"][0]["codes"] == [{"code": "R50", "system": "ICD-10"}]
    assert record["entities"][0]["by"] == "words"
    assert [(raw[c["start"] : c["end"]], c["denied"]) for c in record["codes"]] == [
        ("fever", False),
        ("cough", True),
    ]
    assert record["summaries"] == {"sums": "CHIEF"}
    triage = {"probability": 0.7, "decision": "ill", "threshold": 0.5}
    assert record["classes"] == {"triage": triage}


def test_one_bad_note_stops_nothing(tmp_path: Path) -> None:
    notes = notes_in(
        tmp_path,
        {
            "1.txt": "fever",
            "2.txt": bytes(range(256)),
            "3.txt": "",
            "4.txt": "Übelkeit".encode("cp1252"),
            "5.txt": "fever ".encode("utf-16"),
            "6.txt": b"fever\0",
            "7.txt": "unheard fever",
            "ignored.pdf": "fever",
            ".hidden.txt": "fever",
        },
    )
    about = process([], notes, tmp_path / "r.jsonl")
    records = written(tmp_path / "r.jsonl")
    assert [record["note"] for record in records] == [f"{n}.txt" for n in range(1, 8)]
    assert records[1] == {
        "number": 2,
        "note": "2.txt",
        "patient": None,
        "error": "note 2: expected a text, got bytes that are none. Look at it yourself, or take "
        "it out.",
    }
    assert (records[2]["remarks"], records[2]["entities"], records[2]["summaries"]) == (
        ["no word"],
        [],
        {"sums": None},
    )
    assert records[3]["remarks"] == ["not UTF-8: read as Windows-1252, letters could be wrong"]
    assert [records[n]["entities"][0]["words"] for n in (3, 4)] == ["Übelkeit", "fever"]
    assert records[5]["error"].startswith("note 6: expected ")
    assert (
        records[6]["error"] == "note 7, triage: case 1: expected a prediction, got none. Check it."
    )
    assert [len(records[6]["entities"]), records[6]["classes"]] == [1, {}]
    counts = {"notes": 7, "errors": 3, "remarks": 2, "entities": 4, "denied": 0, "codes": 0}
    assert about["counts"] == counts
    assert json.loads((tmp_path / "r.about.json").read_text()) == about


def test_a_note_of_a_megabyte_is_one_record(tmp_path: Path) -> None:
    raw = ("PLAN:\r\n" + "Denies fever and " + "word " * 180 + "a cough.\r\n") * 1100
    assert len(raw) > 1_000_000
    (tmp_path / "codes.csv").write_text("term,code,system\nfever,R50,ICD-10\n")
    notes = notes_in(tmp_path, {"1.txt": raw, "2.txt": "fever"})
    process([], notes, tmp_path / "r.jsonl", codes=tmp_path / "codes.csv")
    first, second = written(tmp_path / "r.jsonl")
    assert len(first["sections"]) == 1100
    assert len(first["entities"]) == 2200
    assert all(one["denied"] and one["section"] == "plan" for one in first["entities"])
    assert sum(len(one["codes"]) for one in first["entities"]) == len(first["codes"]) == 1100
    last = first["entities"][-1]
    assert (raw[last["start"] : last["end"]], last["start"]) == ("cough", raw.rindex("cough"))
    assert len(second["entities"]) == 1


def archive_of(folder: Path, count: int) -> Path:
    path = folder / "notes.csv"
    rows = "".join(f'n{n},p{n // 2},"fever {n}\nno cough"\n' for n in range(count))
    path.write_text("id,who,text\n" + rows)
    return path


WORDS = {"column": "text", "id_column": "id", "patient_column": "who"}


@pytest.mark.parametrize("kept", [0, 1, 2500, 4999, 10_000, 10_001, -1, -2])
def test_it_goes_on_wherever_it_was_killed(tmp_path: Path, kept: int) -> None:
    notes = archive_of(tmp_path, 40)
    whole, killed = tmp_path / "whole.jsonl", tmp_path / "killed.jsonl"
    process([], notes, whole, **WORDS, batch_size=7)
    process([], notes, killed, **WORDS, batch_size=3)
    content = whole.read_bytes()
    killed.write_bytes(content[:kept])
    about = json.loads((tmp_path / "killed.about.json").read_text())
    (tmp_path / "killed.about.json").write_text(json.dumps({**about, "finished": None}))
    seen: list[int] = []
    again = process([], notes, killed, **WORDS, batch_size=3, progress=seen.append)
    assert killed.read_bytes() == content
    assert again["counts"]["notes"] == 40
    assert again["counts"] == json.loads((tmp_path / "whole.about.json").read_text())["counts"]
    assert seen[-1] == 40
    assert seen[0] > content[:kept].count(b"\n")


def test_a_line_that_power_loss_spoilt_is_made_again(tmp_path: Path) -> None:
    notes, out = archive_of(tmp_path, 5), tmp_path / "r.jsonl"
    process([], notes, out, **WORDS)
    content = out.read_bytes()
    lines = content.splitlines(keepends=True)
    out.write_bytes(b"".join(lines[:3]) + b"\0" * len(lines[3]) + b"\n" + lines[4])
    process([], notes, out, **WORDS)
    assert out.read_bytes() == content


def test_notes_that_came_later_are_added(tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    process([], archive_of(tmp_path, 4), out, **WORDS)
    four = out.read_bytes()
    process([], archive_of(tmp_path, 6), out, **WORDS)
    assert out.read_bytes().startswith(four)
    assert [record["note"] for record in written(out)] == [f"n{n}" for n in range(6)]
    assert [record["patient"] for record in written(out)] == ["p0", "p0", "p1", "p1", "p2", "p2"]


def test_records_of_something_else_are_not_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes, out = archive_of(tmp_path, 4), tmp_path / "r.jsonl"
    process([], notes, out, **WORDS)
    (tmp_path / "codes.csv").write_text("term,code,system\nfever,R50,ICD-10\n")
    with pytest.raises(RunError, match="this very work, got records of other codes"):
        process([], notes, out, **WORDS, codes=tmp_path / "codes.csv")
    with pytest.raises(RunError, match="got records of other id_column"):
        process([], notes, out, **{**WORDS, "id_column": "who"})
    notes.write_text(notes.read_text().replace("n2,", "x2,"))
    with pytest.raises(RunError, match="got records of other notes from note 3 on"):
        process([], notes, out, **WORDS)
    monkeypatch.setattr(job, "open_panel", lambda *_, **__: job.Panel({}))
    with pytest.raises(RunError, match="got records of other packages"):
        process([], notes, out, **WORDS)
    (tmp_path / "r.about.json").unlink()
    with pytest.raises(RunError, match="got a file that is there already"):
        process([], notes, out, **WORDS)


def test_an_output_among_the_notes_is_refused(tmp_path: Path) -> None:
    notes = notes_in(tmp_path, {"1.txt": "fever"})
    for place, got in {
        "notes/r.jsonl": "a file inside the folder of notes, which is never touched",
        "notes": "the notes themselves",
        "r.csv": "'.csv'",
        "r": "no ending",
    }.items():
        with pytest.raises(RunError) as told:
            process([], notes, tmp_path / place)
        assert f"got {got}. Name another with -o." in str(told.value)
    table = archive_of(tmp_path, 3)
    with pytest.raises(RunError, match="got the notes themselves"):
        process([], table.rename(tmp_path / "n.jsonl"), tmp_path / "n.jsonl", column="text")
    assert sorted(path.name for path in notes.iterdir()) == ["1.txt"]


def test_what_cannot_be_read_at_all_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="none: expected a folder or a table of notes, got nothing"):
        process([], tmp_path / "none", tmp_path / "r.jsonl")
    with pytest.raises(StudyError, match="--column: expected the column that holds the texts"):
        process([], archive_of(tmp_path, 2), tmp_path / "r.jsonl")
    assert not (tmp_path / "r.jsonl").exists()
    with pytest.raises(StudyError, match="no column 'txt'"):
        process([], archive_of(tmp_path, 2), tmp_path / "r.jsonl", column="txt")
    assert process([], archive_of(tmp_path, 2), tmp_path / "r.jsonl", column="text")["finished"]


def test_python_says_the_same() -> None:
    assert bedside.process is process
