"""Sections of a note, by its headings.

Enters: a text. Leaves: where each section begins and ends, its heading as it is written, and
which of the common sections it is. English headings; a heading stands at the beginning of a line,
or within one in capitals behind the end of a sentence, as in dictated reports.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Kind:
    """A section that many notes have.

    Args:
        headings: how it is headed, in small letters.
        loinc: its code.
    """

    headings: tuple[str, ...]
    loinc: str


KINDS = {
    "chief_complaint": Kind(("chief complaint", "cc", "reason for visit", "presenting complaint"),
                            "10154-3"),
    "history_of_present_illness": Kind(("history of present illness", "history of the present "
                                        "illness", "hpi", "present illness"), "10164-2"),
    "past_medical_history": Kind(("past medical history", "pmh", "medical history",
                                  "past medical and surgical history"), "11348-0"),
    "past_surgical_history": Kind(("past surgical history", "psh", "surgical history"), "10167-5"),
    "medications": Kind(("medications", "current medications", "home medications", "meds",
                         "medications on admission", "discharge medications"), "10160-0"),
    "allergies": Kind(("allergies", "drug allergies", "allergies and intolerances"), "48765-2"),
    "family_history": Kind(("family history", "fh", "family medical history"), "10157-6"),
    "social_history": Kind(("social history", "sh"), "29762-2"),
    "review_of_systems": Kind(("review of systems", "ros", "systems review"), "10187-3"),
    "vital_signs": Kind(("vital signs", "vitals"), "8716-3"),
    "physical_exam": Kind(("physical exam", "physical examination", "exam", "examination",
                           "physical findings"), "29545-1"),
    "laboratory": Kind(("laboratory data", "laboratory", "labs", "laboratory results",
                        "pertinent results", "results"), "30954-2"),
    "procedures": Kind(("procedure", "procedures", "procedures performed", "operation"), "29554-3"),
    "hospital_course": Kind(("hospital course", "brief hospital course", "clinical course"),
                            "8648-8"),
    "assessment": Kind(("assessment", "clinical assessment"), "51848-0"),
    "assessment_and_plan": Kind(("assessment and plan", "assessment/plan", "assessment & plan",
                                 "a/p", "impression and plan"), "51847-2"),
    "plan": Kind(("plan", "plan of care", "treatment plan", "recommendations", "recommendation"),
                 "18776-5"),
    "discharge_diagnosis": Kind(("discharge diagnosis", "discharge diagnoses", "final diagnosis",
                                 "final diagnoses"), "11535-2"),
    "discharge_instructions": Kind(("discharge instructions", "followup instructions",
                                    "follow-up instructions"), "8653-8"),
    "indication": Kind(("indication", "indications", "clinical indication", "reason for exam",
                        "clinical history", "clinical information", "history"), "18785-6"),
    "comparison": Kind(("comparison", "comparisons"), "18834-2"),
    "technique": Kind(("technique",), "55111-9"),
    "findings": Kind(("findings", "radiological findings"), "59776-5"),
    "impression": Kind(("impression", "impressions", "conclusion", "conclusions"), "19005-8"),
    "signature": Kind(("electronically signed by", "signed by", "dictated by", "signature"), ""),
}  # fmt: skip
"""Name -> section. The codes are LOINC's, of document sections."""
LONGEST_HEADING = 60
LINE = re.compile(
    rf"^[ \t]*(?:#{{1,6}}[ \t]*|\*\*)?(?P<heading>[^\W\d_][^\n:]{{1,{LONGEST_HEADING}}}?)"
    r"[ \t]*(?:\*\*)?(?:(?P<colon>:)(?:\*\*)?(?P<more>(?![ \t]*$))?|[ \t]*$)",
    re.MULTILINE,
)
"""What may be a heading, at the beginning of a line."""
FEWEST_LETTERS = 4
"""Of a heading that nobody knows."""


@dataclass(frozen=True)
class Section:
    """A section of a text.

    Args:
        heading: as it is written, without its colon.
        kind: one of `KINDS`, None where it is no common one.
        start: where its heading begins.
        body: where what stands below the heading begins.
        end: where it ends: at the next heading, or with the text; blanks at its end left out.
    """

    heading: str
    kind: str | None
    start: int
    body: int
    end: int


def sections_of(text: str) -> list[Section]:
    """The sections of a text in their order; what stands before the first heading is in none."""
    found = sorted(_headings(text))
    ends = [*(start for start, _ in found[1:]), len(text)]
    sections = []
    for (start, stop), following in zip(found, ends, strict=False):
        end = following
        while text[end - 1].isspace():
            end -= 1
        heading = text[start:stop]
        body = min(_behind(text, stop), end)
        sections.append(Section(heading, kind_of(heading), start, body, end))
    return sections


def kind_of(heading: str) -> str | None:
    """Which of the common sections a heading names."""
    return _kinds().get(" ".join(heading.lower().split()))


@cache
def _kinds() -> dict[str, str]:
    return {heading: name for name, kind in KINDS.items() for heading in kind.headings}


@cache
def _inline() -> re.Pattern[str]:
    names = sorted((re.escape(name.upper()) for name in _kinds()), key=len, reverse=True)
    return re.compile(rf"(?<=[.!?])[ \t]+(?P<heading>{'|'.join(names)})[ \t]*:")


def _headings(text: str) -> list[tuple[int, int]]:
    """Start and end of each heading."""
    at_line = [found.span("heading") for found in LINE.finditer(text) if _is_heading(found)]
    return at_line + [found.span("heading") for found in _inline().finditer(text)]


def _is_heading(found: re.Match[str]) -> bool:
    """A common one, or one in capitals with a colon and nothing behind it on its line."""
    heading = found["heading"]
    if kind_of(heading) is not None:
        return bool(found["colon"]) or heading[0].isupper()
    letters = sum(letter.isalpha() for letter in heading)
    alone = bool(found["colon"]) and found["more"] is None
    return heading.isupper() and alone and letters >= FEWEST_LETTERS


def _behind(text: str, stop: int) -> int:
    """Where the body begins: behind the colon, marks and blanks that follow a heading."""
    while stop < len(text) and text[stop] in ":* \t\r\n":
        stop += 1
    return stop
