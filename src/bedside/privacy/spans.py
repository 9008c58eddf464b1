"""Stretches of a text that identify: their kinds, and what becomes of those that overlap.

Enters: spans from rules or from a tagger. Leaves: spans that lie inside the text, in order,
none over another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, get_args

from bedside.errors import DataError, sentence

Kind = Literal[
    "name", "date", "age", "phone", "email", "url", "ip", "number", "address", "place",
    "organisation", "country", "group", "title",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
LEFT_AS_THEY_ARE: frozenset[Kind] = frozenset({"country", "group", "title"})
"""Found and counted, but of no single person: they stay in the text."""
OLDEST_TOLD = 89
"""An age above it identifies (45 CFR 164.514(b)(2)(i)(C))."""
UNSURE = 0.6
"""Below this confidence a human should look."""
TRIMMED = " \t\r\n,;:.()[]<>\"'"


@dataclass(frozen=True)
class Span:
    """Characters ``start`` to ``end`` of a text.

    Args:
        start: first character.
        end: the one after the last.
        kind: what it identifies by.
        confidence: 0 to 1; of rules a judgement, of a tagger its probability.
        rule: who found it: the name of a rule, or ``tagger``.
    """

    start: int
    end: int
    kind: Kind
    confidence: float
    rule: str


def checked_spans(spans: Iterable[Span], text: str, *, where: str) -> list[Span]:
    """Spans that somebody else found, refused where they cannot be of this text.

    Raises:
        DataError: one is empty or outside the text, of an unknown kind, or has a confidence
            outside 0 to 1.
    """
    found = list(spans)
    for number, span in enumerate(found, start=1):
        got = ""
        if not 0 <= span.start < span.end <= len(text):
            got = f"{span.start} to {span.end} of {len(text)} characters"
        elif span.kind not in KINDS:
            got = "an unknown kind"
        elif not 0 <= span.confidence <= 1:
            got = f"a confidence of {span.confidence}"
        if got:
            raise DataError(
                sentence(
                    f"{where}: span {number}",
                    expected="a stretch inside the text, of a known kind, sure from 0 to 1",
                    got=got,
                    remedy="Mend the tagger, or take the offsets in characters",
                )
            )
    return found


def settle(spans: Iterable[Span], text: str) -> list[Span]:
    """Spans in order, none over another: the surer one stays whole, then the longer.

    What sticks out of a weaker span stays with it, so that nothing found is lost.

    Args:
        spans: of the text, in any order.
        text: that they are of.
    """
    taken: list[Span] = []
    order = sorted(spans, key=lambda s: (-s.confidence, s.start - s.end, s.start))
    blocked = bytearray(len(text))
    for span in order:
        at = span.start
        while at < span.end:
            if blocked[at]:
                at += 1
                continue
            end = blocked.find(1, at, span.end)
            end = span.end if end < 0 else end
            piece = _trimmed(replace(span, start=at, end=end), text, whole=span)
            if piece is not None:
                taken.append(piece)
                blocked[piece.start : piece.end] = b"\1" * (piece.end - piece.start)
            at = end
    return sorted(taken, key=lambda s: s.start)


def _trimmed(piece: Span, text: str, *, whole: Span) -> Span | None:
    """A piece without marks at the ends that were cut; None where nothing is left."""
    start, end = piece.start, piece.end
    while start < end and start > whole.start and text[start] in TRIMMED:
        start += 1
    while end > start and end < whole.end and text[end - 1] in TRIMMED:
        end -= 1
    cut = (start, end) != (whole.start, whole.end)
    if end <= start or (cut and not any(c.isalnum() for c in text[start:end])):
        return None
    return replace(piece, start=start, end=end)
