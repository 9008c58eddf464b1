"""A folder that is written as a whole: beside its place first, then renamed into it.

Enters: where the folder shall stand. Leaves: the new folder, whole, or the old
one, untouched.
"""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bedside.deployment.integrity import CHECKSUMS
from bedside.errors import PackageError, sentence
from bedside.run_folder import flush_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def staged_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder beside `folder`; on success it takes its place.

    Raises:
        PackageError: `folder` holds something that is no package, so it is not
            replaced; or the disk is full or not writable.
    """
    _refuse_other(folder)
    stage = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    try:
        shutil.rmtree(stage, ignore_errors=True)
        stage.mkdir(parents=True)
        yield stage
        _flush(stage)
        _take_place(stage, folder)
    except OSError as error:
        raise _cannot_write(folder, error) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _refuse_other(folder: Path) -> None:
    """Never delete what is not ours: a mistyped -o must not cost a folder of data."""
    empty = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    if empty or (folder / CHECKSUMS).is_file():
        return
    raise PackageError(
        sentence(
            folder.name,
            expected="no folder, an empty one or a package to replace",
            got="something else",
            remedy="Name another folder for the package",
        )
    )


def _take_place(stage: Path, folder: Path) -> None:
    # swept as half written, should this process be killed before it removes it
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old.partial")
    shutil.rmtree(old, ignore_errors=True)
    replaced = folder.exists()
    if replaced:
        folder.rename(old)
    try:
        stage.rename(folder)
    except OSError:
        if replaced:
            old.rename(folder)
        raise
    flush_folder(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def _flush(stage: Path) -> None:
    for path in [stage, *stage.rglob("*")]:
        if path.is_dir():
            flush_folder(path)
        elif path.is_file():
            with path.open("rb+") as stream:
                os.fsync(stream.fileno())


def _cannot_write(folder: Path, error: OSError) -> PackageError:
    if error.errno == errno.ENOSPC:
        got, remedy = "a full disk", "Free some space and repeat; an older package is kept"
    else:
        got = error.strerror or type(error).__name__
        remedy = "Check the folder's permissions, or name another"
    return PackageError(
        sentence(folder.name, expected="a folder that can be written", got=got, remedy=remedy)
    )
