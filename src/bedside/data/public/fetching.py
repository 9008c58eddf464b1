"""An open data set, from its source to a folder with a study in it.

Enters: a name of the catalogue and a licence that someone accepted. Leaves: files whose
checksums are right, ``study.yaml`` and ``public.json``, the receipt. This is the one place of
the product that downloads.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedside.data.public.catalogue import PublicFile, PublicSet, find_set
from bedside.data.public.converting import convert
from bedside.data.public.place import RECEIPT, cache_folder, is_here
from bedside.data.public.transfer import digest, download, forget_partial
from bedside.data.public.unpacking import unpack
from bedside.data.public.written_study import STUDY, study_text
from bedside.errors import DataError, StudyError, sentence
from bedside.progress import Progress
from bedside.run_folder import read_json, write_json, write_text

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_SEEN = "checksums.json"
"""Beside the sets: set -> file -> SHA-256, of files without a published checksum."""


def get_public(
    name: str,
    *,
    accept: Callable[[PublicSet], bool],
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Path:
    """Fetch a set, unless it is here.

    A call that broke off goes on where it was. Archives are dropped once all is unpacked.

    Args:
        name: of the catalogue.
        accept: shown the set, says whether its licence is accepted; not asked where it is here.
        folder: of the sets; default the cache that ``data: {public: name}`` reads.
        progress: who is told.

    Returns:
        The set's folder.

    Raises:
        StudyError: the name is unknown, or the licence is not accepted.
        DataError: the network, the disk or the file's source fails; a checksum is wrong.
    """
    progress = progress or Progress(quiet=True)
    found = find_set(name, where="data get")
    root = folder or cache_folder()
    place = root / name
    if is_here(name, root):
        _drop_archives(found, place)  # of a call that was killed at its very end
        return place
    if not accept(found):
        raise StudyError(
            f"{name}: expected its licence ({found.licence}) to be accepted, got no; nothing was "
            f"fetched. Read it at {found.licence_url} and repeat with --accept-licence."
        )
    _make(place)
    source = _Source(name, found, root)
    records = {each.name: source.fetch(each, progress) for each in found.files}
    for each in found.files:
        if each.unpack:
            progress.say(f"Unpacking {each.name}.")
            unpack(place / each.name)
    if found.convert is not None:
        convert(place, found.convert)
    if found.study is not None and not (place / STUDY).exists():
        write_text(place / STUDY, study_text(name, found))
    write_json(place / RECEIPT, _receipt(name, found, records))
    _drop_archives(found, place)
    return place


def _drop_archives(entry: PublicSet, place: Path) -> None:
    """Remove the archives of a set that lies unpacked."""
    for each in entry.files:
        if each.unpack:
            (place / each.name).unlink(missing_ok=True)


@dataclass(frozen=True)
class _Source:
    """A set on its way into a folder of sets."""

    name: str
    entry: PublicSet
    root: Path

    def fetch(self, file: PublicFile, progress: Progress) -> dict[str, Any]:
        """Bring one file, or take the one that is there; its line of the receipt."""
        path = self.root / self.name / file.name
        if not path.is_file():
            progress.say(f"Fetching {file.name}.")
            download(file.url, path, home=self.entry.home, progress=progress)
        sha256 = digest(path, "sha256")
        if file.known is None:
            self._as_first_seen(path, sha256)
        else:
            self._as_published(path, file.known, sha256)
        return {
            "url": file.url,
            "bytes": path.stat().st_size,
            "sha256": sha256,
            "checksum": "first seen here" if file.known is None else f"published {file.known[0]}",
        }

    def _as_published(self, path: Path, known: tuple[str, str], sha256: str) -> None:
        kind, expected = known
        got = sha256 if kind == "sha256" else digest(path, kind)
        if got != expected:
            self._refuse(path, f"the published {kind} {expected}", got, "Repeat the command")

    def _as_first_seen(self, path: Path, sha256: str) -> None:
        """Where no checksum is published, the first one that was seen counts from then on."""
        ledger = self.root / FIRST_SEEN
        seen = read_json(ledger) if ledger.is_file() else {}
        expected = seen.setdefault(self.name, {}).setdefault(path.name, sha256)
        if expected != sha256:
            remedy = f"To accept the new file, remove '{self.name}' from {FIRST_SEEN} and repeat"
            self._refuse(path, f"the file first seen here (sha256 {expected})", sha256, remedy)
        write_json(ledger, seen)

    def _refuse(self, path: Path, expected: str, got: str, remedy: str) -> None:
        path.unlink()
        forget_partial(path)
        remedy += f". If it differs again, the file has changed at its source: {self.entry.home}"
        raise DataError(
            sentence(path.name, expected=expected, got=f"{got}; it was deleted", remedy=remedy)
        )


def _make(place: Path) -> None:
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            sentence(
                f"folder for {place.name}",
                expected="one that can be made",
                got=error.strerror or type(error).__name__,
                remedy="Name another with --folder, or as BEDSIDE_DATA",
            )
        ) from None


def _receipt(name: str, found: PublicSet, records: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "cite": found.cite,
        "licence": found.licence,
        "licence_url": found.licence_url,
        "licence_accepted": datetime.now(UTC).date().isoformat(),
        "files": records,
    }
