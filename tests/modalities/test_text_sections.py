"""Sections of notes: on made-up notes whose sections are known, and on what is no heading."""

from __future__ import annotations

import json

from bedside.data.synthetic.notes import make_notes
from bedside.modalities.text_sections import KINDS, sections_of


def test_sections_of_made_up_notes_are_found() -> None:
    table = make_notes(patients=40, seed=3).table
    for note, cell in zip(table["note"], table["sections"], strict=True):
        wanted = [
            (one["heading"], note[one["start"] : one["end"]].strip()) for one in json.loads(cell)
        ]
        found = sections_of(note)
        own = [(s.heading, note[s.start : s.end]) for s in found if s.kind != "signature"]
        assert own == wanted
        assert found[-1].kind == "signature"


def headings(text: str) -> list[tuple[str, str | None]]:
    return [(one.heading, one.kind) for one in sections_of(text)]


def test_headings_in_their_forms() -> None:
    assert headings(
        "FINDINGS: Clear. IMPRESSION: 1. Normal.\n## Plan\nGo home.\n**Allergies:** none\n"
        "  social history :\nHOSPITAL COURSE BY PROBLEM:\nGood.\nMedications\naspirin"
    ) == [
        ("FINDINGS", "findings"),
        ("IMPRESSION", "impression"),
        ("Plan", "plan"),
        ("Allergies", "allergies"),
        ("social history", "social_history"),
        ("HOSPITAL COURSE BY PROBLEM", None),
        ("Medications", "medications"),
    ]


def test_what_is_no_heading() -> None:
    assert (
        headings("MRN: 12345\nBP: 120/80\nSeen by: Dr. A\nNKDA\nwe discussed the\nplan\nagain")
        == []
    )
    assert headings("The impression: good. No plan: wait.") == []
    assert headings("") == []


def test_a_section_ends_where_the_next_begins() -> None:
    text = "Seen today.\nFindings:  clear \n\nImpression:\n"
    sections = sections_of(text)
    assert [text[s.start : s.end] for s in sections] == ["Findings:  clear", "Impression:"]
    assert [text[s.body : s.end] for s in sections] == ["clear", ""]


def test_a_heading_is_of_one_kind() -> None:
    every = [heading for kind in KINDS.values() for heading in kind.headings]
    assert len(every) == len(set(every))
    assert all(heading == heading.lower() for heading in every)
