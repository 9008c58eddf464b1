"""Task `summarise`: its words, targets, and answers that are texts already."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bedside.data.cohort import Cohort
from bedside.errors import DataError, StudyError
from bedside.schema import Targets
from bedside.study import parse_options
from bedside.tasks.summarise import Summarise, as_texts, support_of


def cohort(cells: list[Any], column: str = "impression") -> Cohort:
    table = pd.DataFrame({column: cells, "case_id": [str(n) for n in range(len(cells))]})
    return Cohort(table, "reports.csv", first_row=2)


def task(**words: Any) -> Summarise:
    return parse_options(Summarise, {"column": "impression", **words}, where="target.")


class Reads:
    """Stands in for a modality: all that is asked of it is its column."""

    def __init__(self, column: str) -> None:
        self.column = column

    def columns_used(self) -> list[str]:
        return [self.column]


def test_blanks_are_collapsed_and_letters_stay() -> None:
    cells = ["  Kein Erguss.\r\n\tÜberblähung\x00 ", "Ningún\u00a0derrame", "a\x85b\x07c", 12]
    targets = task().targets(cohort(cells))
    assert targets.arrays["truth"].tolist() == [
        "Kein Erguss. Überblähung",
        "Ningún derrame",
        "a b c",
        "12",
    ]
    assert targets.arrays["known"].tolist() == [[True]] * 4
    assert (targets.kind, targets.names) == ("summary", ("summary",))


def test_a_blank_summary_is_named_by_its_row_unless_the_study_knows() -> None:
    cells = ["Clear.", None, " \n ", float("nan")]
    with pytest.raises(DataError) as raised:
        task().targets(cohort(cells))
    lines = str(raised.value).splitlines()
    assert lines[0] == (
        "row 3 of reports.csv, column 'impression': expected a summary, got a blank cell. "
        "Fill it in, leave the row out, or list '' under target.unknown."
    )
    assert [line.split(" of ")[0] for line in lines] == ["row 3", "row 4", "row 5"]
    targets = task(unknown=["", "see  above"]).targets(cohort([*cells, "see\nabove"]))
    assert targets.arrays["known"][:, 0].tolist() == [True, False, False, False, False]
    assert task().truth_rows(targets)["truth"].tolist() == ["Clear.", "", "", "", ""]


def test_a_column_of_unknown_summaries_is_refused() -> None:
    with pytest.raises(DataError, match=r"expected summaries, got none that target.unknown leaves"):
        task(unknown=[""]).targets(cohort([None, ""]))


def test_a_missing_column_names_the_nearest() -> None:
    with pytest.raises(StudyError, match=r"no target column 'impression'.*'impresion'"):
        task().targets(cohort(["Clear."], column="impresion"))


def test_inputs_that_cannot_be_summarised_are_refused() -> None:
    found: Any = {"xray": ("image", Reads("file"))}
    with pytest.raises(StudyError, match="inputs: expected an input of modality text to summarise"):
        task().check_inputs(found)
    found = {"findings": ("text", Reads("findings")), "indication": ("text", Reads("why"))}
    task().check_inputs(found)
    task(source="indication").check_inputs(found)
    with pytest.raises(StudyError, match=r"target.source: no text input 'finding'.*'findings'"):
        task(source="finding").check_inputs(found)
    found = {"findings": ("text", Reads("impression"))}
    with pytest.raises(StudyError, match=r"inputs.findings: expected another column than the summ"):
        task().check_inputs(found)


def test_the_state_holds_no_text() -> None:
    targets = task(source="findings").targets(cohort(["Secret one.", "Secret two."]))
    state = task(source="findings").fit(targets)
    assert state == {"kind": "summary", "names": ["summary"], "source": "findings"}
    assert "Secret" not in json.dumps(state)


def test_answers_that_are_texts_become_the_prediction() -> None:
    written = {
        "text": as_texts(["Clear.", "No effusion."]),
        "support": as_texts(
            ['[["Clear.", "copied"]]', '[["No", "generated"], ["effusion.", "neighbour"]]']
        ),
        "neighbours": np.array([[3, 9], [4, -1]]),
        "scratch": np.zeros(2),
    }
    state = {"kind": "summary", "names": ["summary"], "source": "findings"}
    prediction = task().infer({"network": lambda arrays: written}, {}, state)
    assert set(prediction.arrays) == {"text", "support", "neighbours"}
    rows = task().rows(prediction, state)
    assert rows["summary"].tolist() == ["Clear.", "No effusion."]
    assert rows["neighbours"].tolist() == ["3 9", "4"]
    assert support_of(rows["support"][1]) == [("No", "generated"), ("effusion.", "neighbour")]


def test_calibration_leaves_texts_alone() -> None:
    targets = Targets(
        {"truth": as_texts(["a"]), "known": np.array([[True]])},
        ("summary",),
        "summary",
        {"source": "x"},
    )
    state = task().fit(targets)
    outputs = {"text": as_texts(["b"])}
    assert task().calibrate(outputs, targets, state) == state
    assert task().calibrated(outputs, state) is outputs
    assert task().strata(targets).tolist() == [-1]
