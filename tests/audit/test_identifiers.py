"""Identifiers in names of files and columns: found, counted, never quoted."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bedside.audit.checks.identifiers import file_names, identifying_columns
from bedside.audit.evidence import Means
from bedside.modalities.image import Image

from .cohorts import cohort, evidence

MEANS = Means({"xray": Image(modality="image", column="file", size=(24, 24))})
PEOPLE = ("Meier", "Otto", "Huber", "Anna", "Lang", "Ida", "Berg", "Karl", "Roth", "Emil")


def with_files(names):
    table = replace(cohort(60, file=np.resize(names, 60)), root=Path("/data"))
    return evidence(table=table, means=MEANS)


def with_column(name, cells):
    return evidence(table=cohort(60, **{name: np.resize(np.asarray(cells, dtype=object), 60)}))


def test_files_named_after_people_warn_without_naming_anybody():
    names = [f"scans/{a.upper()}_{b.upper()}.png" for a, b in zip(PEOPLE, PEOPLE[3:], strict=False)]
    (finding,) = file_names(with_files(names))
    assert (finding.severity, finding.count) == ("warn", 60)
    assert finding.message == "Column 'file': names of 60 files look like a person's name."
    assert not any(name.lower() in str(finding).lower() for name in PEOPLE)


@pytest.mark.parametrize(
    "names",
    [
        ["CHEST_PA.png", "Left_Knee.png", "Normal_Case.png"],
        ["Study_Image_1.png", "Study_Image_2.png"],
        ["Kermany_Set_1.png", "Kermany_Set_2.png", "Kermany_Set_3.png"],  # one scheme, no people
        ["img_001.png", "a1b2.png", "person1_virus_6.png"],
    ],
)
def test_schemes_are_no_people(names):
    assert file_names(with_files(names)) == []


@pytest.mark.parametrize(
    ("name", "severity", "words"),
    [
        ("x_1957-03-14.png", "warn", "hold a date"),
        ("x_14.03.1957.png", "warn", "hold a date"),
        ("scan20190314.png", "warn", "hold a date"),
        ("00012345_001.png", "note", "a number of seven digits"),
    ],
)
def test_dates_and_long_numbers_in_file_names(name, severity, words):
    (finding,) = file_names(with_files(["a.png", name]))
    assert (finding.severity, finding.count, finding.rows[:2]) == (severity, 30, (3, 5))
    assert words in finding.message


@pytest.mark.parametrize(
    "name",
    ["name", "Patient Name", "PatientName", "last_name", "MRN", "birth_date", "DOB", "Phone",
     "e-mail address", "home_address", "zip", "DateOfBirth", "patient_mrn"],
)  # fmt: skip
def test_columns_named_like_identifiers(name):
    (finding,) = identifying_columns(with_column(name, [1, 2]))
    assert finding.message == f"Column '{name}': by name of an identifier."
    assert (finding.severity, finding.count) == ("warn", 60)


@pytest.mark.parametrize(
    "name", ["file_name", "class_name", "sex", "age", "hospital", "stillbirths"]
)
def test_harmless_columns(name):
    assert identifying_columns(with_column(name, ["a", "b"])) == []


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["ann@clinic.org", "bo.li@x.de"], "what looks like e-mail addresses"),
        (["+49 170 555 1234", "(0171) 555-9876"], "what looks like telephone numbers"),
        (["Meier, Otto", "Huber^Anna"], "what looks like names of people"),
        (["123-45-6789", "987-65-4321"], "what looks like social security numbers"),
        (["1931-02-03", "1958-07-01", "1999-12-24", "1945-05-05"], "look like birthdays"),
    ],
)
def test_cells_that_look_identifying(cells, words):
    (finding,) = identifying_columns(with_column("x", cells))
    assert words in finding.message
    assert not any(cell in str(finding) for cell in cells)


@pytest.mark.parametrize(
    "cells",
    [
        ["2019-01-01", "2021-06-30", "2023-03-03"],  # when an exam was made
        ["0.25", "17", "3.5"],
        ["left lung, upper", "right lung"],
        [12345678, 23456789],
        [None, None],
        ["mild", "2 mm nodule"],
    ],
)
def test_cells_that_are_harmless(cells):
    assert identifying_columns(with_column("x", cells)) == []


def test_only_the_rows_that_hold_one_are_named():
    (finding,) = identifying_columns(with_column("x", ["ann@clinic.org", None, "bo@x.de"]))
    assert finding.count == 40
    assert finding.rows[:2] == (2, 4)
