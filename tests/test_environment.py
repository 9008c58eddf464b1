"""What a run ran on: plain facts, no name of a user or host."""

from __future__ import annotations

import getpass
import json
import platform
import socket
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

import bedside
from bedside import environment
from bedside.environment import LIBRARIES, describe_environment, write_environment
from bedside.run_folder import RunFolder


def test_versions_are_those_installed() -> None:
    said = describe_environment()
    assert said["bedside"] == bedside.__version__
    assert said["python"] == platform.python_version()
    assert set(said["libraries"]) <= set(LIBRARIES)
    assert said["libraries"]["numpy"] == version("numpy")
    assert said["libraries"]["torch"] == version("torch")


def test_no_name_of_the_machine_or_its_user(tmp_path: Path) -> None:
    words = json.dumps(describe_environment())
    assert str(Path.home()) not in words or Path.home() == Path("/")
    for name in (socket.gethostname(), getpass.getuser()):
        if len(name) > 4:  # "root" may be part of another word
            assert name not in words


def test_facts_are_added(tmp_path: Path) -> None:
    write_environment(RunFolder(tmp_path), {"threads": 2, "precision": "bf16"})
    said = json.loads((tmp_path / "environment.json").read_text())
    assert (said["threads"], said["precision"]) == (2, "bf16")
    assert said["cpu"]


def test_a_library_that_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        if name == "torch":
            raise PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(environment, "version", missing)
    libraries = describe_environment()["libraries"]
    assert "torch" not in libraries
    assert libraries["numpy"] == "1.0"


def test_a_machine_without_proc_still_has_a_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(self: Path, **_: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", nothing)
    monkeypatch.setattr(platform, "processor", lambda: "")
    assert describe_environment()["cpu"] == "unknown"
