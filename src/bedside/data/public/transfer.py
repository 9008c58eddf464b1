"""One file over HTTP, in pieces where the connection breaks.

Enters: an address and a path. Leaves: the whole file at the path, or ``<path>.partial`` and one
sentence; the next call goes on from there, if the file at the address is still the same.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from http.client import HTTPException
from typing import IO, TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from bedside.errors import DataError, sentence

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.client import HTTPResponse
    from pathlib import Path

    from bedside.progress import Progress

CHUNK = 1 << 20
TIMEOUT_SECONDS = 60.0
AGENT = "bedside (open-source research software)"
MIB = 2**20


def download(url: str, path: Path, *, home: str, progress: Progress) -> None:
    """Fetch a file, going on where an earlier call broke off.

    The part that is there is kept only if the server says that the file is still the one it
    began as (``If-Range`` with its ETag or date); a server that knows no ranges starts over.

    Args:
        url: http or https.
        path: where the file shall lie; its folder exists.
        home: a page that a message may send the reader to.
        progress: who is told.

    Raises:
        DataError: no connection, the server refuses, or the file is cut short; what came is kept.
    """
    partial, tag = _partial(path), _tag(path)
    start = partial.stat().st_size if partial.is_file() and tag.is_file() else 0
    headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"}
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": tag.read_text(encoding="ascii")}
    try:
        with urlopen(Request(url, headers=headers), timeout=TIMEOUT_SECONDS) as answer:
            resumed = start > 0 and answer.status == 206 and _first_byte(answer) == start
            if answer.status == 206 and not resumed:
                raise _odd_range(path, home)
            _remember(answer, tag)
            _write(answer, path, start=start if resumed else 0, progress=progress)
    except HTTPError as error:
        error.close()
        if error.code == 416 and start:  # all of it was there, or it has shrunk: once more
            forget_partial(path)
            download(url, path, home=home, progress=progress)
            return
        raise _refused(path, error.code, home) from None
    except (URLError, OSError, HTTPException) as error:
        raise _broken(path, error, home) from None
    partial.replace(path)
    tag.unlink(missing_ok=True)


def forget_partial(path: Path) -> None:
    """Drop what an earlier call left of a file."""
    for left in (_partial(path), _tag(path)):
        left.unlink(missing_ok=True)


def digest(path: Path, kind: str) -> str:
    """Hexadecimal ``md5`` or ``sha256`` of a file, read in pieces."""
    found = hashlib.new(kind, usedforsecurity=False)
    with path.open("rb") as stream:
        while piece := stream.read(CHUNK):
            found.update(piece)
    return found.hexdigest()


def _partial(path: Path) -> Path:
    return path.with_name(f"{path.name}.partial")


def _tag(path: Path) -> Path:
    return path.with_name(f"{path.name}.partial.tag")


def _remember(answer: HTTPResponse, tag: Path) -> None:
    """Keep what names this very version of the file; a weak ETag does not (RFC 9110, 13.1.5)."""
    etag = answer.headers.get("ETag", "")
    if etag.startswith("W/"):
        etag = ""
    named = etag or answer.headers.get("Last-Modified", "")
    tag.unlink(missing_ok=True)
    if named and named.isascii():
        tag.write_text(named, encoding="ascii")


def _first_byte(answer: HTTPResponse) -> int | None:
    """Of ``Content-Range: bytes 100-199/200`` the 100."""
    words = answer.headers.get("Content-Range", "")
    with suppress(ValueError):
        return int(words.removeprefix("bytes ").partition("-")[0])
    return None


def _write(answer: HTTPResponse, path: Path, *, start: int, progress: Progress) -> None:
    """Append the answer's body to the part from `start` on; a short body is an error."""
    length = answer.headers.get("Content-Length", "")
    total = start + int(length) if length.isdigit() else None
    label = f"{path.name}, MiB"
    with (
        _partial(path).open("ab" if start else "wb") as stream,
        progress.bar(label, round((total or 0) / MIB)) as done,
    ):
        came = _copy(answer, stream, start, done)
    if total is not None and came != total:
        raise DataError(
            sentence(
                path.name,
                expected=f"{total} bytes",
                got=f"{came} before the connection ended",
                remedy="Repeat the command: it goes on from there",
            )
        )


def _copy(answer: HTTPResponse, stream: IO[bytes], came: int, done: Callable[[float], None]) -> int:
    while piece := answer.read(CHUNK):
        stream.write(piece)
        came += len(piece)
        done(came / MIB)
    return came


def _odd_range(path: Path, home: str) -> DataError:
    forget_partial(path)
    return DataError(
        sentence(
            path.name,
            expected="the rest of the file",
            got="another piece of it from the server",
            remedy=f"Repeat the command: it starts over. If it fails again, see {home}",
        )
    )


def _refused(path: Path, code: int, home: str) -> DataError:
    return DataError(
        sentence(
            path.name,
            expected="the file from its server",
            got=f"the answer {code}",
            remedy=f"It may have moved, or the server is busy: see {home}",
        )
    )


def _broken(path: Path, error: Exception, home: str) -> DataError:
    reason = getattr(error, "reason", None)
    kind = type(reason if isinstance(reason, Exception) else error).__name__
    return DataError(
        sentence(
            path.name,
            expected="a connection to its server, and room on the disk",
            got=kind,
            remedy=f"Repeat the command: it goes on from what came. The set's page is {home}",
        )
    )
