"""The study of an open set, as it lies beside the data.

Enters: an entry of the catalogue. Leaves: the words of its study file, or their text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedside.yaml_words import write_yaml

if TYPE_CHECKING:
    from bedside.data.public.catalogue import PublicSet

STUDY = "study.yaml"


def study_words(name: str, found: PublicSet) -> dict[str, Any]:
    """The study file's words, paths inside the set's folder."""
    return {"name": name, "data": found.data, **(found.study or {})}


def study_text(name: str, found: PublicSet) -> str:
    """The study file that lies beside the data."""
    lines = [
        f"{found.what[0].upper()}{found.what[1:]}",
        f"{found.cite}",
        f"Licence: {found.licence} ({found.licence_url})",
        *([found.note] if found.note else []),
        f"Written by 'bedside data get {name}'. Next: bedside audit {STUDY}",
    ]
    head = "".join(f"# {' '.join(line.split())}\n" for line in lines)
    return head + write_yaml(study_words(name, found))
