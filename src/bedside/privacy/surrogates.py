"""What stands in the place of an identifier: made up, of the same form, always the same.

Enters: a secret, a patient and the words of a span. Leaves: other words. The same words of
the same patient always give the same surrogate, since it is drawn by a keyed hash (HMAC);
nothing is kept in memory, and without the secret nobody can draw it again.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from bedside.privacy.dates import Reading, moved
from bedside.privacy.spans import OLDEST_TOLD, Kind
from bedside.privacy.vocabulary import Vocabulary, known_words
from bedside.privacy.words import PARTICLES

WEEKS = (13, 260)
"""Fewest and most weeks by which a patient's dates move back; whole ones keep weekdays."""
TOWNS = (
    "Ashby", "Barrowmere", "Calderfield", "Dunmore", "Eastlake", "Fernhill", "Glenmoor",
    "Harwick", "Inverleigh", "Kelbrook", "Langmere", "Marwood", "Netherby", "Oakhurst",
    "Pendale", "Quarrington", "Rosmere", "Stanwick", "Thornbury", "Ulverfield", "Wexcombe",
    "Yarrowby", "Aldermoor", "Brightwater", "Coldbrook", "Deerfield", "Elmstead", "Foxholm",
    "Greyford", "Hollowell", "Ironbridge", "Juniper", "Kingsmere", "Larkfield", "Millbrook",
    "Northwold", "Orchardleigh", "Pinehurst", "Ravensby", "Silverdale", "Tidewell", "Upbrook",
    "Valebrook", "Whitcombe", "Birchmere", "Cedarholm",
)  # fmt: skip
KEPT = frozenset({
    "street", "st", "avenue", "ave", "road", "rd", "drive", "dr", "lane", "ln", "boulevard",
    "blvd", "court", "ct", "place", "pl", "square", "sq", "way", "circle", "parkway", "highway",
    "trail", "terrace", "crescent", "apt", "apartment", "suite", "ste", "unit", "flat", "floor",
    "box", "po", "p", "o", "rue", "via", "calle", "rua", "ul", "plaza", "piazza", "avenida",
    "north", "south", "east", "west", "n", "s", "e", "w", "of", "and", "the", "at", "in", "psc",
    "apo", "fpo", "dpo", "building", "bldg", "corner", "room", "hospital", "clinic", "medical",
    "center", "centre", "general", "health", "healthcare", "university", "college", "school",
    "institute", "bank", "inc", "llc", "ltd", "group", "company", "laboratory", "laboratories",
    "pharmacy", "nursing", "home", "surgery", "department", "services", "church", "hospice",
})  # fmt: skip
"""Words of an address or a firm that name nobody."""
GONE = {"date": "[date]"}
LETTERS = "abcdefghijklmnopqrstuvwxyz"
_PART = re.compile(r"[^\W\d_]+|\d+")


@dataclass(frozen=True)
class Surrogates:
    """Draws the surrogates of one patient.

    Args:
        secret: 32 bytes or more, the same for all patients of one release.
        patient: by whatever name the files call the patient.
    """

    secret: bytes
    patient: str

    @cached_property
    def days(self) -> int:
        """By how many days the patient's dates move; whole weeks, into the past."""
        low, high = WEEKS
        return -7 * (low + self._draw("shift", "", high - low + 1))

    def pseudonym(self, noun: str = "patient") -> str:
        """A code in the place of the patient's number."""
        return f"{noun}-{self._digest('code', noun).hex()[:10]}"

    def replacement(self, words: str, kind: Kind, reading: Reading) -> str:
        """Other words in the place of these.

        Args:
            words: as the text has them.
            kind: what they identify by.
            reading: how the dates of the text are to be read.
        """
        if kind == "date":
            return moved(words, self.days, reading) or GONE["date"]
        if kind == "name":
            return _PART.sub(lambda m: self._name(m.group()), words)
        if kind == "age":
            return _age(words)
        if kind == "email":
            return f"{self._code('email', words)}@example.org"
        if kind == "url":
            return f"https://example.org/{self._code('url', words)}"
        if kind == "ip":
            last = 1 + self._draw("ip", words, 254)
            return f"2001:db8::{last:x}" if ":" in words else f"192.0.2.{last}"
        if kind in ("place", "country", "group", "title"):
            return _like(TOWNS[self._draw("town", words.lower(), len(TOWNS))], words)
        if kind in ("address", "organisation"):
            return _PART.sub(lambda m: self._in_address(m.group(), words), words)
        return self._same_form(words)

    def _digest(self, role: str, words: str) -> bytes:
        message = "\0".join([self.patient, role, words]).encode("utf-8", "surrogatepass")
        return hmac.digest(self.secret, message, "sha256")

    def _draw(self, role: str, words: str, below: int) -> int:
        return int.from_bytes(self._digest(role, words)[:8], "big") % below

    def _code(self, role: str, words: str) -> str:
        return self._digest(role, words.lower()).hex()[:8]

    def _name(self, word: str) -> str:
        """One word of a name: given names stay of their gender, initials stay initials."""
        lower, known = word.lower(), known_words()
        if word.isdigit():
            return self._same_form(word)
        if lower in PARTICLES or lower in ("md", "phd", "rn", "jr", "sr", "ii", "iii"):
            return word
        if len(word) == 1:
            return _like(LETTERS[self._draw("initial", lower, len(LETTERS))], word)
        role = known.given[lower] or "either" if known.is_given(lower) else "surname"
        pool = _pools()[role]
        place = self._draw(role, lower, len(pool))
        name = pool[place] if pool[place] != lower else pool[place - 1]
        return _like(name.title(), word)

    def _in_address(self, part: str, whole: str) -> str:
        lower = part.lower()
        if part.isdigit():
            return self._same_form(part)
        if lower in KEPT:
            return part
        if len(part) <= 2:
            return self._same_form(part)
        return _like(TOWNS[self._draw("town", f"{whole.lower()}\0{lower}", len(TOWNS))], part)

    def _same_form(self, words: str) -> str:
        """Digits for digits and letters for letters, all else as it is."""
        plain = re.sub(r"[^\w]", "", words).lower()
        stream = b"".join(self._digest(f"form{n}", plain) for n in range(len(words) // 32 + 1))
        return "".join(map(_same_sign, words, stream))


def _same_sign(sign: str, byte: int) -> str:
    if sign.isdigit():
        return str(byte % 10)
    return _like(LETTERS[byte % len(LETTERS)], sign) if sign.isalpha() else sign


def _age(words: str) -> str:
    """Every age above the oldest that may be told, as one."""
    if words.isdigit():
        return words if int(words) <= OLDEST_TOLD else str(OLDEST_TOLD + 1)
    return "ninety"


def _like(new: str, old: str) -> str:
    """New words in capitals, in small letters or in the usual form, as the old ones."""
    if old.isupper() and (len(old) > 1 or len(new) == 1):
        return new.upper()
    return new.lower() if old.islower() else new


@lru_cache(maxsize=1)
def _pools() -> dict[str, Sequence[str]]:
    """Plain English names to draw from, by gender; those that are also words are left out."""
    known: Vocabulary = known_words()
    plain = [n for n in known.common if n.isascii() and n.isalpha() and not known.is_word(n)]
    given = [n for n in plain if n in known.given]
    return {
        "female": [n for n in given if known.given[n] == "female"],
        "male": [n for n in given if known.given[n] == "male"],
        "either": given,
        "surname": [n for n in plain if n in known.surnames and n not in known.given],
    }
