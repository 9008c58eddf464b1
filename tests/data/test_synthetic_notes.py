"""Made-up notes: every offset is true, dates keep their order, the same seed the same notes."""

from __future__ import annotations

import json

import pytest

from bedside.data.synthetic import REGISTRY, make_cohort
from bedside.data.synthetic.notes import make_notes
from bedside.errors import DataError


def test_offsets_hold_the_words_that_they_name() -> None:
    table = make_cohort("notes", patients=20, seed=5).table
    assert REGISTRY.load("notes") is make_notes
    kinds, denied = set(), set()
    for note, identifiers, entities, sections in table[
        ["note", "identifiers", "entities", "sections"]
    ].itertuples(index=False):
        for entry in (*json.loads(identifiers), *json.loads(entities)):
            assert note[entry["start"] : entry["end"]] == entry["words"]
        kinds |= {entry["kind"] for entry in json.loads(identifiers)}
        denied |= {entry["denied"] for entry in json.loads(entities)}
        for section in json.loads(sections):
            assert note[section["start"] :].startswith(f"\n{section['heading']}:\n")
    assert kinds >= {"name", "date", "number", "phone", "address", "organisation", "place", "email"}
    assert denied == {True, False}


def test_notes_of_a_patient_share_names_and_go_on_in_time() -> None:
    table = make_cohort("notes", patients=20, seed=5).table
    for _, own in table.groupby("patient_id"):
        assert list(own["time"]) == sorted(set(own["time"]))
        heads = {json.loads(cell)[0]["words"] for cell in own["identifiers"]}
        assert len(heads) == 1
    again = make_cohort("notes", patients=20, seed=5).table
    assert again.equals(table)
    assert not make_cohort("notes", patients=20, seed=6).table["note"].equals(table["note"])


def test_too_few_patients_are_refused() -> None:
    with pytest.raises(
        DataError, match=r"^synthetic notes, patients: expected at least 3, got 2\."
    ):
        make_notes(patients=2, seed=1)
