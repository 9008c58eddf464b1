"""A set from its source to a folder: licence, checksums, archives, receipt, study."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from bedside.data.public import catalogue
from bedside.data.public.catalogue import PublicSet
from bedside.data.public.fetching import FIRST_SEEN, get_public
from bedside.data.public.place import RECEIPT
from bedside.errors import DataError, StudyError
from bedside.study import Study

from .web_made import Web

TABLE = b"case_id,label\na,0\nb,1\n"
WORDS: dict[str, Any] = {
    "what": "made-up table",
    "licence": "CC BY 4.0",
    "licence_url": "https://example.org/licence",
    "home": "https://example.org/set",
    "cite": "Nobody 2020",
    "checked": "made up",
    "data": {"table": "t.csv"},
    "study": {
        "inputs": {"xray": {"modality": "image"}},
        "target": {"task": "classify"},
        "split": {"by": "case"},
    },
}


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> dict[str, PublicSet]:
    sets: dict[str, PublicSet] = {}
    monkeypatch.setattr(catalogue, "public_sets", lambda: sets)
    return sets


def entry(web: Web, **words: Any) -> PublicSet:
    file = {"url": web.url("t.csv"), "name": "t.csv"}
    return PublicSet.model_validate({**WORDS, "files": [file], **words})


def get(folder: Path, name: str = "made", *, accept: bool = True) -> Path:
    return get_public(name, accept=lambda entry: accept, folder=folder)


@pytest.fixture
def made(web: Web, known: dict[str, PublicSet]) -> PublicSet:
    web.files["t.csv"] = TABLE
    known["made"] = entry(web)
    return known["made"]


@pytest.mark.usefixtures("made")
def test_a_set_lies_in_its_folder_with_a_study_and_a_receipt(web: Web, tmp_path: Path) -> None:
    place = get(tmp_path)
    assert place == tmp_path / "made"
    assert (place / "t.csv").read_bytes() == TABLE
    study = Study.load(place / "study.yaml")
    assert (study.name, study.data.table) == ("made", place.resolve() / "t.csv")
    head = (place / "study.yaml").read_text()
    assert "# Licence: CC BY 4.0 (https://example.org/licence)\n" in head
    receipt = json.loads((place / RECEIPT).read_text())
    sha256 = hashlib.sha256(TABLE).hexdigest()
    assert receipt["licence"] == "CC BY 4.0"
    assert receipt["files"]["t.csv"] == {
        "url": web.url("t.csv"), "bytes": len(TABLE), "sha256": sha256,
        "checksum": "first seen here",
    }  # fmt: skip
    assert json.loads((tmp_path / FIRST_SEEN).read_text()) == {"made": {"t.csv": sha256}}


@pytest.mark.usefixtures("made")
def test_nothing_is_fetched_before_the_licence_is_accepted(web: Web, tmp_path: Path) -> None:
    with pytest.raises(
        StudyError,
        match=r"^made: expected its licence \(CC BY 4\.0\) to be accepted, got no; nothing was "
        r"fetched\. Read it at https://example\.org/licence and repeat with --accept-licence\.$",
    ):
        get(tmp_path, accept=False)
    assert web.asked == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("made")
def test_a_set_that_is_here_is_neither_asked_about_nor_fetched(web: Web, tmp_path: Path) -> None:
    get(tmp_path)
    assert get(tmp_path, accept=False) == tmp_path / "made"
    assert len(web.asked) == 1


def test_an_unknown_name_names_the_nearest(web: Web, known: dict[str, PublicSet]) -> None:
    known["made"] = entry(web)
    with pytest.raises(StudyError, match=r"^data get: no open data set .*'made'"):
        get_public("mad", accept=lambda entry: True)


@pytest.mark.parametrize("kind", ["md5", "sha256"])
def test_a_published_checksum_is_kept_to(
    web: Web, known: dict[str, PublicSet], tmp_path: Path, kind: str
) -> None:
    right = hashlib.new(kind, TABLE).hexdigest()
    file = {"url": web.url("t.csv"), "name": "t.csv", kind: right}
    known["made"] = entry(web, files=[file])
    web.files["t.csv"] = b"something else"
    with pytest.raises(
        DataError,
        match=rf"^t\.csv: expected the published {kind} {right}, got [0-9a-f]+; it was deleted\. "
        r"Repeat the command\. If it differs again, the file has changed at its source: "
        r"https://example\.org/set\.$",
    ):
        get(tmp_path)
    assert list((tmp_path / "made").iterdir()) == []
    web.files["t.csv"] = TABLE
    receipt = json.loads((get(tmp_path) / RECEIPT).read_text())
    assert receipt["files"]["t.csv"]["checksum"] == f"published {kind}"
    assert not (tmp_path / FIRST_SEEN).exists()


@pytest.mark.usefixtures("made")
def test_without_a_published_checksum_the_first_one_counts(web: Web, tmp_path: Path) -> None:
    place = get(tmp_path)
    for path in place.iterdir():
        path.unlink()
    web.files["t.csv"] = TABLE + b"c,1\n"
    with pytest.raises(DataError, match=r"first seen here \(sha256 .*remove 'made'"):
        get(tmp_path)
    assert not (place / "t.csv").exists()
    (tmp_path / FIRST_SEEN).unlink()
    assert (get(tmp_path) / "t.csv").read_bytes() == TABLE + b"c,1\n"


@pytest.mark.usefixtures("made")
def test_a_call_that_broke_off_goes_on(web: Web, tmp_path: Path) -> None:
    web.cut = 5
    with pytest.raises(DataError, match="got 5 before the connection ended"):
        get(tmp_path)
    assert not (tmp_path / "made" / RECEIPT).exists()
    assert (get(tmp_path) / "t.csv").read_bytes() == TABLE
    assert web.asked[-1] == ("t.csv", "bytes=5-")


@pytest.mark.usefixtures("made")
def test_a_study_that_someone_changed_is_kept(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "study.yaml").write_text("mine")
    assert (get(tmp_path) / "study.yaml").read_text() == "mine"


def test_an_archive_is_unpacked_converted_and_dropped(
    web: Web, known: dict[str, PublicSet], tmp_path: Path
) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name in ("a.csv", "b.csv"):
            member = tarfile.TarInfo(f"raw/{name}")
            member.size = len(TABLE)
            archive.addfile(member, io.BytesIO(TABLE))
    web.files["set.tgz"] = packed.getvalue()
    known["made"] = entry(
        web,
        files=[{"url": web.url("set.tgz"), "name": "set.tgz", "unpack": True}],
        convert={
            "how": "join-parts",
            "into": "t.csv",
            "parts": {"train": "raw/a.csv", "test": "raw/b.csv"},
        },
    )
    place = get(tmp_path)
    assert (place / "t.csv").read_text().splitlines() == [
        "case_id,label,part", "a,0,train", "b,1,train", "a,0,test", "b,1,test",
    ]  # fmt: skip
    assert sorted(p.name for p in place.iterdir()) == ["public.json", "raw", "study.yaml", "t.csv"]


def test_a_folder_that_cannot_be_made_is_told(made: PublicSet, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"expected one that can be made, .* --folder, or as BEDS"):
        get(tmp_path / "file")
