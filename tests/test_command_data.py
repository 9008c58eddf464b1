"""`bedside data list` and `bedside data get`, as a user types them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bedside import command_data
from bedside.cli import app
from bedside.data.public import catalogue, fetching
from bedside.data.public.catalogue import PublicFile
from bedside.errors import StudyError

from .data.public.web_made import serving


def typed(*words: str) -> str:
    done = CliRunner().invoke(app, list(words), catch_exceptions=False, standalone_mode=False)
    return done.stdout


def test_the_list_names_every_set_and_which_are_here(tmp_path: Path) -> None:
    (tmp_path / "openi").mkdir()
    (tmp_path / "openi" / "public.json").write_text("{}")
    rows = {
        row.split()[0]: row for row in typed("data", "list", "--folder", str(tmp_path)).splitlines()
    }
    assert list(rows) == list(catalogue.public_sets())
    assert [name for name, row in rows.items() if row.split()[1] == "here"] == ["openi"]


def test_one_set_is_told_in_full() -> None:
    told = typed("data", "list", "pneumoniamnist")
    assert "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/" in told
    assert "https://zenodo.org/records/10519652/files/pneumoniamnist.npz?download=1" in told
    assert "checksum   md5" in told


def test_a_set_is_fetched_where_its_licence_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    entry = catalogue.public_sets()["breastmnist"]
    with serving() as web:
        web.files["b.npz"] = b"arrays"
        file = PublicFile(
            url=web.url("b.npz"), name="breastmnist.npz", md5=hashlib.md5(b"arrays").hexdigest()
        )
        sets = {"breastmnist": entry.model_copy(update={"files": [file]})}
        monkeypatch.setattr(catalogue, "public_sets", lambda: sets)
        words = ("data", "get", "breastmnist", "--folder", str(tmp_path))
        with pytest.raises(StudyError, match="nothing was fetched"):
            typed(*words)
        assert web.asked == []
        said = typed(*words, "--accept-licence")
        again = typed(*words)
    assert said.splitlines() == [
        f"Fetched: {tmp_path / 'breastmnist'}",
        f"Then train and measure: bedside run {tmp_path / 'breastmnist' / 'study.yaml'}",
    ]
    assert again.startswith("Here already: ")
    assert len(web.asked) == 1


class Terminal:
    """A standard input at which somebody sits."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("answer", [True, False])
def test_at_a_terminal_the_licence_is_a_question(
    answer: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    fetched: list[Path] = []

    def confirm(question: str, *, err: bool) -> bool:
        asked.append(question)
        return answer

    monkeypatch.setattr(command_data.sys, "stdin", Terminal())
    monkeypatch.setattr(command_data.typer, "confirm", confirm)
    monkeypatch.setattr(fetching, "download", lambda url, path, **how: fetched.append(path))
    with pytest.raises(FileNotFoundError if answer else StudyError):
        command_data.get_command("openi", folder=tmp_path, quiet=True)
    assert asked == ["Accept the licence, CC BY-NC-ND 4.0?"]
    assert [path.name for path in fetched] == (["NLMCXR_reports.tgz"] if answer else [])


def test_one_module_alone_can_use_the_network() -> None:
    source = Path(command_data.__file__).parent
    wanted = re.compile(
        r"^\s*(?:from|import) (?:urllib\.request|http\.client|requests|httpx|ftplib|socket)\b", re.M
    )
    users = [
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if wanted.search(path.read_text(encoding="utf-8"))
    ]
    assert users == ["data/public/transfer.py"]
