"""Texts that are longer than a network reads at once: cut into pieces, answers put together.

Enters: texts, then the answers to their pieces. Leaves: pieces as cases of their own, then one row
a text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedside.deployment.intake import Case
from bedside.schema import Sample

if TYPE_CHECKING:
    from bedside.abilities import Piecewise


@dataclass(frozen=True)
class Piece:
    """A piece of a text.

    Args:
        owner: position of the text's case in its batch.
        start: where it begins in the text.
        case: itself, as a case.
    """

    owner: int
    start: int
    case: Case


def in_pieces(
    batch: Sequence[Case], samples: Mapping[int, Sample], task: Piecewise, *, name: str, length: int
) -> list[Piece]:
    """The pieces of texts, in order.

    Args:
        batch: cases.
        samples: position in the batch -> the text of the case, as it is read.
        task: says where a text is cut.
        name: of the input.
        length: words that the network reads at once.
    """
    found = []
    for owner, sample in samples.items():
        text, whole = str(sample.values), batch[owner]
        for start, end in task.pieces(text, length):
            case = Case(whole.name, whole.where, {name: Sample(text[start:end])})
            found.append(Piece(owner, start, case))
    return found


def rejoined(
    task: Piecewise, answers: Iterable[tuple[Piece, dict[str, Any]]]
) -> dict[int, list[dict[str, Any]]]:
    """The row of each text, by its position, from those of its pieces in their order."""
    found: dict[int, tuple[list[dict[str, Any]], list[int]]] = {}
    for piece, row in answers:
        rows, starts = found.setdefault(piece.owner, ([], []))
        rows.append(row)
        starts.append(piece.start)
    return {owner: [task.joined(rows, starts)] for owner, (rows, starts) in found.items()}
