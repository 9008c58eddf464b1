"""Which findings a text states, and which it denies, by a lexicon that the user brings.

Enters: a JSON file that names findings with their terms, the words that deny them, and
how far those reach; texts. Leaves: mentions with their places, and the findings that a
text states. What a text denies is told by `negation`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError

from bedside.errors import CORRECT, Problems, StudyError, sentence, study_faults
from bedside.tasks.negation import Negation, Words

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Mention:
    """A finding named in a text: where, and whether it is denied there."""

    finding: str
    start: int
    end: int
    denied: bool


class Lexicon(Negation):
    """The words of a lexicon file: what denies, and what there is to be denied.

    Args:
        concepts: finding -> its terms; a file may call them ``findings``.
    """

    concepts: dict[str, Words] = Field(min_length=1)

    @cached_property
    def _compiled(self) -> dict[str, re.Pattern[str]]:
        return {name: self.searched(words) for name, words in self.concepts.items()}

    def mentions(self, text: str) -> list[Mention]:
        """Every finding that a text names, in the order of the lexicon within each clause."""
        found = []
        for clause in self.clauses(text):
            for name, pattern in self._compiled.items():
                for match in pattern.finditer(clause.words):
                    start, end = clause.start + match.start(), clause.start + match.end()
                    denied = clause.denies_after(start) or clause.denies_before(end)
                    found.append(Mention(name, start, end, denied))
        return found

    def stated(self, text: str) -> frozenset[str]:
        """The findings that a text states at least once without denying them there."""
        return frozenset(mention.finding for mention in self.mentions(text) if not mention.denied)


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
