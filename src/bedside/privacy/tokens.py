"""Words of a text with their places and what they look like.

Enters: a text. Leaves: `Token`s in order, and chains of them that stand together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from bedside.privacy.words import PARTICLES

WORD = re.compile(r"[^\W\d_]+(?:['’‑-][^\W\d_]+)*")
POSSESSIVE = re.compile(r"['’][sS]$")
SENTENCE_END = re.compile(r"(?:[.!?:;]['\")\]]*\s+|[\r\n]\s*|^\s*[-*•>#]*\s*|[\"“(]\s*)$")
BESIDE = re.compile(r"[ \t\u00a0]{1,2}")
BESIDE_INITIAL = re.compile(r"\.?[ \t\u00a0]{0,2}")


@dataclass(frozen=True)
class Token:
    """One word, without the ending of a possessive.

    Args:
        start: first character.
        end: the one after the last.
        text: as it stands.
        first: whether it begins a sentence, a line or a quotation.
    """

    start: int
    end: int
    text: str
    first: bool

    @cached_property
    def lower(self) -> str:
        return self.text.lower().replace("’", "'")

    @property
    def capital(self) -> bool:
        """Begins with a capital letter, or is of a script without capitals."""
        return self.text[0].isupper() or not self.text[0].islower()

    @property
    def shouted(self) -> bool:
        return len(self.text) > 1 and self.text.isupper()

    @property
    def initial(self) -> bool:
        return len(self.text) == 1 and self.text.isupper()

    @property
    def particle(self) -> bool:
        return self.lower in PARTICLES


def tokens_of(text: str) -> list[Token]:
    """The words of a text, in order."""
    found = []
    for match in WORD.finditer(text):
        word = POSSESSIVE.sub("", match.group())
        start = match.start()
        first = SENTENCE_END.search(text, max(0, start - 8), start) is not None or start == 0
        found.append(Token(start, start + len(word), word, first))
    return found


def chains(text: str, tokens: Sequence[Token]) -> list[list[Token]]:
    """Runs of capitalised words with nothing but a blank between them.

    Initials may carry a full stop, and particles (van, de) may stand inside.
    """
    found: list[list[Token]] = []
    current: list[Token] = []
    for token in tokens:
        joined = bool(current) and adjoining(text, current[-1], token)
        if (token.capital and (joined or not current)) or (joined and token.particle):
            current.append(token)
        else:
            found.append(current)
            current = [token] if token.capital else []
    found.append(current)
    return [kept for chain in found if (kept := _without_end_particles(chain))]


def adjoining(text: str, left: Token, right: Token) -> bool:
    """Whether two words stand side by side on one line."""
    gap = text[left.end : right.start]
    pattern = BESIDE_INITIAL if left.initial else BESIDE
    return pattern.fullmatch(gap) is not None


def _without_end_particles(chain: list[Token]) -> list[Token]:
    while chain and not chain[-1].capital:
        chain = chain[:-1]
    return chain
