"""The audit as a whole: order, waiving, privacy, bad arguments."""

import json

import numpy as np
import pytest

from bedside.audit import audit_cases
from bedside.audit.examination import BLOCKING, CHECKS
from bedside.errors import DataError, StudyError
from bedside.schema import Sample

from .cohorts import binary, cohort, given_parts, picture, pictures, readings


def faulty(**changes):
    """One cohort with nearly every fault: a lost file, copies, a torn patient, a blank image."""
    samples = pictures()
    samples[7] = None
    samples[50] = picture(3)
    samples[8] = Sample(np.zeros((24, 24), np.uint8), samples[9].geometry)
    patients = [f"SECRET-{i}" for i in range(60)]
    patients[59] = "SECRET-0"
    table = cohort(60, patients=patients, sex=["SECRET-sex"] * 60)
    words = {
        "inputs": {
            "xray": readings(samples, {7: "row 9 of cases.csv: expected a PNG, got 0 bytes."})
        },
        "targets": binary(np.arange(60) % 2, np.arange(60) != 5),
        "kind": "binary",
        "parts": given_parts(),
        **changes,
    }
    return audit_cases(table, **words)


def found(report, check):
    return [f for f in report.findings if f.check == check]


def test_a_sound_cohort_has_nothing_to_mend():
    report = audit_cases(
        cohort(),
        inputs={"xray": readings(pictures())},
        targets=binary(np.arange(60) % 2),
        kind="binary",
        parts=np.repeat(["train", "validation", "test"], 20),
    )
    assert report.blocking == ()
    assert {f.severity for f in report.findings} == {"note"}
    notes = {"burned-in-text", "class-balance", "label-in-border", "patients", "shift-parts"}
    assert {f.check for f in report.findings} == notes


def test_findings_come_gravest_first():
    severities = [f.severity for f in faulty().findings]
    assert severities == sorted(severities, key=["block", "warn", "note"].index)
    assert [f.check for f in faulty().blocking] == [
        "unreadable-files",
        "copies-across-parts",
        "patients-across-parts",
    ]


def test_no_identifier_and_no_cell_reaches_the_report():
    text = json.dumps(faulty().to_json(), allow_nan=False)
    assert "SECRET" not in text
    assert "case-" not in text


def test_waiving_turns_a_block_into_a_warning_that_is_listed():
    report = faulty(waive=("copies-across-parts", "unreadable-files"))
    assert [f.check for f in report.blocking] == ["patients-across-parts"]
    (copies,) = found(report, "copies-across-parts")
    assert copies.severity == "warn"
    assert copies.message.endswith("This would stop a run; it was waived.")
    assert [w["check"] for w in report.facts["waived"]] == [
        "unreadable-files",
        "copies-across-parts",
    ]
    assert faulty().facts["waived"] == []


def test_what_may_not_be_waived():
    with pytest.raises(StudyError) as error:
        faulty(waive=("patients-across-parts", "class-balence", "label-errors"))
    may = ", ".join(sorted(BLOCKING))
    assert str(error.value).splitlines() == [
        f"audit.waive: expected checks that may be waived ({may}), got 'patients-across-parts'. "
        "Say split: {by: case} to go on without patients.",
        "audit.waive: unknown audit check 'class-balence'. Did you mean 'class-balance'?",
        f"audit.waive: expected checks that may be waived ({may}), got 'label-errors'. "
        "It never stops a run: leave it out.",
    ]


def test_arguments_of_another_cohort_are_all_named():
    with pytest.raises(DataError) as error:
        faulty(parts=given_parts(59), targets=binary(np.zeros(58)))
    assert str(error.value).splitlines() == [
        f"{what}: expected 60 cases, got {n}. Read inputs, targets and parts from the same cohort."
        for what, n in (("targets 'truth'", 58), ("targets 'known'", 58), ("parts", 59))
    ]
    with pytest.raises(DataError, match=r"parts: expected train, validation, test, got another"):
        faulty(parts=np.repeat(["train", "dev"], 30))


def test_rows_are_those_the_user_sees_and_all_of_them():
    (lost,) = found(faulty(), "unreadable-files")
    assert lost.rows == (9,)
    report = faulty(targets=binary(np.arange(60) % 2, np.arange(60) < 3), parts=None)
    (unknown,) = found(report, "unknown-labels")
    assert unknown.count == 57
    assert unknown.rows == tuple(range(5, 62))


def test_facts_of_the_cohort():
    facts = faulty().facts
    assert facts["cases"] == 60
    assert facts["patients"] == 59
    assert facts["parts"]["test"] == {"cases": 15, "patients": 15}
    assert facts["classes"]["all"] == {"normal": 30, "pneumonia": 29}
    assert facts["unknown"] == {"label": 1}
    assert facts["inputs"]["xray"] == {
        "unreadable": 1,
        "shapes": [{"shape": [24, 24], "cases": 59}],
        "modes": [{"format": "PNG", "mode": "L", "bits": 8, "cases": 59}],
    }
    assert facts["attributes"] == {"sex": {"missing": 0}}


@pytest.mark.parametrize("name", CHECKS.names())
def test_every_check_signs_with_its_own_name(name, rng):
    from bedside.audit.evidence import Evidence

    samples = [picture(0)] * 20 + [None] * 10 + [picture(1, shape=(24, 24, 3), size=(500, 30))] * 30
    patients = [f"p{i % 5}" for i in range(60)]
    known = rng.random(60) > 0.3
    for parts in (None, given_parts()):
        evidence = Evidence(
            cohort(60, patients=patients, sex=["F", None, "M"] * 20, site=["A", "B"] * 30),
            {"xray": readings(samples)},
            binary(rng.integers(0, 2, 60), known),
            "binary",
            parts,
            "patient",
        )
        for finding in CHECKS.load(name)(evidence):
            assert finding.check == name
            assert finding.message[-1] == "."
            assert finding.severity == "note" or finding.remedy.endswith(".")
            json.dumps([finding.count, finding.rows])
