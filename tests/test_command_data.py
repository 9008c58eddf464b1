"""`bedside data list` and `bedside data get`, as a user types them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bedside.cli import app
from bedside.data.public import catalogue
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
