"""A file as people write it in a table -> the file that is meant.

Enters: a folder and a cell. Leaves: a path. Tables are made on other machines: with
backslashes, with blanks around, with accents in another Unicode form, without the suffix.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from bedside.errors import DataError, sentence

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dcm")
NOTE_SUFFIX = ".txt"


def written_path(root: Path, cell: str) -> Path:
    """The file below `root` that a cell means; ``root / cell`` where no reading of it is there."""
    return find_written(root, cell) or root / cell


def find_written(root: Path, cell: str) -> Path | None:
    """The same, None where no reading of the cell names a file.

    The cell as it stands comes first, so that no reading hides an existing file. A suffix is
    added only where exactly one of the known ones gives a file: two would be a guess.
    """
    if _is_there(root / cell):
        return root / cell
    for reading in _readings(cell):
        if _is_there(root / reading):
            return root / reading
    for reading in (cell.strip(), *_readings(cell)):
        if found := _with_suffix(root / reading):
            return found
    return None


def refuse_foreign_names(paths: Iterable[str], *, where: str) -> None:
    """Refuse names of files whose bytes are no UTF-8: no table could hold them.

    Raises:
        DataError: there are some; none is quoted.
    """
    foreign = sum(not _is_utf8(path) for path in paths)
    if foreign:
        raise DataError(
            sentence(
                where,
                expected="names of files and folders in UTF-8",
                got=f"{foreign} in another encoding",
                remedy="Rename them, for example: convmv -f latin1 -t utf8 -r --notest FOLDER",
            )
        )


def _is_utf8(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _readings(cell: str) -> Iterator[str]:
    """Other spellings of one path, the nearest first."""
    plain = cell.strip()
    for spelt in dict.fromkeys((plain, plain.replace("\\", "/"))):
        for form in ("NFC", "NFD"):
            if (reading := unicodedata.normalize(form, spelt)) != cell:
                yield reading


def _with_suffix(path: Path) -> Path | None:
    if not path.name or path.suffix.lower() in IMAGE_SUFFIXES:
        return None
    suffixes = [form for suffix in IMAGE_SUFFIXES for form in (suffix, suffix.upper())]
    named = (path.with_name(path.name + suffix) for suffix in suffixes)
    found = [file for file in named if _is_there(file)]
    same = len(found) == 2 and found[0].samefile(found[1])  # a disk that minds no case
    return found[0] if len(found) == 1 or same else None


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long a name, a NUL in it
        return False
