"""Check of files that lie beside those of the table and are in no row.

Enters: the evidence. Leaves: a note with their number; no name.
"""

from __future__ import annotations

import os
from pathlib import Path

from bedside.audit.evidence import Evidence
from bedside.audit.findings import Finding
from bedside.data.written_paths import IMAGE_SUFFIXES, written_path


def unlisted_files(evidence: Evidence) -> list[Finding]:
    """Images in the folders of listed ones that no row names (note).

    Only listings of folders are read, whatever the number of files.
    """
    cohort = evidence.cohort
    root, columns = cohort.root, _columns(evidence)
    if root is None or not columns or {"sop_uid", "header_sop_uid"} & set(cohort.cases.columns):
        return []  # of DICOM files the source itself tells what has no label
    lying: dict[str, set[str]] = {}
    named: dict[str, set[str]] = {}
    for column in columns:
        for cell in cohort.cases[column].dropna():
            folder, name = os.path.split(os.path.normpath(root / str(cell)))
            if name not in _images(folder, lying):  # spelt otherwise, or not there
                folder, name = os.path.split(written_path(root, str(cell)))
                _images(folder, lying)
            named.setdefault(folder, set()).add(name)
    count = sum(len(names - named.get(folder, set())) for folder, names in lying.items())
    if not count:
        return []
    what = "1 image lies" if count == 1 else f"{count} images lie"
    message = (
        f"{what} beside those of {cohort.source} and {'is' if count == 1 else 'are'} in no row."
    )
    return [evidence.finding("unlisted-files", "note", message, count=count)]


def _columns(evidence: Evidence) -> list[str]:
    """Columns that hold the paths of files."""
    named = [  # a cell that is itself the text is no path, whatever slashes it holds
        m
        for m in evidence.means.modalities.values()
        if m.suffixes and not getattr(m, "reads_cells", False)
    ]
    used = [c for m in named for c in m.columns_used()]
    cases, arrays = evidence.cohort.cases.columns, evidence.cohort.arrays
    return [c for c in dict.fromkeys(used) if c in cases and c not in arrays]


def _images(folder: str, lying: dict[str, set[str]]) -> set[str]:
    """The images that lie in a folder, listed once."""
    if folder not in lying:
        place = Path(folder)
        names = [file.name for file in place.iterdir()] if place.is_dir() else []
        lying[folder] = {
            name
            for name in names
            if name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith(".")
        }
    return lying[folder]
