"""Headers and table that contradict each other are named; which is right, is not guessed."""

from dataclasses import replace

import numpy as np
import pytest

from bedside.audit.checks.header_contradictions import headers_and_table

from .cohorts import cohort, evidence, picture

DICOM = {"format": "DICOM", "photometric": "MONOCHROME2", "bits": 8}


def told(header, table, *, column, fact):
    """Findings of ten cases of which the last says `header` and `table`."""
    sources = [dict(DICOM) for _ in range(10)]
    sources[-1][fact] = header
    cells = [None] * 9 + [table]
    samples = [picture(n, source=source) for n, source in enumerate(sources)]
    return headers_and_table(evidence(samples, table=cohort(10, **{column: cells})))


@pytest.mark.parametrize(
    ("fact", "header", "column", "table", "what"),
    [
        ("laterality", "L", "Side", "right", "the side"),
        ("image_laterality", "R", "laterality", "L", "the side"),
        ("view_position", "PA", "View Position", "AP", "the view"),
        ("view_position", "LL", "view", "frontal", "the view"),
        ("body_part", "KNEE", "BodyPartExamined", "Chest", "the body part"),
        ("modality", "CT", "modality", "DX", "the modality"),
    ],
)
def test_what_contradicts(fact, header, column, table, what):
    (finding,) = told(header, table, column=column, fact=fact)
    assert finding.message == (
        f"1 case of 1: {what} by the header contradicts column '{column}' of the table."
    )
    assert (finding.severity, finding.rows) == ("warn", (11,))
    assert finding.details == (f"header {header}",)


@pytest.mark.parametrize(
    ("fact", "header", "column", "table"),
    [
        ("laterality", "L", "side", "left"),
        ("laterality", "B", "side", "left"),
        ("view_position", "AP", "view", "frontal"),
        ("view_position", "LL", "view", "Lateral"),
        ("body_part", "CHESTABDOMEN", "body part", "CHEST"),
        ("body_part", "CHEST", "body part", "Thorax, liegend"),
        ("modality", "CR", "modality", "DX"),
        ("modality", "DX", "modality", "portable"),
        ("laterality", "L", "label", "right"),
    ],
)
def test_what_does_not(fact, header, column, table):
    assert told(header, table, column=column, fact=fact) == []


def from_headers(own, **columns):
    """A cohort made from DICOM headers; `own` are the columns of the table."""
    table = cohort(8, patients=None, sop_uid=[str(n) for n in range(8)], **columns, **own)
    return evidence([picture(n, source=DICOM) for n in range(8)], table=table)


def test_sex_and_age_of_the_headers_stand_in_columns():
    own = from_headers(
        {"sex": ["M", "F"] * 4, "Patient Age": ["057Y", "40", "41", "x", None, "2", "3", "4"]},
        header_sex=["M"] * 2 + ["M", "F"] * 3,
        age_years=["57", "41", "49", "1", "1", "2", "3", "4"],
    )
    sex, age = headers_and_table(own)
    assert sex.message == (
        "1 case of 8: the sex by the header contradicts column 'sex' of the table."
    )
    assert sex.rows == (3,)
    assert (age.rows, age.details) == ((4,), ())
    assert "column 'Patient Age'" in age.message


def test_columns_of_the_headers_do_not_contradict_themselves():
    assert headers_and_table(from_headers({}, sex=["M"] * 8, age_years=["9"] * 8)) == []


def with_patients(header, table):
    own = from_headers({}, header_patient_id=header, who=table)
    return replace(own, cohort=replace(own.cohort, patient="who"))


def test_one_person_of_the_headers_under_several_ids_is_a_leak():
    ids = ["a", "b", "c", "d", "e", "f", "g", "h"]
    own = with_patients(["P1"] * 3 + ["P2", "P3", "P4", "P5", "P6"], ids)
    (finding,) = headers_and_table(own)
    assert finding.message == (
        "1 PatientID of the headers stands under several ids in column 'who' of the table."
    )
    assert (finding.severity, finding.rows, finding.count) == ("warn", (2, 3, 4), 1)
    parts = np.array(["train", "test"] * 4)
    (finding,) = headers_and_table(replace(own, parts=parts))
    assert finding.message.endswith("of the table, 1 of them in more than one part.")


@pytest.mark.parametrize("header", [["ANON"] * 4 + ["P1"] * 4, ["0"] * 8, list("12345678")])
def test_words_that_name_nobody_and_pseudonyms_say_nothing(header):
    table = ["a", "b", "c", "d", "e", "e", "e", "e"]
    assert headers_and_table(with_patients(header, table)) == []
