"""Archives of a set, unpacked inside its folder and nowhere else.

Enters: a .tar, .tar.gz, .tgz or .zip. Leaves: its contents beside it; an archive with an entry that
leads elsewhere is refused whole.
"""

from __future__ import annotations

import shutil
import tarfile
import zipfile
import zlib
from pathlib import Path, PureWindowsPath

from bedside.errors import DataError, sentence

STAGING = ".unpacking"


def unpack(archive: Path) -> list[str]:
    """Unpack an archive beside itself, whole or not at all; what lay there is replaced.

    Returns:
        Names of the folders and files that it brought, sorted.

    Raises:
        DataError: it is damaged, or an entry leads out of the folder.
    """
    staging = archive.parent / STAGING
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    try:
        _extract(archive, staging)
        brought = sorted(entry.name for entry in staging.iterdir())
        for name in brought:
            _replace(staging / name, archive.parent / name)
        return brought
    except tarfile.FilterError:
        raise _leads_out(archive) from None
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError):
        raise DataError(
            sentence(
                archive.name,
                expected="a whole archive (.tar, .tar.gz or .zip) and room on the disk",
                got="one that does not unpack",
                remedy="Delete it and repeat the command",
            )
        ) from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _extract(archive: Path, folder: Path) -> None:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as packed:
            if any(_climbs(name) for name in packed.namelist()):
                raise _leads_out(archive)
            packed.extractall(folder)
        return
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")


def _climbs(name: str) -> bool:
    path = PureWindowsPath(name)  # which reads slashes and backslashes, roots and drives
    return bool(path.anchor) or ".." in path.parts


def _replace(new: Path, place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    new.replace(place)


def _leads_out(archive: Path) -> DataError:
    return DataError(
        sentence(
            archive.name,
            expected="entries inside its own folder",
            got="one that leads out of it",
            remedy="Do not use this archive; fetch it again from the set's page",
        )
    )
