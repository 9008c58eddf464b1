"""The table: blank cells, constant columns, repeated rows."""

import numpy as np

from bedside.audit.checks.columns import (
    constant_columns,
    missing_cells,
    missing_labels,
    repeated_rows,
)

from .cohorts import binary, cohort, evidence, given_parts

N = 120


def blanks(where, value=5.0):
    cells = np.full(N, value, dtype=object)
    cells[where] = None
    return cells


def own(targets=None, parts=None, **columns):
    return evidence([None] * N, table=cohort(N, **columns), targets=targets, parts=parts)


def test_blank_cells_are_counted_by_column():
    (finding,) = missing_cells(own(age=blanks([0, 7]), bmi=blanks([7, 8, 9]), sex=["F"] * N))
    assert finding.severity == "note"
    assert finding.message == "Blank cells by column, of 120 cases: 'bmi' 3, 'age' 2."
    assert finding.rows == (2, 9, 10, 11)
    assert missing_cells(own(sex=["F"] * N, empty=[None] * N)) == []


def test_blanks_that_go_along_with_the_class_warn():
    ill = np.arange(N) % 2 == 1
    sick_only = blanks(np.flatnonzero(ill)[:30])
    by_chance = blanks(np.arange(0, N, 5))
    found = missing_cells(own(binary(ill), lab=sick_only, other=by_chance))
    (warning,) = [f for f in found if f.severity == "warn"]
    assert warning.message == (
        "Blank more often in one class than in another: column 'lab' ('normal' 0%, 'pneumonia' "
        "50%); that a cell is blank gives the label away."
    )


def test_blanks_that_go_along_with_the_part_warn():
    found = missing_cells(own(parts=given_parts(N), lab=blanks(np.arange(90, 115))))
    (warning,) = [f for f in found if f.severity == "warn"]
    assert "in one part than in another: column 'lab' (train 0%, test 83%)" in warning.message


def test_constant_columns():
    (finding,) = constant_columns(own(view=["PA"] * N, empty=[None] * N, sex=["F", "M"] * 60))
    assert finding.message == "The same value in every row, or none: 'view', 'empty'."
    assert finding.count == 2
    assert constant_columns(own(sex=["F", "M"] * 60)) == []


def test_repeated_rows_stand_copy_beside_copy():
    ages = np.arange(N)
    ages[[50, 90]] = ages[3]
    table = cohort(N, patients=None, age=ages, sex=["F"] * N)
    (finding,) = repeated_rows(evidence([None] * N, table=table))
    assert (finding.severity, finding.count, finding.rows) == ("warn", 2, (5, 52, 92))
    assert repeated_rows(own(age=np.arange(N))) == []


def test_blanks_that_go_along_with_the_site_warn_without_naming_it():
    sites = ["SECRET"] * 70 + ["OTHER"] * 50
    found = missing_cells(own(lab=blanks(np.arange(70, 110)), site=sites))
    (warning,) = [f for f in found if f.severity == "warn"]
    assert "column 'lab' (site 1 0%, site 2 80%)" in warning.message
    assert "SECRET" not in warning.message


def test_labels_unknown_at_one_site_warn():
    known = np.ones(N, bool)
    known[70:110] = False
    sites = ["SECRET"] * 70 + ["OTHER"] * 50
    (warning,) = missing_labels(own(binary(np.arange(N) % 2, known), site=sites))
    assert warning.severity == "warn"
    assert "the label by 'site' 0.9" in warning.message
    assert warning.count == 40
    assert "SECRET" not in warning.message


def test_labels_unknown_by_chance_are_nothing():
    known = np.random.default_rng(0).random(N) < 0.6
    sites = ["A", "B"] * 60
    assert missing_labels(own(binary(np.arange(N) % 2, known), site=sites)) == []
    assert missing_labels(own(binary(np.arange(N) % 2), site=sites)) == []
