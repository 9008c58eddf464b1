"""The forms: official numbers and topics of every item, asked in our own words.

Enters: the name of a form. Leaves: a `Form`, read from the YAML file beside this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from bedside.errors import StudyError, nearest

FORMS = ("tripod-ai", "claim")


class Item(BaseModel):
    """One item of a form.

    Args:
        number: as the form numbers it, such as ``12c``.
        section: heading it stands under.
        topic: what it is about.
        asks: what it asks for, in our own words.
        answers: names of what a run may know of it, see `answering.REGISTRY`.
        author: what is left for the authors, whatever the run knows; blank where nothing is.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: str
    section: str
    topic: str
    asks: str
    answers: Sequence[str] = ()
    author: str = ""


class Form(BaseModel):
    """A checklist.

    Args:
        name: of the form, as on the command line.
        title: its full title.
        source: the publication that defines it.
        licence: of that publication, and what follows for the words here.
        items: all of them, in order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    source: str
    licence: str
    items: Sequence[Item]


def load_form(name: str) -> Form:
    """Read a form.

    Raises:
        StudyError: there is none of this name.
    """
    if name not in FORMS:
        raise StudyError(f"--form: unknown form '{name}'. {nearest(name, FORMS)}")
    path = Path(__file__).with_name(f"{name}.yaml")
    words: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Form.model_validate(words)
