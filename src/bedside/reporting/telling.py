"""The nouns of a report: what a kind of target says in its own words.

Enters and leaves: nothing but types.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bedside.reporting.record import Record
    from bedside.schema import Array

Draw: TypeAlias = "Callable[[Record], Figure | None]"
"""A run -> a figure, or None where its data is missing."""

NO_SUBGROUP = (
    "No subgroup (sex, age, device, hospital) was looked at: the model may be worse in one."
)


@dataclass(frozen=True)
class Answer:
    """The answer of a study.

    Args:
        headline: the first sentence, which carries the verdict when it is not good news.
        details: the sentences after it.
        badge: the verdict in a few words.
        tone: ``good``, ``caution`` or ``bad``.
    """

    headline: str
    details: tuple[str, ...]
    badge: str
    tone: str


@dataclass(frozen=True)
class Card:
    """One key number of the first page; `hint` says in a few words how to read it."""

    label: str
    value: str
    small: str
    hint: str = ""


@dataclass(frozen=True)
class Notice:
    """One box: ``tone`` is ``red``, ``amber`` or ``green``."""

    tone: str
    title: str
    text: str


@dataclass(frozen=True)
class Words:
    """What stands around a figure: `alt` says what it shows to those who cannot see it."""

    title: str
    caption: str
    alt: str


def no_volume(case: int) -> Array | None:
    """What is seen of a case that is no volume."""
    del case
    return None


def no_text(case: int) -> str | None:
    """What is read of a case that has no text."""
    del case
    return None


@dataclass(frozen=True)
class Shown:
    """What may be shown of cases in the report that stays with the data.

    Args:
        names: (N,) names of the cases' rows.
        pictures: case -> a picture Pillow can read, or None where there is none.
        seed: of what is drawn by lot.
        texts: case -> the texts that were read of it, or None where there are none.
        volumes: case -> its voxels (D, H, W) as read, or None where it is no whole volume.
    """

    names: Sequence[str]
    pictures: Callable[[int], bytes | None]
    seed: int
    texts: Callable[[int], str | None] = no_text
    volumes: Callable[[int], Array | None] = no_volume
