"""Whether a package is whole: the checksum of every file, and of the checksums.

Enters: a package's folder. Leaves: the bytes of its files, each proven to be
the one that was written, and one digest that names the package.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from bedside.errors import PackageError, Problems, sentence

CHECKSUMS = "checksums.json"
_AGAIN = "Copy the package again from its run"


def write_checksums(folder: Path) -> str:
    """Write `checksums.json` over all files of a package; returns the package's digest."""
    files = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in _names(folder)
    }
    files.pop(CHECKSUMS, None)
    (folder / CHECKSUMS).write_bytes(_serialise(files))
    return digest_of(files)


def digest_of(files: dict[str, str]) -> str:
    """One sha256 over the checksums of all files: the package's version."""
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def read_verified(folder: Path) -> tuple[dict[str, bytes], str]:
    """Read every file of a package once and prove it unchanged.

    Returns:
        Content by name relative to the folder (``"state/xray.json"``), and the
        package's digest. What is used later is what was proven here: the files
        are not opened a second time.

    Raises:
        PackageError: not a package, a link in it, a file missing or too many, or
            one byte changed anywhere; all faults are named at once.
    """
    listed = _listed(folder)
    found = _names(folder)
    problems = Problems(PackageError)
    for name in sorted(listed.keys() - found):
        problems.add(name, expected="this file of the package", got="none", remedy=_AGAIN)
    for name in sorted(found - listed.keys() - {CHECKSUMS}):
        problems.add(
            name, expected="only files that checksums.json names", got="one more", remedy=_AGAIN
        )
    contents: dict[str, bytes] = {}
    for name in sorted(listed.keys() & found):
        contents[name] = _read(folder / name, name)
        if hashlib.sha256(contents[name]).hexdigest() != listed[name]:
            problems.add(
                name, expected="the checksum in checksums.json", got="another", remedy=_AGAIN
            )
    problems.raise_if_any()
    return contents, digest_of(listed)


def _listed(folder: Path) -> dict[str, str]:
    """The checksums a package states, proven unchanged by their own checksum."""
    path = folder / CHECKSUMS
    if not path.is_file():
        raise _no_package(folder)
    content = _read(path, CHECKSUMS)
    try:
        words = json.loads(content)
        files = words["files"]
        # Written one way only, so that not even a blank can change unnoticed.
        whole = isinstance(files, dict) and _serialise(files) == content
    except (ValueError, TypeError, KeyError, RecursionError):
        whole = False
    if not whole:
        raise PackageError(
            sentence(
                CHECKSUMS,
                expected="the checksums as they were written",
                got="a changed file",
                remedy=_AGAIN,
            )
        )
    return dict(files)


def _serialise(files: dict[str, Any]) -> bytes:
    words = {"files": files, "package": digest_of(files)}
    return (json.dumps(words, indent=1, sort_keys=True) + "\n").encode()


def _names(folder: Path) -> set[str]:
    """Names of all files below a folder; links and special files are refused, not followed."""
    names: set[str] = set()
    for place, folders, files in os.walk(folder, followlinks=False):
        for name in (*folders, *files):
            path = Path(place) / name
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise PackageError(
                    sentence(
                        path.relative_to(folder).as_posix(),
                        expected="a plain file inside the package",
                        got="a link or special file",
                        remedy=_AGAIN,
                    )
                )
        names |= {(Path(place) / name).relative_to(folder).as_posix() for name in files}
    return names


def _read(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PackageError(
            sentence(
                name, expected="a readable file", got=error.strerror or "an error", remedy=_AGAIN
            )
        ) from None


def _no_package(folder: Path) -> PackageError:
    if (folder / "package" / CHECKSUMS).is_file():
        got, remedy = "a run folder", "Name the folder 'package' in it"
    elif folder.is_dir():
        got, remedy = f"a folder without {CHECKSUMS}", "Name the folder 'package' of a run"
    else:
        got, remedy = "no such folder", "Check its name; a run leaves its package in 'package'"
    return PackageError(
        sentence(folder.name or str(folder), expected="a package's folder", got=got, remedy=remedy)
    )
