"""Which findings a text states, and which it denies, by a lexicon that the user brings.

Enters: a JSON file that names findings with their terms, the words that deny them, and
how far those reach; texts. Leaves: mentions with their places, and the findings that a
text states. The method is that of NegEx (Chapman 2001, doi:10.1006/jbin.2001.1029): a
finding is denied where a word of denial stands before it in its clause, or right after it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from bedside.errors import CORRECT, Problems, StudyError, sentence, study_faults

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SENTENCE_ENDS = r"[.!?;]+(?=\s|$)|[\r\n]+"


def _compiles(words: str | list[str]) -> str | list[str]:
    """Refuse what is no regular expression, or matches where there is nothing."""
    pattern = _pattern(words)
    try:
        found = re.compile(pattern).match("")
    except re.error as error:
        raise ValueError(f"expected a regular expression, got one with '{error.msg}'") from None
    if found is not None:
        raise ValueError("expected words, got a pattern that matches an empty text")
    return words


Words: TypeAlias = Annotated[str | list[str], AfterValidator(_compiles)]
"""A regular expression, or a list of plain terms: whole words, ``effusion*`` any ending."""


@dataclass(frozen=True)
class Mention:
    """A finding named in a text: where, and whether it is denied there."""

    finding: str
    start: int
    end: int
    denied: bool


class Lexicon(BaseModel):
    """The words of a lexicon file.

    Args:
        about: for people.
        ignore_case: whether capitals matter.
        sentence_breaks, clause_breaks: what a denial does not reach beyond.
        negation: denies what comes after it in its clause.
        negation_after: denies what stands right before it.
        concepts: finding -> its terms; a file may call them ``findings``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str = ""
    ignore_case: bool = True
    sentence_breaks: Words = SENTENCE_ENDS
    clause_breaks: Words | None = None
    negation: Words | None = None
    negation_after: Words | None = None
    concepts: dict[str, Words] = Field(min_length=1)

    @cached_property
    def _compiled(self) -> dict[str, re.Pattern[str]]:
        return {name: self._search(words) for name, words in self.concepts.items()}

    @cached_property
    def _breaks(self) -> re.Pattern[str]:
        both = [words for words in (self.sentence_breaks, self.clause_breaks) if words is not None]
        return self._search("|".join(f"(?:{_pattern(words)})" for words in both))

    @cached_property
    def _denials(self) -> tuple[re.Pattern[str] | None, re.Pattern[str] | None]:
        before, after = (
            None if words is None else self._search(words)
            for words in (self.negation, self.negation_after)
        )
        return before, after

    def _search(self, words: str | list[str]) -> re.Pattern[str]:
        return re.compile(_pattern(words), re.IGNORECASE if self.ignore_case else 0)

    def mentions(self, text: str) -> list[Mention]:
        """Every finding that a text names, in the order of the lexicon within each clause."""
        before, after = self._denials
        found = []
        for start, clause in self._clauses(text):
            first = None if before is None else before.search(clause)
            for name, pattern in self._compiled.items():
                for match in pattern.finditer(clause):
                    denied = first is not None and first.end() <= match.start()
                    if not denied and after is not None:
                        denied = after.match(clause, match.end()) is not None
                    found.append(Mention(name, start + match.start(), start + match.end(), denied))
        return found

    def stated(self, text: str) -> frozenset[str]:
        """The findings that a text states at least once without denying them there."""
        return frozenset(mention.finding for mention in self.mentions(text) if not mention.denied)

    def _clauses(self, text: str) -> Iterator[tuple[int, str]]:
        """Clauses with the place where each begins."""
        start = 0
        for stop in self._breaks.finditer(text):
            yield start, text[start : stop.start()]
            start = stop.end()
        yield start, text[start:]


def read_lexicon(path: Path, *, where: str = "evaluation.lexicon") -> Lexicon:
    """Read a lexicon file.

    Args:
        path: JSON.
        where: the key of the study file that names it, for messages.

    Raises:
        StudyError: the file is missing, no JSON, or has a wrong key or pattern.
    """
    try:
        words = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise _refused(where, "a file that can be read", "none", "Check the path") from None
    except (ValueError, RecursionError) as error:
        line = f"a fault at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise _refused(where, "JSON in UTF-8", line or "something else", "Mend the file") from None
    if not isinstance(words, dict):
        remedy = "Write an object with the key concepts"
        raise _refused(where, "a JSON object", f"a {type(words).__name__}", remedy)
    return parse_lexicon(words, where=where)


def parse_lexicon(words: dict[str, Any], *, where: str = "lexicon") -> Lexicon:
    """A lexicon from the words of its file.

    Raises:
        StudyError: every wrong key and pattern, by name.
    """
    if "findings" in words and "concepts" not in words:
        words = {("concepts" if key == "findings" else key): own for key, own in words.items()}
    if not words.get("concepts"):
        remedy = "Add the key concepts, with a finding and its terms"
        raise _refused(where, "at least one finding", "none", remedy)
    try:
        return Lexicon.model_validate(words)
    except ValidationError as error:
        found = study_faults(error, model=Lexicon, words=words, where=where)
        faults = [fault.replace(CORRECT, "Correct it in the lexicon file") for fault in found]
    Problems(StudyError, faults).raise_if_any()
    raise StudyError(f"{where}: not valid.")  # never reached: pydantic names at least one fault


@lru_cache(maxsize=8)
def lexicon_of(text: str) -> Lexicon:
    """The lexicon that `Lexicon.model_dump_json` wrote."""
    return Lexicon.model_validate_json(text)


@lru_cache(maxsize=2**15)
def stated_findings(lexicon: str, text: str) -> frozenset[str]:
    """`Lexicon.stated` of texts that are asked about again and again.

    Args:
        lexicon: as JSON text, see `lexicon_of`.
        text: any.
    """
    return lexicon_of(lexicon).stated(text)


def _refused(where: str, expected: str, got: str, remedy: str) -> StudyError:
    return StudyError(sentence(where, expected=expected, got=got, remedy=remedy))


def _pattern(words: str | list[str]) -> str:
    if isinstance(words, str):
        return words
    terms = [_term(word) for word in sorted(words, key=len, reverse=True)]
    return rf"(?<!\w)(?:{'|'.join(terms)})"


def _term(word: str) -> str:
    """A plain term as a pattern: blanks of any length, ``*`` at the end for any ending."""
    stem = word.strip().removesuffix("*")
    spaced = r"\s+".join(re.escape(part) for part in stem.split())
    return spaced + (r"\w*" if word.strip().endswith("*") else r"(?!\w)")
