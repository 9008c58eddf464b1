"""Made-up notes: every offset is true, dates keep their order, the same seed the same notes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bedside.data.sources import load_cohort
from bedside.data.synthetic import REGISTRY, make_cohort
from bedside.data.synthetic.notes import make_notes
from bedside.errors import DataError
from bedside.study import Study
from bedside.training.preparation import build_task

EXAMPLE = Path(__file__).parents[2] / "examples" / "notes_tag.yaml"


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


@pytest.mark.parametrize(
    ("column", "labels"),
    [("entities", {"condition", "device", "drug", "symptom"}), ("identifiers", {"name", "date"})],
)
def test_they_are_a_study_of_entities_as_they_are(column: str, labels: set[str]) -> None:
    study = Study.load(EXAMPLE, overrides=["data.patients=20", f"target.column={column}"])
    cohort = load_cohort(study)
    targets = build_task(study).targets(cohort)
    assert labels <= set(targets.names)
    entries = json.loads(cohort.cases[column][0])
    wanted = [[one["start"], one["end"], one["kind"]] for one in entries]
    assert json.loads(targets.arrays["truth"][0]) == sorted(wanted)
