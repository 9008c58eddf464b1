"""A table of texts becomes a study of texts, and what reads like the answer is no input."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from bedside.data.guess import guess_study
from bedside.data.synthetic.reports import make_reports
from bedside.data.text_guess import answer_column, find_text_columns
from bedside.errors import StudyError
from bedside.study import Study


@pytest.fixture(scope="module")
def reports() -> pd.DataFrame:
    return make_reports(patients=40, seed=2).table.drop(columns="facts")


def guessed(folder: Path, table: pd.DataFrame) -> Study:
    table.to_csv(folder / "reports.csv", index=False)
    text = guess_study(folder / "reports.csv")
    for line in text.splitlines():
        assert not line.strip() or "# " in line, line
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    return Study.load(folder / "study.yaml")


def test_reports_with_a_class_are_classified(tmp_path: Path, reports: pd.DataFrame) -> None:
    study = guessed(tmp_path, reports)
    assert {n: s.model_dump() for n, s in study.inputs.items()} == {
        name: {"modality": "text", "column": name} for name in ("indication", "findings")
    }
    assert study.target.model_dump() == {"task": "classify", "column": "priority"}
    assert study.data.patient == "patient_id"
    assert study.split.by == "patient"
    said = (tmp_path / "study.yaml").read_text()
    assert '# Column "impression" reads like an answer: no input.' in said


def test_without_a_class_the_answer_is_written(tmp_path: Path, reports: pd.DataFrame) -> None:
    table = reports[["case_id", "patient_id", "findings", "impression"]]
    study = guessed(tmp_path, table)
    assert list(study.inputs) == ["findings"]
    assert study.target.model_dump() == {"task": "summarise", "column": "impression"}


def test_names_of_inputs_are_made_to_fit(tmp_path: Path, reports: pd.DataFrame) -> None:
    table = reports.rename(columns={"findings": "2. Befund (Text)"})
    study = guessed(tmp_path, table)
    assert study.inputs["text_2_befund_text"].model_dump()["column"] == "2. Befund (Text)"


def test_sentences_are_told_from_words_and_numbers() -> None:
    cases = pd.DataFrame(
        {
            "note": ["The lungs are quite clear", "No effusion is seen", None] * 4,
            "code": ["A B C D E", "B C D E F", "C D E F G"] * 4,
            "label": ["yes", "no", "yes"] * 4,
            "same": ["always the very same text"] * 12,
            "number": ["1.5", "2", "3"] * 4,
            "blank": [None] * 12,
        }
    )
    assert find_text_columns(cases.iloc[:6], taken=()) == ("note",)
    assert find_text_columns(cases.iloc[:6], taken=("note",)) == ()


@pytest.mark.parametrize(
    ("columns", "answer"),
    [
        (("findings", "impression"), "impression"),
        (("Befund", "Beurteilung"), "Beurteilung"),
        (("note", "DischargeSummary"), "DischargeSummary"),
        (("note", "expression"), None),
    ],
)
def test_an_answer_is_told_by_its_name(columns: tuple[str, ...], answer: str | None) -> None:
    assert answer_column(columns) == answer


def test_texts_without_anything_to_answer_are_refused(
    tmp_path: Path, reports: pd.DataFrame
) -> None:
    with pytest.raises(
        StudyError, match=r"reports\.csv: expected a column with two or more classes"
    ):
        guessed(tmp_path, reports[["case_id", "findings"]])
    with pytest.raises(StudyError, match="expected columns of numbers, categories or texts"):
        guessed(tmp_path, reports[["priority"]])
