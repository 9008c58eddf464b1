"""What identifies a person in a text: all rules together, and a tagger where there is one.

Enters: a text. Leaves: spans in order, none over another, with their confidence; and apart
from them the words that nobody knows, for a human to look at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from bedside.privacy.dates import date_spans
from bedside.privacy.patterns import structured_spans
from bedside.privacy.people import person_spans
from bedside.privacy.places import place_spans
from bedside.privacy.spans import Span, checked_spans, settle
from bedside.privacy.tokens import WORD, Token, tokens_of
from bedside.privacy.vocabulary import Vocabulary, eponymous, known_words
from bedside.privacy.words import ACRONYM

Tagger: TypeAlias = Callable[[str], Iterable[Span]]
"""A trained model's place: a text in, spans with probabilities out."""
PIECE = 100_000
"""Characters looked at in one go, cut between lines, so that a book costs no more a page."""
NUMBER = re.compile(r"(?<![\w.,/-])\d{4,}(?![\w]|[.,]\d)")


def find_identifiers(
    text: str, *, tagger: Tagger | None = None, names: Sequence[str] = ()
) -> list[Span]:
    """Every stretch of a text that identifies, as far as rules and a tagger see it.

    Args:
        text: any length, in Unicode.
        tagger: adds its own spans; where it is surer than the rules, its word counts.
        names: of people whom the text is about, known from elsewhere; each of their words of
            three letters or more is found wherever it stands.

    Raises:
        DataError: the tagger names a place outside the text.
        InstallError: the dictionaries are not installed.
    """
    known = known_words()
    told = {word.lower() for name in names for word in WORD.findall(name) if len(word) > 2}
    found: list[Span] = []
    for start, end in _pieces(text):
        piece = text[start:end]
        tokens = tokens_of(piece)
        spans = [
            *structured_spans(piece),
            *date_spans(piece),
            *person_spans(piece, tokens, known),
            *place_spans(piece, tokens, known),
        ]
        spans += [
            Span(token.start, token.end, "name", 0.97, "told")
            for token in tokens
            if token.lower in told and not eponymous("", piece[token.end : token.end + 40])
        ]
        if tagger is not None:
            spans += checked_spans(tagger(piece), piece, where="tagger")
        found += [
            Span(s.start + start, s.end + start, s.kind, s.confidence, s.rule)
            for s in settle(spans, piece)
        ]
    return found


def doubtful_places(text: str, spans: Sequence[Span]) -> list[tuple[int, int, str]]:
    """Words and numbers that nothing was found in and that a human should look at.

    Args:
        text: as it will be handed on.
        spans: of it that were dealt with.

    Returns:
        Start, end and why: ``unknown-word`` for a capitalised word inside a sentence that no
        dictionary has, ``number`` for four digits or more.
    """
    known, taken = known_words(), bytearray(len(text))
    for span in spans:
        taken[span.start : span.end] = b"\1" * (span.end - span.start)
    found = [
        (token.start, token.end, "unknown-word")
        for token in tokens_of(text)
        if not any(taken[token.start : token.end]) and _unknown(text, token, known)
    ]
    found += [
        (*match.span(), "number")
        for match in NUMBER.finditer(text)
        if not any(taken[match.start() : match.end()])
    ]
    return sorted(found)


def _unknown(text: str, token: Token, known: Vocabulary) -> bool:
    if not token.capital or token.first or len(token.text) < 3:
        return False
    if token.shouted and len(token.text) <= ACRONYM:
        return False
    lower = token.lower
    parts = re.split(r"['-]", lower)
    if all(known.is_word(part) or len(part) < 3 for part in parts) or known.is_word(lower):
        return False
    return not (
        known.is_group(lower)
        or lower in known.countries
        or eponymous(lower, text[token.end : token.end + 40])
    )


def _pieces(text: str) -> list[tuple[int, int]]:
    """Stretches of at most `PIECE` characters, cut after a line, else after a blank."""
    cuts, start = [], 0
    while len(text) - start > PIECE:
        end = start + PIECE
        cut = max(text.rfind("\n", start, end), 0) or text.rfind(" ", start, end)
        end = cut + 1 if cut > start else end
        cuts.append((start, end))
        start = end
    return [*cuts, (start, len(text))]
