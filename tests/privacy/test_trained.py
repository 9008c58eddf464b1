"""A trained tagger beside the rules."""

from __future__ import annotations

import pytest

from bedside.errors import StudyError
from bedside.modalities.text_entities import Entity
from bedside.privacy.identifiers import find_identifiers
from bedside.privacy.trained import identifying, kind_of_label


@pytest.mark.parametrize(
    ("label", "kind"),
    [("PERSON", "name"), ("Date", "date"), ("US_SSN", "number"), ("name", "name"), ("GPE", "place"),
     ("Phone Number", "phone")],
)  # fmt: skip
def test_labels_of_others_are_known(label: str, kind: str) -> None:
    assert kind_of_label(label) == kind


def test_other_labels_are_refused_before_anything_is_read() -> None:
    with pytest.raises(StudyError, match=r"got 'Disease'.*target\.labels"):
        identifying(lambda _: [], ["PERSON", "Disease"])


def test_what_rules_miss_the_tagger_finds() -> None:
    text = "seen with zyxwvski in the ward"
    start = text.index("zyxwvski")
    tagger = identifying(lambda _: [(Entity(start, start + 8, "PERSON"), 0.9)], ["PERSON"])
    assert not find_identifiers(text)
    (found,) = find_identifiers(text, tagger=tagger)
    assert (found.start, found.end, found.kind, found.rule) == (start, start + 8, "name", "tagger")
