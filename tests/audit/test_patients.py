import numpy as np

from bedside.audit.checks.patients import (
    attribute_balance,
    cases_per_patient,
    contradictory_patients,
    patients_across_parts,
)

from .cohorts import cohort, evidence, given_parts, pictures


def test_cases_per_patient():
    own = evidence(table=cohort(patients=[f"p{max(i - 9, 0)}" for i in range(60)]))
    (finding,) = cases_per_patient(own)
    assert finding.severity == "note"
    assert finding.message == "51 patients with 1 to 10 cases each, median 1."
    assert finding.count == 51
    (finding,) = cases_per_patient(
        evidence(table=cohort(patients=[f"p{n // 2}" for n in range(60)]))
    )
    assert (finding.message, finding.count) == ("30 patients with 2 cases each.", 30)


def test_a_missing_patient_column_is_warned_of():
    (finding,) = cases_per_patient(evidence(table=cohort(patients=None)))
    assert (finding.severity, finding.count) == ("warn", 60)
    assert "data.patient" in finding.remedy


def torn(by="patient"):
    patients = [f"p{i}" for i in range(60)]
    patients[50] = patients[35] = "p0"
    patients[51] = "p1"
    return evidence(table=cohort(patients=patients), parts=given_parts(), by=by)


def test_patients_across_parts_block_and_are_counted():
    (finding,) = patients_across_parts(torn())
    assert (finding.severity, finding.count) == ("block", 2)
    assert finding.message == (
        "2 patients have cases in more than one part (1 in train and validation, "
        "2 in train and test, 1 in validation and test)."
    )
    assert finding.rows == (2, 3, 37, 52, 53)
    assert "Remove split.column" in finding.remedy


def test_a_study_split_by_case_is_warned():
    (finding,) = patients_across_parts(torn(by="case"))
    assert finding.severity == "warn"
    assert "too good for new patients" in finding.message


def test_whole_patients_are_no_finding():
    own = evidence(table=cohort(patients=np.repeat(np.arange(20), 3).astype(str)), parts=None)
    assert patients_across_parts(own) == []
    parts = np.repeat(["train", "validation", "test"], [30, 15, 15])
    own = evidence(table=cohort(patients=np.repeat(np.arange(20), 3).astype(str)), parts=parts)
    assert patients_across_parts(own) == []
    assert patients_across_parts(evidence(table=cohort(patients=None), parts=parts)) == []


def test_balance_of_site_and_sex():
    sex = ["F", "M"] * 15 + ["F"] * 15 + [None] + ["F"] * 7 + ["M"] * 7
    table = cohort(**{"Patient Gender": sex, "site": ["A"] * 30 + ["B"] * 30})
    site, gender = attribute_balance(evidence(pictures(), table=table, parts=given_parts()))
    assert site.message == (
        "'site': share of cases that would have to change to look like training: "
        "validation 100%, test 100%; missing in 0 cases."
    )
    assert "validation 50%, test 0%; missing in 1 case." in gender.message
    assert (gender.severity, gender.rows) == ("note", (47,))


def test_no_balance_without_parts_or_attributes():
    assert attribute_balance(evidence(table=cohort(sex=["F"] * 60))) == []
    assert attribute_balance(evidence(table=cohort(age=[3] * 60), parts=given_parts())) == []


def test_one_id_for_very_many_cases_names_nobody():
    ids = ["ANON"] * 20 + [f"p{n}" for n in range(40)]
    note, crowd = cases_per_patient(evidence(table=cohort(patients=ids)))
    assert note.severity == "note"
    assert crowd.message.startswith("One patient id stands for 20 of 60 cases")
    assert (crowd.severity, crowd.count, crowd.rows[:2]) == ("warn", 20, (2, 3))
    few = [f"p{n // 20}" for n in range(60)]  # of three patients each has a third
    assert len(cases_per_patient(evidence(table=cohort(patients=few)))) == 1


def test_patients_of_two_sexes():
    ids = [f"p{n // 3}" for n in range(60)]
    sex = ["F", "f ", None, "M", "male", "M"] + ["M", "F", "F"] + ["F"] * 51
    (finding,) = contradictory_patients(evidence(table=cohort(patients=ids, Sex=sex)))
    assert finding.message == "1 patient has cases of more than one sex (column 'Sex')."
    assert (finding.severity, finding.rows) == ("warn", (8, 9, 10))
    assert contradictory_patients(evidence(table=cohort(patients=None, Sex=sex))) == []
