"""One text without its identifiers, and what was done to it.

Enters: a text and the surrogates of its patient. Leaves: the new text; where in it something
was replaced, of what kind and how surely; and what a human should look at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bedside.privacy.dates import Order, reading_of
from bedside.privacy.identifiers import Tagger, doubtful_places, find_identifiers
from bedside.privacy.spans import LEFT_AS_THEY_ARE, OLDEST_TOLD, UNSURE, Kind, Span
from bedside.privacy.surrogates import Surrogates


@dataclass(frozen=True)
class Replaced:
    """One identifier that is gone.

    Args:
        span: where its surrogate stands in the new text.
        original: the words that stood there.
        surrogate: the words that stand there now.
    """

    span: Span
    original: str
    surrogate: str


@dataclass(frozen=True)
class Doubt:
    """A place of the new text that a human should look at.

    Args:
        start: first character.
        end: the one after the last.
        why: ``unsure`` (replaced, but the rule is weak), ``unknown-word``, ``number``,
            ``date-order`` (month and day could be swapped), ``date-gone``.
        confidence: of what was found there; 0 where nothing was.
        kind: of what was found there, blank where nothing was.
    """

    start: int
    end: int
    why: str
    confidence: float = 0.0
    kind: str = ""


@dataclass(frozen=True)
class Deidentified:
    """A text without its identifiers.

    Args:
        text: the new one.
        replaced: in order.
        left: what was found and stays: ages up to 89, countries, peoples, titles.
        doubts: in order.
    """

    text: str
    replaced: tuple[Replaced, ...]
    left: tuple[Span, ...]
    doubts: tuple[Doubt, ...]


def deidentify_text(
    text: str,
    surrogates: Surrogates,
    *,
    order: Order | None = None,
    tagger: Tagger | None = None,
    names: Sequence[str] = (),
) -> Deidentified:
    """Replace what identifies in one text.

    Args:
        text: any, an empty one too.
        surrogates: of the text's patient.
        order: of the numbers of dates; None lets the text tell.
        tagger: a trained one, beside the rules.
        names: of people whom the text is about, known from elsewhere.

    Raises:
        DataError: the tagger names a place outside the text.
        InstallError: the extra ``privacy`` is not installed.
    """
    spans = find_identifiers(text, tagger=tagger, names=names)
    reading = reading_of(text, [span for span in spans if span.kind == "date"], order)
    pieces: list[str] = []
    replaced: list[Replaced] = []
    left: list[Span] = []
    at = length = 0
    for span in spans:
        words = text[span.start : span.end]
        kept = stays(words, span.kind)
        new = words if kept else surrogates.replacement(words, span.kind, reading)
        pieces += [text[at : span.start], new]
        start = length + span.start - at
        length, at = start + len(new), span.end
        now = Span(start, length, span.kind, span.confidence, span.rule)
        if kept:
            left.append(now)
        else:
            replaced.append(Replaced(now, words, new))
    result = "".join([*pieces, text[at:]])
    doubts = _doubts(result, replaced, left, sure_of_order=reading.sure)
    return Deidentified(result, tuple(replaced), tuple(left), doubts)


def stays(words: str, kind: Kind) -> bool:
    """Whether an identifier of a kind is left in the text by rule."""
    if kind == "age":
        return words.isdigit() and int(words) <= OLDEST_TOLD
    return kind in LEFT_AS_THEY_ARE


def _doubts(
    text: str, replaced: Sequence[Replaced], left: Sequence[Span], *, sure_of_order: bool
) -> tuple[Doubt, ...]:
    found = []
    for one in replaced:
        span, why = one.span, ""
        if span.kind == "date" and one.surrogate == "[date]":
            why = "date-gone"
        elif span.rule in ("date-slashed", "date-partial") and not sure_of_order:
            why = "date-order"
        elif span.confidence < UNSURE:
            why = "unsure"
        if why:
            found.append(Doubt(span.start, span.end, why, span.confidence, span.kind))
    spans = [*(one.span for one in replaced), *left]
    found += [Doubt(start, end, why) for start, end, why in doubtful_places(text, spans)]
    return tuple(sorted(found, key=lambda doubt: doubt.start))
