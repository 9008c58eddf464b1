"""JSON lines that outlast any death of the process: one line a note, in files that go together.

Enters: records, in batches. Leaves: files whose lines are whole up to some place, however the
process died; what stands behind is cut off.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bedside.errors import RunError, sentence
from bedside.run_folder import flush_folder


def whole_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each whole line of a file as JSON, with the place behind it; ends at one that is not."""
    if not path.exists():
        return
    end = 0
    with path.open("rb") as stream:
        for line in stream:
            if not line.endswith(b"\n"):
                return
            try:
                record = json.loads(line)
            except ValueError:  # power was lost while it was written
                return
            if not isinstance(record, dict):
                return
            end += len(line)
            yield end, record


def cut_to(path: Path, length: int) -> None:
    """Cut off what stands behind a place.

    Raises:
        RunError: the file cannot be written.
    """
    if path.exists():
        with _telling(path), path.open("rb+") as stream:
            stream.truncate(length)


def append(path: Path, records: Sequence[dict[str, Any]]) -> None:
    """Add lines to a file; a death of this process alone loses none of them.

    Raises:
        RunError: the disk is full, or the file cannot be written.
    """
    lines = [json.dumps(record, ensure_ascii=False, allow_nan=False) for record in records]
    with _telling(path), path.open("ab") as stream:
        stream.writelines(line.encode("utf-8", "replace") + b"\n" for line in lines)


def see_onto_disk(path: Path) -> None:
    """Wait until a file outlasts lost power.

    Raises:
        RunError: the disk is full, or the file cannot be written.
    """
    if path.exists():
        with _telling(path), path.open("rb+") as stream:
            os.fsync(stream.fileno())
        flush_folder(path.parent)


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    """An error of the disk as a sentence."""
    try:
        yield
    except OSError as error:
        raise RunError(
            sentence(
                path.name,
                expected="a file that can be written",
                got=error.strerror or type(error).__name__,
                remedy="Make room or allow it; the same command then goes on",
            )
        ) from error
