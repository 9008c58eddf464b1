from __future__ import annotations

import errno
import io
import json
import os
from pathlib import Path

import pytest

from bedside.errors import RunError
from bedside.run_folder import (
    Log,
    RunFolder,
    atomic,
    claim,
    read_json,
    write_bytes,
    write_json,
    write_text,
)


def left(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_text_is_written_whole_and_no_partial_file_stays(tmp_path: Path) -> None:
    write_text(tmp_path / "deep" / "a.txt", "Größe 5 µm")
    assert (tmp_path / "deep" / "a.txt").read_bytes() == "Größe 5 µm".encode()
    assert left(tmp_path / "deep") == ["a.txt"]


def test_an_exception_leaves_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def die_half_way() -> None:
        with atomic(path) as partial:
            partial.write_text("half of the new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        die_half_way()
    assert path.read_text() == "old"
    assert left(tmp_path) == ["a.txt"]


def test_the_new_file_is_not_seen_before_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with atomic(path) as partial:
        partial.write_text("new")
        assert not path.exists()
        assert partial.parent == path.parent  # renaming is atomic on one file system only
    assert path.read_text() == "new"


def test_file_and_folder_are_flushed_in_the_order_that_outlasts_lost_power(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []

    def note(descriptor: int) -> None:
        inode = os.fstat(descriptor).st_ino
        name = {p.stat().st_ino: p.name for p in [tmp_path, *tmp_path.iterdir()]}[inode]
        flushed.append("folder" if inode == tmp_path.stat().st_ino else name.split(".")[-1])

    monkeypatch.setattr(os, "fsync", note)
    write_text(tmp_path / "a.txt", "new")
    assert flushed == ["partial", "folder"]


def test_a_full_disk_is_one_sentence_and_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "metrics.json"
    write_json(path, {"auroc": 0.9})

    def full(self: Path, *args: object, **kwargs: object) -> int:
        self.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(RunError) as caught:
        write_json(path, {"auroc": 0.95})
    assert str(caught.value) == (
        "metrics.json: the disk is full. Free some space and repeat the command, a run with "
        "--resume; what was finished before is kept."
    )
    assert json.loads(path.read_text()) == {"auroc": 0.9}
    assert left(tmp_path) == ["metrics.json"]


def test_a_disk_too_full_for_a_folder_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, *args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(RunError, match=r"^a\.json: the disk is full\. Free some space"):
        write_json(tmp_path / "new" / "a.json", 1)


def test_a_file_in_the_place_of_a_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("x")
    with pytest.raises(RunError, match=r"^a\.bin: cannot be written \("):
        write_bytes(tmp_path / "run" / "a.bin", b"x")


def test_bytes_are_written_whole(tmp_path: Path) -> None:
    write_bytes(tmp_path / "deep" / "a.bin", b"\x00\xff")
    assert (tmp_path / "deep" / "a.bin").read_bytes() == b"\x00\xff"
    assert left(tmp_path / "deep") == ["a.bin"]


def test_a_folder_is_claimed_by_one_study_once_something_is_trained(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    claim(run, "name: a\n", resume=True)
    write_text(run.checkpoint / "cnn" / "training.safetensors", "weights")
    claim(run, "name: a\n", resume=True)
    assert run.study.read_text() == "name: a\n"
    with pytest.raises(RunError, match=r"^run: expected a new or empty folder, .* Add --resume"):
        claim(run, "name: a\n", resume=False)
    with pytest.raises(RunError, match=r"^run: expected the run of this study, got one of another"):
        claim(run, "name: b\n", resume=True)
    assert run.study.read_text() == "name: a\n"


@pytest.mark.parametrize("resume", [False, True])
def test_a_run_that_trained_nothing_gives_way_to_a_mended_study(
    tmp_path: Path, resume: bool
) -> None:
    run = RunFolder(tmp_path / "run")
    claim(run, "name: a\n", resume=False)
    write_text(run.log, "{}\n")
    write_text(run.audit, "{}")
    write_text(run.root / ".splits.csv.12.partial", "half")
    claim(run, "name: b\n", resume=resume)
    assert run.study.read_text() == "name: b\n"
    assert run.log.read_text() == "{}\n"
    assert left(run.root) == ["audit.json", "log.jsonl", "study.yaml"]


def test_what_a_killed_run_had_half_written_is_swept(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    write_text(run.checkpoint / "cnn" / "training.safetensors", "weights")
    write_text(run.study, "name: a\n")
    (run.checkpoint / "cnn" / ".training.safetensors.12.partial").write_text("half")
    (run.root / ".package.12.partial" / "state").mkdir(parents=True)
    claim(run, "name: a\n", resume=True)
    assert left(run.root) == ["checkpoint", "study.yaml"]
    assert left(run.checkpoint / "cnn") == ["training.safetensors"]


@pytest.mark.parametrize("names", [["notes.txt"], ["splits.csv"], ["log.jsonl", "thesis.docx"]])
def test_a_folder_of_other_files_is_never_taken(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("mine")
    for resume in (False, True):
        with pytest.raises(RunError, match=r"new or empty folder, got one with other files\. Name"):
            claim(RunFolder(tmp_path), "name: a\n", resume=resume)
    assert left(tmp_path) == sorted(names)


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("mine")
    with pytest.raises(
        RunError, match=r"^run: expected a folder for the run, got a file\. Name another with -o\.$"
    ):
        claim(RunFolder(tmp_path / "run"), "name: a\n", resume=False)
    assert (tmp_path / "run").read_text() == "mine"


def test_other_failures_to_write_say_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, *args: object, **kwargs: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(
        RunError, match=r"^a\.json: cannot be written \(Permission denied\)\. Allow"
    ):
        write_json(tmp_path / "a.json", 1)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [1.0, -float("inf")]}])
def test_json_refuses_what_json_has_not(tmp_path: Path, value: object) -> None:
    path = tmp_path / "a.json"
    write_json(path, "old")
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, value)
    assert read_json(path) == "old"


def test_json_returns_as_it_was_written(tmp_path: Path) -> None:
    value = {"patients": None, "auroc": 0.125, "names": ["Grün", "b"], "n": 3}
    write_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json") == value


def test_a_missing_file_names_itself_and_the_folder(tmp_path: Path) -> None:
    with pytest.raises(RunError) as caught:
        read_json(tmp_path / "metrics.json")
    assert str(caught.value) == (
        f"metrics.json: no such file in {tmp_path.name}/. Name the folder that holds it."
    )


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe\x00"])
def test_a_damaged_file_says_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(RunError, match=r"^a\.json: damaged, not valid JSON\. Put back a copy"):
        read_json(tmp_path / "a.json")


def test_the_layout_of_a_run_is_a_contract(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    names = {
        "study": "study.yaml",
        "environment": "environment.json",
        "audit": "audit.json",
        "splits": "splits.csv",
        "log": "log.jsonl",
        "checkpoint": "checkpoint",
        "predictions": "predictions.csv",
        "metrics": "metrics.json",
        "figures": "figures",
        "package": "package",
        "model_card": "model_card.md",
        "report": "report.html",
    }
    assert {name: getattr(run, name) for name in names} == {
        name: tmp_path / file for name, file in names.items()
    }


def test_the_log_appends_one_object_a_line(tmp_path: Path) -> None:
    path = tmp_path / "run" / "log.jsonl"
    for event, facts in [("start", {"cases": 3}), ("epoch", {"loss": 0.5, "note": None})]:
        log = Log.open(path)
        log.write(event, **facts)
        assert path.read_text().endswith("\n"), "a line is on disk before the log is closed"
        log.close()
        log.close()
        log.write("late")
    first, second = map(json.loads, path.read_text().splitlines())
    assert (first["event"], first["cases"]) == ("start", 3)
    assert (second["event"], second["loss"], second["note"]) == ("epoch", 0.5, None)
    assert first["time"] <= second["time"]


class FullStream(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_log_that_fails_stops_no_run() -> None:
    log = Log(FullStream())
    log.write("epoch", loss=0.5)
    log.write("epoch", loss=0.4)
    assert log.stream is None


def test_a_log_closes_itself_even_when_the_run_fails(tmp_path: Path) -> None:
    log = Log.open(tmp_path / "log.jsonl")
    stream = log.stream
    assert stream is not None
    with pytest.raises(ZeroDivisionError), log:
        raise ZeroDivisionError
    assert stream.closed
    assert log.stream is None


def test_what_is_no_number_is_null_in_the_log(tmp_path: Path) -> None:
    with Log.open(tmp_path / "log.jsonl") as log:
        log.write("epoch", a=float("nan"), b=float("inf"), c=-float("inf"), d=0.5, e=True)
    line = json.loads((tmp_path / "log.jsonl").read_text(), parse_constant=pytest.fail)
    assert [line[key] for key in "abcde"] == [None, None, None, 0.5, True]


def test_a_log_that_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file where the folder should be")
    with pytest.raises(RunError, match=r"^log\.jsonl: cannot be written \("):
        Log.open(tmp_path / "run" / "log.jsonl")


@pytest.mark.filterwarnings("error::ResourceWarning")
def test_a_log_on_a_full_disk_is_closed(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full on this system")
    log = Log.open(full)
    log.write("epoch", loss=0.5)
    assert log.stream is None


def test_a_log_without_a_stream_is_silent() -> None:
    log = Log()
    log.write("epoch", loss=0.5)
    assert log.stream is None


def test_a_line_that_was_cut_off_spoils_neither_itself_nor_the_next(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"event": "epoch", "epoch": 1}\n{"event": "epo')
    with Log.open(path) as log:
        log.write("epoch", epoch=2)
        assert [line["epoch"] for line in log.events("epoch")] == [1, 2]
    assert len(path.read_text().splitlines()) == 3
    assert Log().events("epoch") == []
