"""Whether a text denies what it names: phrases of denial, how far they reach, where that ends.

Enters: a text and stretches of it. Leaves: which of them it denies. The method is that of NegEx
(Chapman 2001, doi:10.1006/jbin.2001.1029): a phrase before a finding denies it, and so does one
right after it; "not only" and the like deny nothing. As in its later form (Harkema 2009,
doi:10.1016/j.jbi.2009.05.002), a denial reaches to the end of its clause, not five words, since
lists of what a patient denies are longer.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict

SENTENCE_ENDS = r"[.!?;]+(?=\s|$)|[\r\n]+"


def _compiles(words: str | list[str]) -> str | list[str]:
    """Refuse what is no regular expression, or matches where there is nothing."""
    pattern = as_pattern(words)
    try:
        found = re.compile(pattern).match("")
    except re.error as error:
        raise ValueError(f"expected a regular expression, got one with '{error.msg}'") from None
    if found is not None:
        raise ValueError("expected words, got a pattern that matches an empty text")
    return words


Words: TypeAlias = Annotated[str | list[str], AfterValidator(_compiles)]
"""A regular expression, or a list of plain terms: whole words, ``effusion*`` any ending."""


class Negation(BaseModel):
    """Words of denial.

    Args:
        about: for people.
        ignore_case: whether capitals matter.
        sentence_breaks, clause_breaks: what a denial does not reach beyond.
        negation: denies what comes after it in its clause.
        negation_after: denies what stands right before it.
        no_negation: phrases that hold words of denial and deny nothing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str = ""
    ignore_case: bool = True
    sentence_breaks: Words = SENTENCE_ENDS
    clause_breaks: Words | None = None
    negation: Words | None = None
    negation_after: Words | None = None
    no_negation: Words | None = None

    def denied(self, text: str, spans: Sequence[tuple[int, int]]) -> list[bool]:
        """Which stretches of a text, start and end, it denies."""
        if not spans:
            return []
        stretches = list(self._stretches(text))
        starts = [start for start, _ in stretches]

        @cache
        def clause(number: int) -> Clause:
            return self._clause(text, *stretches[number])

        def at(place: int) -> Clause:
            return clause(max(bisect_right(starts, place) - 1, 0))

        return [
            at(start).denies_after(start) or at(end - 1).denies_before(end) for start, end in spans
        ]

    def clauses(self, text: str) -> Iterator[Clause]:
        """The clauses of a text."""
        for start, stop in self._stretches(text):
            yield self._clause(text, start, stop)

    def searched(self, words: str | list[str]) -> re.Pattern[str]:
        """What finds some words, with regard to capitals where these words have it."""
        return re.compile(as_pattern(words), re.IGNORECASE if self.ignore_case else 0)

    def _stretches(self, text: str) -> Iterator[tuple[int, int]]:
        start = 0
        for stop in self._breaks.finditer(text):
            yield start, stop.start()
            start = stop.end()
        yield start, len(text)

    def _clause(self, text: str, start: int, stop: int) -> Clause:
        before, after, idle = self._denials
        words = text[start:stop]
        bare = words if idle is None else idle.sub(_blotted, words)
        first = None if before is None else before.search(bare)
        return Clause(start, words, bare, None if first is None else first.end(), after)

    @cached_property
    def _breaks(self) -> re.Pattern[str]:
        both = [words for words in (self.sentence_breaks, self.clause_breaks) if words is not None]
        return self.searched("|".join(f"(?:{as_pattern(words)})" for words in both))

    @cached_property
    def _denials(self) -> tuple[re.Pattern[str] | None, ...]:
        return tuple(
            None if words is None else self.searched(words)
            for words in (self.negation, self.negation_after, self.no_negation)
        )


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of a text that a denial does not reach beyond.

    Args:
        start: its place in the text.
        words: the stretch.
        bare: the same, what denies nothing blotted out.
        denied_from: the end, within it, of its first phrase that denies what follows.
        after: finds what denies what stands before it.
    """

    start: int
    words: str
    bare: str
    denied_from: int | None
    after: re.Pattern[str] | None

    def denies_after(self, place: int) -> bool:
        """Whether a phrase of denial stands before a place of the text."""
        return self.denied_from is not None and self.denied_from <= place - self.start

    def denies_before(self, place: int) -> bool:
        """Whether a phrase of denial stands right behind a place of the text."""
        return self.after is not None and bool(self.after.match(self.bare, place - self.start))


def as_pattern(words: str | list[str]) -> str:
    """Words of a file as a regular expression."""
    if isinstance(words, str):
        return words
    terms = [_term(word) for word in sorted(words, key=len, reverse=True)]
    return rf"(?<!\w)(?:{'|'.join(terms)})"


def _term(word: str) -> str:
    """A plain term as a pattern: blanks of any length, ``*`` at the end for any ending."""
    stem = word.strip().removesuffix("*")
    spaced = r"\s+".join(re.escape(part) for part in stem.split())
    return spaced + (r"\w*" if word.strip().endswith("*") else r"(?!\w)")


def _blotted(found: re.Match[str]) -> str:
    return "_" * len(found[0])


LAYOUT = (
    r"[.!?;]+(?=\s|$)"
    r"|\n[ \t]*\n"
    r"|\n(?=[ \t]*(?:[-*\u2022]|\d+[.)]|(?-i:[A-Z])|[^\n:]{1,40}:))"
)
"""Ends of sentences, and of lines that do not just wrap: the next is a point of a list, has a
heading, or begins with a capital."""
BEFORE = [
    *("no", "not", "without", "never", "neither", "nor", "denies", "denied", "deny", "denying"),
    *("absence of", "absent", "lack of", "lacks", "lacked", "free of", "clear of", "negative for"),
    *("negative", "non", "rules out", "ruled out for", "ruled him out", "ruled her out"),
    *("fails to reveal", "failed to reveal", "declines", "cannot see", "can't see", "doesn't have"),
    *("didn't have", "hasn't had", "isn't", "wasn't", "unremarkable for", "rather than"),
    *("nothing to suggest", "to exclude", "resolution of", "instead of", "exclude", "excludes"),
]
_LINK = r"(?:is|are|was|were|has been|have been|had been|can be|could be)"
_UNSEEN = "seen|present|identified|demonstrated|appreciated|detected|found|noted|evident|observed"
AFTER = (
    rf"(?:\s+[\w-]+){{0,3}}?\s+(?:{_LINK}\s+)?(?:"
    rf"(?:not|no longer)\s+(?:been\s+)?(?:{_UNSEEN})"
    r"|(?:ruled\s+out|excluded|absent|unlikely|denied|resolved)"
    r")(?!\w)"
    rf"|\s*(?::|-|{_LINK})\s*(?:negative|none|neg|no|absent|denied|denies)(?!\w)"
    r"|[ -]free(?!\w)"
)
NOTHING = [
    *("gram negative", "gram-negative", "rh negative", "not only", "not necessarily", "no further"),
    *("not certain if", "not certain whether", "not sure if", "not sure whether", "not ruled out"),
    *("not been ruled out", "not rule out", "not exclude*", "cannot be excluded", "not drain"),
    *("without difficulty", "without further", "without any further", "no increase", "no change"),
    *("no significant change", "no interval change", "no significant interval change"),
    *("no definite change", "no suspicious change", "not extend", "not cause", "not significantly"),
    *("no known", "not changed", "no more than", "no improvement", "not improved", "not resolved"),
    *(
        "no doubt",
        "not tolerate*",
        "whether or not",
        "not unlikely",
        "double negative",
        "no relief",
    ),
]
"""What holds a word of denial and states, or leaves open, what follows."""
CLAUSE_ENDS = (
    r"(?<!\w)(?:but|however|nevertheless|yet|though|although|still|aside from|except|apart from|"
    r"secondary to|as the (?:cause|source|reason|etiology) of|(?:etiology|cause|source|reason) for|"
    r"which|who|because|since|due to|causing|presents? with|presented with|presenting with)(?!\w)"
    r"|(?:,|(?<!\w)and|(?<!\w)or)\s+(?:\w+\s+)?(?:has|have|had|is|are|was|were|reports?|reported|"
    r"complains? of|complained of|admits?|shows?|showed|reveals?|revealed|continues?|remains?|"
    r"positive for)(?!\w)"
)
ENGLISH = Negation(
    about="English notes",
    sentence_breaks=LAYOUT,
    clause_breaks=CLAUSE_ENDS,
    negation=BEFORE,
    negation_after=AFTER,
    no_negation=NOTHING,
)
"""Phrases of NegEx for English, as far as they deny and do not doubt."""
