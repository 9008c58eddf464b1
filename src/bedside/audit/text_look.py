"""What the audit notes of each text, so that it need look at it once.

Enters: a text sample. Leaves: a `TextLook`: counts and kinds, no word of the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bedside.schema import Sample

IDENTIFIERS: dict[str, re.Pattern[str]] = {
    "names after a title": re.compile(
        r"\b(?:Mrs?|Ms|Dr|Prof|Doctor|Herrn?|Frau|Fr|Hr|Señora?|Sra?|Monsieur|Madame|Mme)\.? "
        r"(?!X{2,})[A-ZÄÖÜÉÁÑ][a-zäöüßéáíóúñç]{2,}"
    ),
    "e-mail addresses": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "telephone numbers": re.compile(
        r"(?<![\d.,])(?:\+\d{1,3}[ ./-]?)?(?:\(\d{2,5}\)|\d{3,5})[ /-]\d{3,4}[ -]\d{2,5}(?![\d.,])"
    ),
    "numbers of seven digits or more": re.compile(r"(?<![\d.,-])\d{7,}(?![\d.,-])"),
    "social security numbers": re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])"),
    "dates": re.compile(
        r"(?<!\d)(?:(?:19|20)\d{2}-[01]\d-[0-3]\d|[0-3]?\d[./][0-3]?\d[./](?:19|20)?\d{2})(?!\d)"
    ),
}
"""What may name a person, and how it is told from other words."""
MOJIBAKE = re.compile(
    "Ã[\u0080-\u00bf\u0152-\u0178\u02c6-\u2122]|Â[\u00a0-\u00bf]|â€|Ð[\u0080-\u00bf]"
)
"""UTF-8 that was once read as Latin-1 or Windows-1252."""
FUNCTION_WORDS = {
    "English": "the of and is are was with there has no in for that this not",
    "German": "der die das und ist ein eine mit im nicht kein keine bei von zu des auf",
    "Spanish": "el la los las del y se con una por para es sin que en de",
    "French": "le la les des et est une dans du pas pour avec au aux sans de",
    "Italian": "il lo gli della di e con una per non del nel alla si è da",
    "Portuguese": "o os as da do e em com uma não para na no ao sem de",
    "Dutch": "de het een en van is met niet geen op bij voor te dat in er",
}
"""Words that say which language a text is in; those of several count for each."""
FEWEST_WORDS, LEAD = 3, 1.5
MOST_LOOKED_AT = 4000
"""Characters of a text by which its language is told."""
_LANGUAGES = {name: frozenset(words.split()) for name, words in FUNCTION_WORDS.items()}
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class TextLook:
    """One text.

    Args:
        words: how many it has.
        control: control characters that were replaced by blanks.
        lost: characters that stand for bytes which were lost.
        mojibake: whether it holds letters of another encoding.
        identifiers: kinds of `IDENTIFIERS` that it seems to hold.
        language: of `FUNCTION_WORDS`; blank where it cannot be told.
    """

    words: int
    control: int
    lost: int
    mojibake: bool
    identifiers: frozenset[str]
    language: str


def look_at(sample: Sample) -> TextLook | None:
    """Note what the checks of texts need; None where the sample is no text."""
    text, facts = sample.values, sample.geometry.source
    if not isinstance(text, str):
        return None
    return TextLook(
        words=len(_WORD.findall(text)),
        control=int(facts.get("control", 0)),
        lost=int(facts.get("replaced", 0)),
        mojibake=bool(MOJIBAKE.search(text)),
        identifiers=frozenset(kind for kind, form in IDENTIFIERS.items() if form.search(text)),
        language=language_of(text),
    )


def language_of(text: str) -> str:
    """The language whose small words stand in a text most often; blank where none leads."""
    words = _WORD.findall(text[:MOST_LOOKED_AT].lower())
    counted = sorted(
        ((sum(word in small for word in words), name) for name, small in _LANGUAGES.items()),
        reverse=True,
    )
    (most, name), (second, _) = counted[:2]
    return name if most >= FEWEST_WORDS and most >= LEAD * second else ""
