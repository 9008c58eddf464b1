"""Files over HTTP: whole, in pieces, cut short, refused, changed in between."""

from __future__ import annotations

import hashlib
import socket
from pathlib import Path

import pytest

from bedside.data.public.transfer import digest, download
from bedside.errors import DataError
from bedside.progress import Progress

from .web_made import Web

BODY = bytes(range(256)) * 40
HOME = "https://example.org/set"


def fetch(web: Web, path: Path, name: str = "file.bin") -> None:
    download(web.url(name), path, home=HOME, progress=Progress(quiet=True))


@pytest.fixture
def path(tmp_path: Path, web: Web) -> Path:
    web.files["file.bin"] = BODY
    return tmp_path / "file.bin"


def cut_short(web: Web, path: Path, at: int = 1000) -> None:
    web.cut = at
    with pytest.raises(
        DataError,
        match=rf"^file\.bin: expected {len(BODY)} bytes, got {at} before the connection ended\. "
        r"Repeat the command: it goes on from there\.$",
    ):
        fetch(web, path)
    assert not path.exists()
    assert (path.parent / "file.bin.partial").read_bytes() == BODY[:at]


def test_a_file_comes_whole_and_nothing_is_left_beside_it(web: Web, path: Path) -> None:
    fetch(web, path)
    assert path.read_bytes() == BODY
    assert [p.name for p in path.parent.iterdir()] == ["file.bin"]
    assert web.asked == [("file.bin", None)]


def test_what_was_cut_short_goes_on_where_it_was(web: Web, path: Path) -> None:
    cut_short(web, path)
    fetch(web, path)
    assert path.read_bytes() == BODY
    assert web.asked == [("file.bin", None), ("file.bin", "bytes=1000-")]
    assert [p.name for p in path.parent.iterdir()] == ["file.bin"]


def test_a_server_without_ranges_starts_over(web: Web, path: Path) -> None:
    cut_short(web, path)
    web.ranges = False
    fetch(web, path)
    assert path.read_bytes() == BODY
    assert web.asked[-1] == ("file.bin", "bytes=1000-")


def test_a_file_that_changed_in_between_is_not_mixed(web: Web, path: Path) -> None:
    cut_short(web, path)
    web.files["file.bin"], web.tag = BODY[::-1], '"v2"'
    fetch(web, path)
    assert path.read_bytes() == BODY[::-1]


@pytest.mark.parametrize("tag", [None, 'W/"v1"'])
def test_without_a_strong_mark_of_the_version_nothing_is_continued(
    web: Web, path: Path, tag: str | None
) -> None:
    web.tag = tag
    cut_short(web, path)
    fetch(web, path)
    assert path.read_bytes() == BODY
    assert web.asked == [("file.bin", None), ("file.bin", None)]


def test_a_shrunken_file_is_fetched_anew(web: Web, path: Path) -> None:
    cut_short(web, path)
    web.files["file.bin"] = BODY[:300]
    fetch(web, path)
    assert path.read_bytes() == BODY[:300]


def test_another_piece_than_asked_for_is_refused(web: Web, path: Path) -> None:
    cut_short(web, path)
    web.shifted = True
    with pytest.raises(DataError, match="expected the rest of the file, got another piece"):
        fetch(web, path)
    web.shifted = False
    fetch(web, path)
    assert path.read_bytes() == BODY


def test_a_missing_file_is_told_with_the_sets_page(web: Web, path: Path) -> None:
    with pytest.raises(
        DataError,
        match=r"^none\.bin: expected the file from its server, got the answer 404\. "
        r"It may have moved, or the server is busy: see https://example\.org/set\.$",
    ):
        fetch(web, path.with_name("none.bin"), "none.bin")
    assert list(path.parent.iterdir()) == []


def test_no_server_is_told(path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers here
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/file.bin"
        with pytest.raises(DataError, match=r"expected a connection .* got ConnectionRefusedError"):
            download(url, path, home=HOME, progress=Progress(quiet=True))


@pytest.mark.parametrize("kind", ["md5", "sha256"])
def test_digests_agree_with_hashlib(tmp_path: Path, kind: str) -> None:
    (tmp_path / "f").write_bytes(BODY)
    assert digest(tmp_path / "f", kind) == hashlib.new(kind, BODY).hexdigest()
