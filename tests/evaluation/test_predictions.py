"""The table of predictions: one row a scored case, the truth beside the answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bedside.data.cohort import Cohort
from bedside.errors import RunError
from bedside.evaluation.kinds import Answers
from bedside.evaluation.predictions import write_predictions_table
from bedside.schema import Prediction, Targets
from bedside.tasks.classify import Classify

CASES = pd.DataFrame({"case_id": ["a", "b,c", "d", "e"], "who": ["p", "p", "q", "r"]})
TRUTH = np.array([[1], [0]], dtype=np.float32)
TARGETS = Targets({"truth": TRUTH, "known": TRUTH > -1}, ("well", "ill"))
PREDICTION = Prediction(
    {"probability": np.array([[0.123456789], [1.0]]), "decision": np.array([[False], [True]])},
    ("well", "ill"),
)
STATE = {"kind": "binary", "names": ["well", "ill"]}


def write(path: Path, cohort: Cohort) -> None:
    write_predictions_table(path, answers(1, 3), task=Classify(), cohort=cohort)


def answers(*rows: int) -> Answers:
    return Answers(TARGETS, PREDICTION, np.arange(2), np.array(rows), STATE)


def test_rows_are_named_as_the_user_sees_them(tmp_path: Path) -> None:
    write(tmp_path / "p.csv", Cohort(CASES, "cases.csv", first_row=2, patient="who"))
    assert (tmp_path / "p.csv").read_text().splitlines() == [
        "case_id,patient_id,row,truth,probability,decision",
        '"b,c",p,3,ill,0.1234568,well',
        "e,r,5,well,1,ill",
    ]


def test_without_patients_there_is_no_column_of_them(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "p.csv", Cohort(CASES, "cases.csv"))
    table = pd.read_csv(tmp_path / "deep" / "p.csv")
    assert list(table) == ["case_id", "row", "truth", "probability", "decision"]
    assert list(table["row"]) == [1, 3]


def test_an_old_table_survives_a_failed_one(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("old")
    short = Cohort(CASES, "cases.csv", patient="who")
    with pytest.raises(ValueError, match="zip"):
        write_predictions_table(tmp_path / "p.csv", answers(1, 2, 3), task=Classify(), cohort=short)
    assert (tmp_path / "p.csv").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["p.csv"]


def test_a_place_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"^p\.csv: cannot be written"):
        write(tmp_path / "file" / "p.csv", Cohort(CASES, "cases.csv"))
