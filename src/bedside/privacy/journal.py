"""The journal of a de-identification: how far it is, so that it can go on after any death.

Enters: one line for each file that is finished. Leaves: the number of finished files, and
their lines again for the report. The folder holds the secret while the work lasts; both are
removed at its end.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bedside.errors import RunError
from bedside.run_folder import read_json, write_json

FOLDER = ".deidentify"
SECRET_BYTES = 32


@dataclass(frozen=True)
class Journal:
    """The journal in an output folder."""

    output: Path

    @property
    def folder(self) -> Path:
        return self.output / FOLDER

    @property
    def lines(self) -> Path:
        return self.folder / "journal.jsonl"

    @property
    def settings(self) -> Path:
        return self.folder / "settings.json"

    def begin(self, settings: Mapping[str, Any], *, resume: bool) -> bytes:
        """Take the output folder: a new or empty one, or on resume the one of this very work.

        Returns:
            The secret of this work, for where no key has one.

        Raises:
            RunError: it holds other files, another work, or cannot be written.
        """
        try:
            found = {e.name for e in self.output.iterdir()} if self.output.exists() else set[str]()
        except OSError as error:
            raise self._refused(f"{error.strerror or 'no folder'}") from None
        if found == {FOLDER} and self.finished()[0] == 0 and not resume:
            self.close()  # it stopped before its first file: nothing is lost
            found = set()
        if FOLDER in found:
            _sweep(self.output)
            if not resume:
                raise self._refused("an unfinished work. Add --resume to go on with it, or")
            before = read_json(self.settings)
            if before["settings"] != dict(settings):
                raise self._refused("a work of other settings. Repeat them, or")
            return bytes.fromhex(before["secret"])
        if found:
            raise self._refused("one with other files")
        secret = os.urandom(SECRET_BYTES)
        write_json(self.settings, {"settings": dict(settings), "secret": secret.hex()})
        with suppress(OSError):  # some disks know no owners
            self.settings.chmod(0o600)
        return secret

    def finished(self) -> tuple[int, dict[str, Any] | None]:
        """How many files are finished, and the line of the last; half a line is dropped."""
        count, last, length = 0, None, 0
        if self.lines.exists():
            with self.lines.open("rb") as stream:
                for line in stream:
                    if not line.endswith(b"\n"):
                        break
                    count, last, length = count + 1, line, length + len(line)
            with self.lines.open("rb+") as stream:
                stream.truncate(length)
        return count, None if last is None else json.loads(last)

    def note(self, line: Mapping[str, Any]) -> None:
        """Write that a file is finished, onto the disk.

        Raises:
            RunError: the disk is full or the folder cannot be written.
        """
        try:
            with self.lines.open("ab") as stream:
                stream.write(json.dumps(line).encode() + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise self._refused(error.strerror or type(error).__name__) from error

    def read(self) -> Iterator[dict[str, Any]]:
        """The lines of all finished files, one at a time."""
        if self.lines.exists():
            with self.lines.open("rb") as stream:
                for line in stream:
                    yield json.loads(line)

    def close(self) -> None:
        """Remove the journal and the secret."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _refused(self, got: str) -> RunError:
        end = "name" if got.endswith("or") else "Name"
        stop = " " if got.endswith("or") else ". "
        return RunError(
            f"{self.output.name}: expected a new or empty folder for the output, got {got}{stop}"
            f"{end} another with -o."
        )


def _sweep(output: Path) -> None:
    """Remove what a work that was killed had half written."""
    for partial in output.rglob(".*.partial"):
        with suppress(OSError):
            partial.unlink()
