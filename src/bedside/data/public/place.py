"""Where fetched sets lie, and the study's words that read them from there.

Enters: a study with ``data: {public: name}``. Leaves: the same study with the files of the local
cache in its place. Nothing here uses the network.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bedside.data.public.catalogue import find_set
from bedside.errors import StudyError, sentence
from bedside.run_folder import user_cache
from bedside.study import DataSection, parse_options

if TYPE_CHECKING:
    from bedside.study import Study

CACHE_VARIABLE = "BEDSIDE_DATA"
RECEIPT = "public.json"
"""In a set's folder: where its files come from; written last, so that it says they are whole."""


def cache_folder() -> Path:
    """The folder named by ``BEDSIDE_DATA``, else ``bedside/data`` of the user's cache."""
    named = os.environ.get(CACHE_VARIABLE, "")
    return Path(named) if named else user_cache() / "data"


def is_here(name: str, folder: Path | None = None) -> bool:
    """Whether a set lies whole in the cache, or in another folder of sets."""
    return ((folder or cache_folder()) / name / RECEIPT).is_file()


def with_public_data(study: Study) -> Study:
    """The study with `data.public` replaced by the files that it stands for.

    What the study says of its data itself (a column of sites, say) goes before the
    catalogue's words.

    Raises:
        StudyError: the name is unknown, the set is not in the cache, or this version cannot
            read it.
    """
    name = study.data.public
    if name is None:
        return study
    where = f"data.public '{name}'"
    found = find_set(name, where="data.public")
    if found.data is None:
        raise StudyError(
            sentence(
                where,
                expected="a set that a study can read",
                got=f"one it cannot: {found.unread}",
                remedy="See what can be read with: bedside data list",
            )
        )
    if not is_here(name):
        raise StudyError(
            sentence(
                where,
                expected="the set in the local cache",
                got="none there",
                remedy=f"Fetch it with: bedside data get {name}",
            )
        )
    own = study.data.model_dump(exclude_unset=True, exclude_none=True, exclude={"public"})
    section = parse_options(DataSection, {**found.data, **own}, where="data.")
    folder = (cache_folder() / name).resolve()
    placed = study.model_copy(update={"data": section}).anchored(folder)
    return study.model_copy(update={"data": placed.data})
