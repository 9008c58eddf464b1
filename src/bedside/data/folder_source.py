"""A folder with one sub-folder per class.

Enters: ``by-class/<class>/...`` or ``<folder>/<part>/<class>/...`` (the second where
every top folder is named after a part), of images, or where there is none of notes (.txt).
Leaves: `RawCases` with ``file``, ``label`` and, in the second form, ``part``; patients are not
known from folders.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from bedside.data.raw_cases import PART_WORDS, RawCases
from bedside.data.written_paths import IMAGE_SUFFIXES, NOTE_SUFFIX, refuse_foreign_names
from bedside.errors import DataError, Problems, StudyError, sentence

DICOM_MARK = b"DICM"
DICOM_MARK_AT = 128


def read_folder(folder: Path) -> RawCases:
    """List the images of a folder per class, or its text files, in the order of their paths.

    Images are files with a known suffix, and files without one that carry the
    DICOM mark; text files beside images are none of the cases. Hidden and other files are counted
    in the notes. Row 1 is the first of the sorted paths.

    Raises:
        StudyError: no such folder.
        DataError: no class folder, no file, or a link that leads out of the folder.
    """
    if not folder.is_dir():
        raise StudyError(
            sentence(
                f"data.folder {folder.name}",
                expected="an existing folder",
                got="a file" if folder.is_file() else "none there",
                remedy="Correct the path; it is relative to the study file",
            )
        )
    source = f"the sorted files of {folder.name}"
    classes, has_parts = class_folders(folder)
    files, ignored = _files(folder, classes, meant=is_image)
    if not files:
        files, ignored = _files(folder, classes, meant=is_note)
    if not files:
        raise DataError(
            sentence(
                f"data.folder {folder.name}",
                expected="one sub-folder per class with files of images in it "
                f"({', '.join(IMAGE_SUFFIXES)}) or of texts ({NOTE_SUFFIX})",
                got=f"{len(classes)} sub-folders and no such file in them",
                remedy="Sort the files into a folder per class, or use data.table",
            )
        )
    names = [file.relative_to(folder).as_posix() for file in files]
    refuse_foreign_names(names, where=f"data.folder {folder.name}")
    rows = [_row(folder, file, has_parts=has_parts) for file in files]
    cases = pd.DataFrame(rows, dtype="str")
    notes = _notes(classes, files, ignored, kind="text" if is_note(files[0]) else "image")
    return RawCases(cases, source, first_row=1, root=folder, notes=notes)


def class_folders(folder: Path) -> tuple[list[Path], bool]:
    """The folders that stand for classes, and whether they lie under part folders."""
    top = _subfolders(folder)
    has_parts = bool(top) and all(sub.name.lower() in PART_WORDS for sub in top)
    if not has_parts:
        return top, False
    return [sub for part in top for sub in _subfolders(part)], True


def _subfolders(folder: Path) -> list[Path]:
    found = [entry for entry in folder.iterdir() if entry.is_dir()]
    return sorted(entry for entry in found if not entry.name.startswith((".", "__")))


def _files(
    folder: Path, classes: list[Path], *, meant: Callable[[Path], bool]
) -> tuple[list[Path], Counter[str]]:
    """All files of a kind below the class folders, sorted, and counts of what was ignored."""
    root = folder.resolve()
    problems = Problems(DataError)
    files: list[Path] = []
    ignored: Counter[str] = Counter()
    links = sum(entry.is_symlink() or not entry.resolve().is_relative_to(root) for entry in classes)
    for class_folder in classes:
        for place, names, file_names in os.walk(class_folder):
            links += sum((Path(place) / name).is_symlink() for name in names)
            names[:] = [name for name in names if not name.startswith((".", "__"))]
            for name in file_names:
                file = Path(place) / name
                if not meant(file):
                    ignored["hidden" if name.startswith(".") else "other"] += 1
                elif file.is_symlink() and not file.resolve().is_relative_to(root):
                    links += 1
                else:
                    files.append(file)
    if links:
        problems.add(
            f"data.folder {folder.name}",
            expected="files inside the folder only",
            got=f"{links} symbolic link(s) to another folder or out of it",
            remedy="Copy the files into the folder",
        )
    problems.raise_if_any()
    listed = sum(entry.is_file() for entry in folder.iterdir())
    ignored["outside"] += listed
    return sorted(files), ignored


def is_image(file: Path) -> bool:
    """Whether a file is taken for an image: by its suffix, or by DICOM's mark without one."""
    if file.name.startswith("."):
        return False
    if file.suffix:
        return file.suffix.lower() in IMAGE_SUFFIXES
    try:
        with file.open("rb") as stream:
            return stream.read(DICOM_MARK_AT + len(DICOM_MARK))[DICOM_MARK_AT:] == DICOM_MARK
    except OSError:
        return False


def is_note(file: Path) -> bool:
    """Whether a file is taken for a text, by its suffix."""
    return not file.name.startswith(".") and file.suffix.lower() == NOTE_SUFFIX


def _row(folder: Path, file: Path, *, has_parts: bool) -> dict[str, str]:
    steps = file.relative_to(folder).parts
    row = {"file": file.relative_to(folder).as_posix(), "label": steps[int(has_parts)]}
    return row | {"part": PART_WORDS[steps[0].lower()]} if has_parts else row


def _notes(
    classes: list[Path], files: list[Path], ignored: Counter[str], *, kind: str
) -> tuple[str, ...]:
    words = {
        "hidden": "{} hidden file(s) were ignored.",
        "other": f"{{}} file(s) of other kinds than {kind}s were ignored.",
        "outside": "{} file(s) outside the class folders were ignored.",
    }
    notes = [text.format(ignored[kind]) for kind, text in words.items() if ignored[kind]]
    used = {parent for file in files for parent in file.parents}
    if empty := sum(entry not in used for entry in classes):
        notes.append(f"{empty} class folder(s) hold no {kind}.")
    return tuple(notes)
