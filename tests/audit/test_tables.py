"""Columns that a model is given as they are: what says the label, what means missing."""

from __future__ import annotations

import numpy as np

from bedside.audit.checks.columns import missing_cells
from bedside.audit.checks.shift_columns import shift_in_columns
from bedside.audit.checks.tables import codes_for_missing, columns_that_tell
from bedside.audit.evidence import Evidence, Means
from bedside.audit.examination import audit_cases
from bedside.audit.given import given_columns
from bedside.modalities.reading import read_all
from bedside.modalities.table import Table

from .cohorts import binary, cohort, given_parts

N = 120
ILL = np.arange(N) % 2


def own(missing=None, parts=None, **columns):
    """A cohort whose columns are all given to the model."""
    texts = {name: np.asarray(cells).astype(str) for name, cells in columns.items()}
    table = cohort(N, patients=None, **texts)
    modality = Table(columns=list(columns), missing=missing or {})
    references = [table.reference(row, tuple(columns)) for row in range(N)]
    inputs = {"history": read_all(modality, references, threads=1)}
    means = Means({"history": modality})
    return Evidence(table, inputs, binary(ILL), "binary", parts, "case", means)


def test_a_column_that_says_the_label_warns(rng):
    noisy = np.where(rng.random(N) < 0.3, 1 - ILL, ILL)
    (finding,) = columns_that_tell(own(stage=ILL * 2, pain=noisy, age=rng.integers(30, 80, N)))
    assert finding.severity == "warn"
    assert "(AUROC): 'stage' 1.00. They may have been written down" in finding.message
    assert columns_that_tell(own(pain=noisy)) == []


def test_a_zero_among_amounts_warns_until_the_study_names_it(rng):
    chol = np.where(np.arange(N) % 10 == 0, 0, rng.integers(150, 300, N))
    (finding,) = codes_for_missing(own(chol=chol, age=rng.integers(30, 80, N)))
    assert finding.message.endswith("that nothing was measured: 'chol' in 12 cases.")
    assert finding.rows[:3] == (2, 12, 22)
    assert codes_for_missing(own(missing={"chol": [0]}, chol=chol)) == []


def test_what_means_missing_counts_as_blank(rng):
    chol = np.where(ILL, 0, rng.integers(150, 300, N))
    found = missing_cells(own(missing={"chol": [0]}, chol=chol))
    note, warning = found
    assert "'chol' 60" in note.message
    assert "column 'chol' ('normal' 0%, 'pneumonia' 100%)" in warning.message
    assert missing_cells(own(chol=chol)) == []


def test_a_given_column_that_differs_between_parts_warns():
    parts = given_parts(N)
    age = np.where(parts == "test", 70, 40) + np.arange(N) % 25
    (finding,) = shift_in_columns(own(parts=parts, age=age))
    assert "'age' test 1.00" in finding.message


def test_unreadable_rows_are_blank_and_no_table_gives_none():
    evidence = own(age=np.arange(N))
    evidence.inputs["history"].samples[3] = None  # type: ignore[index]
    cells = given_columns(evidence)["age"]
    assert list(np.flatnonzero(cells.isna())) == [3]
    assert (
        given_columns(Evidence(evidence.cohort, {}, evidence.targets, "binary", None, "case")) == {}
    )


def test_a_whole_audit_of_columns(rng):
    evidence = own(parts=given_parts(N), stage=ILL, age=rng.integers(30, 80, N))
    report = audit_cases(
        evidence.cohort,
        inputs=evidence.inputs,
        targets=evidence.targets,
        kind="binary",
        parts=evidence.parts,
        by="case",
        means=evidence.means,
    )
    assert "telling-columns" in {finding.check for finding in report.findings}
