"""One note as one structured record.

Enters: a note's text, what packages said of it, a dictionary of codes. Leaves: a plain dictionary
with sections, entities, codes, summaries and classes; every place counts characters of the note
as it was written.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from bedside.modalities.text_sections import Section, sections_of
from bedside.tasks.negation import ENGLISH, Negation

if TYPE_CHECKING:
    from bedside.deployment.notes.codes import Code, CodeBook
    from bedside.deployment.notes.panel import Answers
    from bedside.deployment.tagger import Sure
    from bedside.modalities.text_places import Places

Record: TypeAlias = dict[str, Any]


def structured(
    written: str,
    places: Places,
    answers: Answers,
    *,
    codes: CodeBook | None = None,
    negation: Negation = ENGLISH,
) -> Record:
    """What a note holds.

    Args:
        written: the note as it was written.
        places: the same as it is read, and the way back.
        answers: of the packages, to the text as it is read.
        codes: the user's terms.
        negation: words of denial.

    Returns:
        ``sha256`` of the text in UTF-8, ``characters``, ``sections``, ``entities``, ``codes``,
        ``summaries`` and ``classes``, as ``docs/process.md`` describes them.
    """
    text = places.text
    sections = sections_of(text)
    coded = [] if codes is None else codes.matches(text)
    found = sorted(
        ((name, sure) for name, own in answers.entities.items() for sure in own),
        key=lambda one: (one[1][0], one[0]),
    )
    spans = [(sure[0].start, sure[0].end) for _, sure in found]
    denied = negation.denied(text, [*spans, *((start, end) for start, end, _ in coded)])
    place = _Placer(places, sections)
    return {
        "sha256": hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest(),
        "characters": len(written),
        "sections": [place.section(one) for one in sections],
        "entities": [
            place.entity(name, sure, coded, denied=no)
            for (name, sure), no in zip(found, denied, strict=False)
        ],
        "codes": [
            {**place.span(start, end), "denied": no, "codes": as_json(own)}
            for (start, end, own), no in zip(coded, denied[len(found) :], strict=True)
        ],
        "summaries": answers.summaries,
        "classes": answers.classes,
    }


def as_json(codes: Sequence[Code]) -> list[dict[str, str]]:
    """Codes as a record holds them."""
    return [{"code": code, "system": system} for code, system in codes]


class _Placer:
    """Stretches of the text as it is read -> stretches of the note, with words and section."""

    def __init__(self, places: Places, sections: list[Section]) -> None:
        self._places, self._sections = places, sections
        self._starts = [section.start for section in sections]

    def span(self, start: int, end: int) -> Record:
        before = bisect_right(self._starts, start) - 1
        section = self._sections[before] if before >= 0 else None
        return {
            "start": self._places.start(start),
            "end": self._places.end(end),
            "words": self._places.text[start:end],
            "section": None if section is None else section.kind or section.heading,
        }

    def section(self, one: Section) -> Record:
        return {
            "heading": one.heading,
            "kind": one.kind,
            "start": self._places.start(one.start),
            "body": self._places.start(one.body),
            "end": self._places.end(one.end),
        }

    def entity(
        self,
        name: str,
        sure: Sure,
        coded: Sequence[tuple[int, int, tuple[Code, ...]]],
        *,
        denied: bool,
    ) -> Record:
        """An entity; its codes are those of the terms inside it, of the longest one first."""
        entity, probability = sure
        first = bisect_left(coded, entity.start, key=lambda one: one[0])
        last = bisect_left(coded, entity.end, key=lambda one: one[0])
        inside = [one for one in coded[first:last] if one[1] <= entity.end]
        inside.sort(key=lambda one: one[0] - one[1])
        return {
            **self.span(entity.start, entity.end),
            "label": entity.label,
            "probability": probability,
            "denied": denied,
            "codes": [code for _, _, own in inside for code in as_json(own)],
            "by": name,
        }


def headed(record: Mapping[str, Any], *, number: int, name: str, patient: str | None) -> Record:
    """A record with what names its note."""
    return {"number": number, "note": name, "patient": patient, **record}
