"""How what a network looked at is seen, whatever the input: a picture, a figure, marked words.

Enters: prepared values of one case and its map. Leaves: a `Sight`, a file's content or pieces
of a text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.modalities.table import told
from bedside.modalities.text_spelling import cut_words
from bedside.modalities.text_tokens import Vocabulary
from bedside.reporting import style
from bedside.reporting.look_figures import Ahead, draw_bars, draw_series
from bedside.reporting.look_pictures import heat_over, image_look, png_bytes, volume_look
from bedside.reporting.look_texts import cohort_words, marked_pieces, word_shares

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedside.explanation.surface import Surface
    from bedside.schema import Array, State
    from bedside.study import InputSection


@dataclass(frozen=True)
class Sight:
    """One case, or a cohort, as it is shown.

    Args:
        suffix: of a file, ``png`` or ``svg``; blank where there is none.
        data: its content.
        pieces: of a marked text.
    """

    suffix: str = ""
    data: bytes = b""
    pieces: list[dict[str, Any]] = field(default_factory=list)


def see_case(
    surface: Surface,
    values: Array,
    marks: Array,
    *,
    state: State,
    text: str | None = None,
    unit: str = "",
    ahead: Ahead | None = None,
) -> Sight:
    """One case with its marks.

    Args:
        surface: what the marks lie on.
        values: the case's array.
        marks: (*grid) its map.
        state: of the input's modality.
        text: of a text input, as it was read.
        unit: of a signal's values, see `unit_of`.
        ahead: which of the values to come is explained, where they are forecast.
    """
    if surface.form == "text":
        words = word_shares(text or "", _spans(text or "", state, len(marks)), marks)
        return Sight(pieces=marked_pieces(text or "", words))
    if surface.form == "image":
        return Sight("png", png_bytes(image_look(values, marks)))
    if surface.form == "volume":
        return Sight("png", png_bytes(volume_look(values, marks)))
    with style.drawing():
        if surface.form == "signal":
            every = state.get("every_minutes")
            drawn = draw_series(values[0], marks, every_minutes=every, unit=unit, ahead=ahead)
            return _figure(drawn)
        cells = told(values, state) if "codes" in state else _names(surface, state)
        return _figure(draw_bars(cells, marks))


def see_cohort(
    surface: Surface, values: Array, maps: Array, *, state: State, unit: str = ""
) -> Sight:
    """Where the network looks over many cases: the mean of their values under that of marks.

    Args:
        surface: what the marks lie on; no text.
        values: (N, ...) arrays of the cases.
        maps: (N, *grid) of the same.
        state: of the input's modality.
        unit: of a signal's values, see `unit_of`.
    """
    strength = np.abs(maps)
    total = strength.reshape(len(maps), -1).sum(axis=1).clip(1e-12)
    mean = (strength / total.reshape(-1, *[1] * (maps.ndim - 1))).mean(axis=0)
    usual = values.astype(np.float32).mean(axis=0)
    if surface.form == "image":
        return Sight("png", png_bytes(heat_over(usual, mean)))
    if surface.form == "table":
        with style.drawing():
            return _figure(draw_bars(_names(surface, state), mean))
    return see_case(surface, usual, mean, state=state, unit=unit)


def unit_of(section: InputSection) -> str:
    """The unit of an input's values as the study names it; blank where it names none."""
    return str(section.model_dump().get("unit") or "")


def see_words(texts: Sequence[str], maps: Array, *, state: State) -> list[dict[str, Any]]:
    """The words that speak for the answer most over many texts."""
    return cohort_words(
        (text, word_shares(text, _spans(text, state, len(marks)), marks))
        for text, marks in zip(texts, maps, strict=True)
    )


def _spans(text: str, state: State, most: int) -> Sequence[tuple[int, int]]:
    if "spelling" in state.get("symbols", {}):
        return [(int(start), int(end)) for start, end in cut_words(text, most=most)]
    return Vocabulary.from_state(state).spans(text, most=most)


def _names(surface: Surface, state: State) -> list[str]:
    """Of a table's columns; their numbers where the state does not name them."""
    names = state.get("names") or state.get("columns") or []
    if len(names) != surface.elements:
        return [f"column {number + 1}" for number in range(surface.elements)]
    return [str(name) for name in names]


def _figure(drawn: Any) -> Sight:
    return Sight("svg", style.to_svg(drawn).encode())
