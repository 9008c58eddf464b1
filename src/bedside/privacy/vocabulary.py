"""Dictionaries: names with their gender, cities, countries, and words that are none of them.

Enters: Faker's lists of some sixty languages (MIT) and pydicom's tables of clinical concepts
(MIT). Leaves: one `Vocabulary`, made once a process. Nothing of Faker but its lists is used.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Literal

from bedside.extras import check_extra
from bedside.privacy.words import (
    DEMONYMS,
    DRUG_ENDS,
    DRUGS,
    EPONYMS,
    HEADS,
    MEDICAL_ENDS,
    ORDINARY,
    SPOKEN,
)

Gender = Literal["female", "male", ""]
SHORTEST_NAME = 3
ALL_NAMES = ("first_names_female", "first_names_male", "last_names")
EPONYM = re.compile(HEADS, re.IGNORECASE)
CITIES = ("cities", "city_names", "towns", "villages", "communes", "real_city_names", "provinces",
          "states", "regions", "counties", "boroughs", "concelhos", "settlements")  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Vocabulary:
    """What is known of words; everything in lower case.

    Args:
        given: given name -> gender, blank where both bear it.
        surnames: family names.
        places: cities, regions.
        countries: of the world, in English.
        words: of English and of medicine.
        common: names that are usual in the United States, in alphabetical order.
    """

    given: dict[str, Gender]
    surnames: frozenset[str]
    places: frozenset[str]
    countries: frozenset[str]
    words: frozenset[str]
    common: tuple[str, ...]

    def is_word(self, lower: str) -> bool:
        """Whether it is first of all a word: ordinary, spoken, medical or a drug."""
        return lower in self.words or lower in DRUGS or _made_of_greek(lower)

    def is_given(self, lower: str) -> bool:
        return lower in self.given

    def is_surname(self, lower: str) -> bool:
        return lower in self.surnames

    def is_group(self, lower: str) -> bool:
        """A nationality, people or faith, in the plural too."""
        return lower in DEMONYMS or lower.removesuffix("s") in DEMONYMS


def eponymous(lower: str, after: str) -> bool:
    """Whether a name is that of a disease, a sign or a device, by what follows it."""
    return lower.removesuffix("'s") in EPONYMS or EPONYM.match(after) is not None


@lru_cache(maxsize=1)
def known_words() -> Vocabulary:
    """The dictionaries, read at first use (about three seconds).

    Raises:
        InstallError: Faker is not installed.
    """
    check_extra("privacy", where="de-identification")
    given: dict[str, Gender] = {}
    surnames: set[str] = set()
    for provider in _providers("person"):
        for name in _listed(provider, ("first_names_female", "first_name_female")):
            _give(given, name, "female")
        for name in _listed(provider, ("first_names_male", "first_name_male")):
            _give(given, name, "male")
        for name in _listed(provider, ("first_names", "first_names_nonbinary")):
            given.setdefault(_plain(name), "")
        surnames.update(
            _plain(name)
            for name in _listed(
                provider,
                ("last_names", "last_names_male", "last_names_female", "last_names_nonbinary"),
            )
        )
    places = {p for provider in _providers("address") for p in _listed(provider, CITIES)}
    english = _provider("address", "en").Provider
    words = frozenset({*ORDINARY, *SPOKEN, *_english_words(), *_clinical_words()})
    countries = frozenset(
        piece for c in _listed(english, ("countries",)) for piece in (_plain(c), _short(c))
    )
    return Vocabulary(
        given={n: g for n, g in given.items() if len(n) >= SHORTEST_NAME or not n.isascii()},
        surnames=frozenset(n for n in surnames if len(n) >= SHORTEST_NAME or not n.isascii()),
        places=frozenset(_plain(p) for p in places if len(p) > SHORTEST_NAME),
        countries=countries | {"usa", "uk", "england", "scotland", "wales", "u.s.", "u.k."},
        words=words,
        common=tuple(
            sorted(map(_plain, _listed(_provider("person", "en_US").Provider, ALL_NAMES)))
        ),
    )


def _give(given: dict[str, Gender], name: str, gender: Gender) -> None:
    known = given.setdefault(_plain(name), gender)
    if known != gender:
        given[_plain(name)] = ""


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).lower().strip()


def _short(country: str) -> str:
    """``Bahamas`` of ``Bahamas (the)``."""
    return _plain(re.sub(r"\s*\(.*", "", country).split(",")[0])


def _made_of_greek(lower: str) -> bool:
    return len(lower) > 6 and lower.endswith((*DRUG_ENDS, *MEDICAL_ENDS))


def _providers(topic: str) -> Iterator[type]:
    """Faker's providers of one topic in every language, no Faker object made."""
    package = importlib.import_module(f"faker.providers.{topic}")
    yield package.Provider
    for found in pkgutil.iter_modules(package.__path__):
        yield _provider(topic, found.name).Provider


def _provider(topic: str, language: str) -> ModuleType:
    return importlib.import_module(f"faker.providers.{topic}.{language}")


def _listed(provider: type, names: Iterable[str]) -> Iterator[str]:
    """The entries of some lists of a provider; what it computes instead is passed over."""
    for name in names:
        entries = getattr(provider, name, ())
        if isinstance(entries, property | str) or callable(entries):
            continue
        yield from (entry for entry in entries if isinstance(entry, str))


def _english_words() -> Iterator[str]:
    for language in ("en_US",):
        yield from map(_plain, _provider("lorem", language).Provider.word_list)


def _clinical_words() -> set[str]:
    """Words of the names of clinical concepts that stand there in small letters."""
    from pydicom.sr import _concepts_dict

    found: set[str] = set()
    for codes in _concepts_dict.concepts.values():
        for variants in codes.values():
            for meaning, _ in variants.values():
                found.update(w for w in _WORD.findall(meaning) if w.islower())
    return found
