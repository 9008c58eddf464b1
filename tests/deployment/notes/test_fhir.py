"""Records as FHIR R4: valid by a library that knows the standard, and saying what the note says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle

from bedside.deployment.notes import job
from bedside.deployment.notes.fhir import coding
from bedside.deployment.notes.job import process
from bedside.errors import RunError

from .panel_made import FOUND, panel

NOTE = 'FINDINGS: fever <b> & "cough".\n\nPLAN:\nDenies nausea. aspirin\x0b\n'


@pytest.fixture(autouse=True)
def _made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FOUND, "cough", "Disease")
    monkeypatch.setattr(job, "open_panel", lambda *_, **__: panel())


def bundles(folder: Path, *, batch_size: int = 64, **options: Any) -> list[dict[str, Any]]:
    (folder / "codes.csv").write_text(
        "term,code,system\nnausea,R11,ICD-10\ncough,R05,http://x.org\ncough,7,Our own\n"
    )
    rows = [["id", "who", "text"], ["n1", "p1", NOTE], ["n2", "", NOTE], ["n3", "p2", ""]]
    lines = ["\t".join(json.dumps(cell).replace('\\"', '""') for cell in row) for row in rows]
    content = "\n".join(lines).replace("\\n", "\n").replace("\\u000b", "\x0b") + "\n\t\tx\ty\n"
    (folder / "n.tsv").write_text(content)
    process(
        [],
        folder / "n.tsv",
        folder / "r.jsonl",
        fhir=folder / "r.ndjson",
        codes=folder / "codes.csv",
        column="text",
        id_column="id",
        patient_column="who",
        batch_size=batch_size,
        **options,
    )
    return [json.loads(line) for line in (folder / "r.ndjson").read_text("utf-8").splitlines()]


def of(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    resources = [entry["resource"] for entry in bundle["entry"]]
    return [own for own in resources if own["resourceType"] == kind]


def test_bundles_are_valid_and_say_what_the_note_says(tmp_path: Path) -> None:
    found = bundles(tmp_path)
    assert len(found) == 4
    for one in found:
        Bundle.model_validate(one)
    known, unknown, empty, unread = found
    (condition,) = of(known, "Condition")
    assert condition["code"] == {
        "coding": [
            {"system": "http://x.org", "code": "R05"},
            {"system": "urn:bedside:codes:Our%20own", "code": "7"},
        ],
        "text": "cough",
    }
    assert condition["verificationStatus"]["coding"][0]["code"] == "unconfirmed"
    assert condition["subject"] == {"identifier": {"value": "p1"}}
    assert of(unknown, "Condition") == []
    told = {own["code"]["text"]: own.get("valueBoolean") for own in of(unknown, "Observation")}
    assert told == {"fever": True, "cough": True, "nausea": False, "aspirin": True, "triage": None}
    (answer,) = [own for own in of(known, "Observation") if own["code"]["text"] == "triage"]
    assert (answer["valueString"], len(answer["component"])) == ("ill", 2)
    (fever,) = [own for own in of(known, "Observation") if own["code"]["text"] == "fever"]
    place = {one["url"]: one for one in fever["extension"][0]["extension"]}
    start, end = place["start"]["valueInteger"], place["end"]["valueInteger"]
    assert NOTE[start:end] == "fever"
    assert fever["derivedFrom"] == [{"reference": known["entry"][0]["fullUrl"]}]
    (composition,) = of(known, "Composition")
    titles = [own["title"] for own in composition["section"]]
    assert titles == ["FINDINGS", "PLAN", "Summary (sums)"]
    assert composition["section"][0]["code"]["coding"][0]["code"] == "59776-5"
    assert 'fever &lt;b&gt; &amp; "cough".' in composition["section"][0]["text"]["div"]
    assert [len(one["entry"]) for one in (empty, unread)] == [2, 1]
    assert "expected 3 cells, got 4" in of(unread, "DocumentReference")[0]["description"]


@pytest.mark.parametrize(
    ("records", "bundled"), [(0, 1), (1, 1), (1, 3), (3, 1), (2, 2), (4, 4), (4, 0)]
)
def test_both_files_go_on_together(tmp_path: Path, records: int, bundled: int) -> None:
    wanted = bundles(tmp_path)
    whole = {name: (tmp_path / name).read_bytes() for name in ("r.jsonl", "r.ndjson")}
    for name, count in (("r.jsonl", records), ("r.ndjson", bundled)):
        lines = whole[name].splitlines(keepends=True)
        half = lines[count][:9] if count < len(lines) else b""
        (tmp_path / name).write_bytes(b"".join(lines[:count]) + half)
    assert bundles(tmp_path, batch_size=1) == wanted
    assert {name: (tmp_path / name).read_bytes() for name in whole} == whole


def test_one_file_for_both_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="the same file for records and for FHIR"):
        process([], tmp_path / "codes.csv", tmp_path / "a.jsonl", fhir=tmp_path / "a.jsonl")


def test_a_file_of_something_else_is_never_cut(tmp_path: Path) -> None:
    (tmp_path / "r.ndjson").write_text("mine\n")
    with pytest.raises(RunError, match=r"^r.ndjson: .*got a file that is there already"):
        bundles(tmp_path)
    assert (tmp_path / "r.ndjson").read_text() == "mine\n"


def test_addresses_of_systems() -> None:
    codes = [{"code": "a", "system": name} for name in ("icd-10", "SNOMED CT", "urn:oid:1.2")]
    assert [one["system"] for one in coding(codes)] == [
        "http://hl7.org/fhir/sid/icd-10",
        "http://snomed.info/sct",
        "urn:oid:1.2",
    ]
