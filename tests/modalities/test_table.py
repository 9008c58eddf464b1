"""Rows of a table become numbers: worked by hand, fitted on training rows, refused in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from bedside.errors import DataError, StudyError
from bedside.modalities.table import Table, told
from bedside.schema import Reference, Sample, State
from bedside.study import parse_options

COLUMNS = ["age", "sex", "chest pain"]


def table(**words: Any) -> Table:
    return parse_options(Table, {"columns": COLUMNS, **words}, where="inputs.history.")


def read(modality: Table, *cells: Any) -> Sample:
    return modality.read(Reference("row 2 of cases.csv", dict(zip(COLUMNS, cells, strict=True))))


def rows(modality: Table, cells: Sequence[tuple[Any, ...]]) -> list[Sample]:
    return [read(modality, *row) for row in cells]


@pytest.fixture
def modality() -> Table:
    return table(categories=["chest pain"], missing={"age": [0, "unknown"]})


@pytest.fixture
def state(modality: Table) -> State:
    """Ages 40 and 60, one missing; sex never missing; pain 2, 1 and a rare 4."""
    ages = ["40"] * 6 + ["60"] * 6 + ["0"] * 3
    pains = ["2.0"] * 8 + ["1"] * 5 + ["4", ""]
    sexes = ["M", "f "] * 7 + ["m"]
    return modality.fit(rows(modality, list(zip(ages, sexes, pains, strict=True))))


def test_what_means_missing_is_blank_after_reading(modality: Table) -> None:
    for cell in ("0", "0.0", " Unknown ", "NaN", "", None):
        assert read(modality, cell, "f", "1").values.tolist() == ["", "f", "1"]
    assert read(modality, " 41 ", "none", "0").values.tolist() == ["41", "", "0"]


def test_a_state_worked_by_hand(modality: Table, state: State) -> None:
    age, sex, pain = state["codes"]
    assert age == {"kind": "number", "mean": 50.0, "std": 10.0, "missing": 3 / 15}
    assert (sex["levels"], sex["others"], sex["missing"]) == (["m", "f"], False, 0)
    assert (pain["levels"], pain["others"]) == (["2", "1"], True)  # one 4 is no level
    assert pain["shares"] == pytest.approx([9 / 15, 5 / 15, 1 / 15])
    assert state["groups"] == [0, 0, 1, 1, 1, 2, 2, 2, 2]
    rule = state["standardise"]["values"]
    assert rule["mean"] == pytest.approx([50, 0.2, 8 / 15, 7 / 15, 0, 0.6, 1 / 3, 1 / 15, 1 / 15])
    assert rule["std"] == [10.0, 0.5, 0.5, 0.5, 1e6, 0.5, 0.5, 0.5, 0.5]


@pytest.mark.parametrize(
    ("cells", "wanted", "words"),
    [
        (("70", "M", "1"), [70, 0, 1, 0, 0, 0, 1, 0, 0], ["age 70", "sex m", "chest pain 1"]),
        (("", "f", "2"), [50, 1, 0, 1, 0, 1, 0, 0, 0], ["age missing", "sex f", "chest pain 2"]),
        (
            ("40", "x", ""),
            [40, 0, 0, 0, 1, 1, 0, 0, 1],
            ["age 40", "sex another", "chest pain missing"],
        ),
        (("40", "", "7"), [40, 0, 1, 0, 0, 0, 0, 1, 0], ["age 40", "sex m", "chest pain another"]),
    ],
)
def test_rows_worked_by_hand(
    modality: Table, state: State, cells: tuple[str, ...], wanted: list[float], words: list[str]
) -> None:
    values = modality.prepare(read(modality, *cells), state)["values"]
    assert values.dtype == np.float32
    assert values.tolist() == wanted
    assert told(values, state) == words


def test_a_column_of_numbers_with_some_words_is_refused_and_so_is_one_without_values() -> None:
    cells = [("40", "a", "")] * 5 + [("50", "b", "")] * 5 + [("about 60", "c", "")]
    with pytest.raises(DataError) as refused:
        table().fit(rows(table(), cells))
    age, pain = str(refused.value).splitlines()
    assert age == (
        "column 'age': expected numbers in all training cases, got words in 1. Name the words that "
        "mean missing under inputs.<name>.missing, or list the column under "
        "inputs.<name>.categories."
    )
    assert pain.startswith("column 'chest pain': expected values in training cases, got none.")
    kinds = [code["kind"] for code in table(columns=COLUMNS[:2]).fit(_two(cells, 10))["codes"]]
    assert kinds == ["number", "category"]


def _two(cells: list[tuple[str, ...]], count: int) -> list[Sample]:
    return [Sample(np.array(row[:2])) for row in cells[:count]]


def test_names_of_people_are_no_levels() -> None:
    cells = [(str(n), f"Person {n}", "1") for n in range(40)]
    wanted = r"column 'sex': expected a value that 5 training cases share, got none\."
    with pytest.raises(DataError, match=wanted):
        table().fit(rows(table(), cells))


def test_a_word_among_numbers_is_refused_at_serving_and_not_quoted(
    modality: Table, state: State
) -> None:
    for cell in ("fifty", "1e400", "inf", "1_0"):
        with pytest.raises(DataError) as refused:
            modality.prepare(read(modality, cell, "m", "1"), state)
        assert str(refused.value) == (
            "column 'age': expected a number, as in training, got a word. Correct the cell, or "
            "leave it blank where it is unknown."
        )


def test_rows_of_another_form_are_refused(modality: Table) -> None:
    for content, got in (
        (np.zeros(4), r"shape \(4,\)"),
        ({"age": "1"}, "1 cells"),
        ("40", "something else"),
    ):
        with pytest.raises(DataError, match=rf"row 2: expected the cells of 3 columns, got {got}"):
            modality.read(Reference("row 2", content))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"columns": ["a", "a"]}, "expected each column once, got one twice"),
        ({"columns": ["a"], "missing": {"b": [0]}}, "expected missing to name some of the columns"),
        (
            {"columns": ["a"], "numbers": ["a"], "categories": ["a"]},
            "expected a column under numbers or categories, got one under both",
        ),
        ({"columns": []}, "columns"),
    ],
)
def test_words_that_do_not_fit_are_refused(words: dict[str, Any], said: str) -> None:
    with pytest.raises(StudyError, match=said):
        parse_options(Table, words, where="inputs.history.")


def test_an_unfitted_level_weighs_nothing_and_a_constant_column_does_no_harm() -> None:
    cells = [("5", "a", "1")] * 6
    state = table().fit(rows(table(), cells))
    rule = state["standardise"]["values"]
    values = table().prepare(read(table(), "5", "z", "1"), state)["values"]
    standard = (values - rule["mean"]) / rule["std"]
    assert np.abs(standard[2]) < 1e-5  # another level: nobody had one in training
    assert standard[0] == 0
