"""What a person and the log are told while a run works."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from bedside.progress import Progress
from bedside.run_folder import Log


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_stage_is_logged_with_its_time(tmp_path: Path) -> None:
    with Progress(quiet=True).logging_to(tmp_path / "log.jsonl") as told, told.stage("train"):
        told.log.write("epoch", loss=0.5)
    start, epoch, done = lines(tmp_path / "log.jsonl")
    assert (start["name"], start["state"]) == ("train", "start")
    assert (epoch["event"], epoch["loss"]) == ("epoch", 0.5)
    assert (done["name"], done["state"]) == ("train", "done")
    assert done["seconds"] >= 0
    assert 0 <= done["cpu_seconds"] < 60
    assert 20 < done["peak_mib"] < 100_000
    assert start["time"] <= epoch["time"] <= done["time"]


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
def test_a_stage_that_fails_tells_the_kind_of_error_only(
    tmp_path: Path, kind: type[BaseException]
) -> None:
    with (
        pytest.raises(kind),
        Progress(quiet=True).logging_to(tmp_path / "log.jsonl") as told,
        told.stage("read"),
    ):
        raise kind("Jane Doe")
    last = lines(tmp_path / "log.jsonl")[-1]
    assert (last["state"], last["error"]) == ("failed", kind.__name__)
    assert "Jane" not in (tmp_path / "log.jsonl").read_text()


def test_logging_leaves_the_first_progress_alone(tmp_path: Path) -> None:
    plain = Progress(quiet=True)
    with plain.logging_to(tmp_path / "log.jsonl") as told:
        assert told.quiet
        assert told.log.stream is not None
    assert plain.log == Log()
    told.log.write("after the end")  # a closed log drops it and stops nothing
    assert lines(tmp_path / "log.jsonl") == []


def test_saying_goes_to_standard_error_unless_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    Progress().say("hello")
    Progress(quiet=True).say("never")
    for quiet in (False, True):
        with Progress(quiet=quiet).stage("package", says="Packing."):
            pass
    assert capsys.readouterr() == ("", "hello\nPacking.\n")


def test_a_pipe_sees_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress().bar("reading", 3) as done:
        done(3)
    assert capsys.readouterr() == ("", "")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with Progress().bar("reading xray", 4) as done:
        done(1)
        done(4)
    assert "reading xray" in terminal.getvalue()
    assert "4/4" in terminal.getvalue()


def test_a_quiet_terminal_sees_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress(quiet=True).bar("reading", 4) as done:
        done(4)
    assert terminal.getvalue() == ""
