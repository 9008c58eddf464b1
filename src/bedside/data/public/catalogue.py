"""The catalogue of open data sets.

Enters: ``catalogue.yaml``. Leaves: a `PublicSet` each, checked.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from bedside.errors import StudyError, nearest

Md5 = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
PlainName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
WebAddress = Annotated[str, Field(pattern=r"^https?://\S+$")]


class PublicFile(BaseModel):
    """One file of a set.

    Args:
        url: where it comes from.
        name: what it is called in the set's folder.
        md5, sha256: the known checksum; at most one, often none.
        unpack: whether it is an archive whose contents are wanted.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    url: WebAddress
    name: PlainName
    md5: Md5 | None = None
    sha256: Sha256 | None = None
    unpack: bool = False

    @property
    def known(self) -> tuple[str, str] | None:
        """Kind and value of the published checksum."""
        if self.sha256 is not None:
            return "sha256", self.sha256
        return None if self.md5 is None else ("md5", self.md5)


class PublicSet(BaseModel):
    """One open data set.

    Args:
        what: it holds, in a line.
        licence, licence_url: told before anything is fetched.
        home: its page.
        cite: the paper.
        checked: where address, licence and checksum were looked up.
        files: what is fetched.
        note: what one should know of it.
        convert: what is made of the files: ``how`` and the words of that converter.
        data: section `data` of its study, paths inside the set's folder.
        study: the other sections of its study file.
        unread: why there is no study.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    what: str
    licence: str
    licence_url: WebAddress
    home: WebAddress
    cite: str
    checked: str
    files: list[PublicFile] = Field(min_length=1)
    note: str | None = None
    convert: dict[str, Any] | None = None
    data: dict[str, Any] | None = None
    study: dict[str, Any] | None = None
    unread: str | None = None

    @model_validator(mode="after")
    def _a_study_or_why_not(self) -> Self:
        if (self.data is None) != (self.study is None) or (self.data is None) != bool(self.unread):
            raise ValueError("expected data and study, or unread alone")
        return self


@cache
def public_sets() -> dict[str, PublicSet]:
    """Name -> set, in the order of the file."""
    words = yaml.safe_load(files(__package__).joinpath("catalogue.yaml").read_text("utf-8"))
    return {name: PublicSet.model_validate(entry) for name, entry in words.items()}


def find_set(name: str, *, where: str) -> PublicSet:
    """Look one up; `where` names in the message what asked.

    Raises:
        StudyError: there is none of this name; the nearest one is named.
    """
    known = public_sets()
    if name not in known:
        raise StudyError(f"{where}: no open data set is called so. {nearest(name, known)}")
    return known[name]
