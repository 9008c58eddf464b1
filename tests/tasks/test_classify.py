"""The task classify reads targets: every form, every message, strata and truth rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from bedside.data.cohort import Cohort
from bedside.errors import DataError, StudyError
from bedside.schema import Targets
from bedside.study import parse_options
from bedside.tasks.classify import Classify


def cohort(**columns: Any) -> Cohort:
    cases = pd.DataFrame(columns)
    cases["case_id"] = [f"c{row}" for row in range(len(cases))]
    return Cohort(cases, "cases.csv", first_row=2)


def read(cells: Any, **words: Any) -> Targets:
    return Classify(**words).targets(cohort(label=cells))


def refused(kind: type[Exception], cells: Any, **words: Any) -> str:
    with pytest.raises(kind) as caught:
        read(cells, **words)
    return str(caught.value)


# Forms


@pytest.mark.parametrize(
    "cells",
    [
        [0, 1, 1, 0],
        [0.0, 1.0, 1.0, 0.0],
        ["0", "1", "1", "0"],
        ["0.0", "1.0", "1", " 0 "],
        np.array([0, 1, 1, 0], dtype=np.float32),
        pd.array([0, 1, 1, 0], dtype="Int64"),
    ],
)
def test_zero_and_one_in_any_type_are_binary(cells: Any) -> None:
    targets = read(cells)
    assert targets.kind == "binary"
    assert targets.names == ("0", "1")
    assert targets.arrays["truth"].tolist() == [[0], [1], [1], [0]]
    assert targets.arrays["truth"].dtype == np.float32
    assert targets.arrays["known"].dtype == bool
    assert targets.arrays["known"].all()


def test_the_positive_class_is_named() -> None:
    targets = read(["ill", "well", "ill"], positive="ill")
    assert targets.names == ("well", "ill")
    assert targets.arrays["truth"].ravel().tolist() == [1, 0, 1]


def test_positive_against_all_others() -> None:
    targets = read(["a", "b", "c"], positive="b")
    assert targets.names == ("other", "b")
    assert targets.arrays["truth"].ravel().tolist() == [0, 1, 0]


def test_negative_against_all_others() -> None:
    targets = read(["none", "b", "c"], negative="none")
    assert targets.names == ("none", "not none")
    assert targets.arrays["truth"].ravel().tolist() == [0, 1, 1]
    assert read(["none", "b"], negative="none").names == ("none", "b")


def test_negative_with_a_name_for_everything_else() -> None:
    targets = read(["none", "b", "c", "?"], negative="none", positive="any", unknown=["?"])
    assert targets.names == ("none", "any")
    assert targets.arrays["truth"].ravel().tolist() == [0, 1, 1, 0]
    assert targets.arrays["known"].ravel().tolist() == [True, True, True, False]


def test_both_classes_may_be_named_where_there_are_two() -> None:
    assert read(["b", "a"], negative="b", positive="a").names == ("b", "a")


@pytest.mark.parametrize(
    ("cells", "positive", "names"),
    [
        (["yes", "no"], True, ("no", "yes")),
        (["Yes", "No"], False, ("Yes", "No")),
        ([True, False], True, ("False", "True")),
        (["TRUE", "FALSE"], True, ("FALSE", "TRUE")),
        (["1", "2"], 2, ("1", "2")),
        (["1.0", "2.0"], "2", ("1", "2")),
        ([1, 2], "2.0", ("1", "2")),
    ],
)
def test_positive_means_the_value_whatever_yaml_made_of_it(
    cells: list[Any], positive: Any, names: tuple[str, str]
) -> None:
    assert read(cells, positive=positive).names == names


def test_several_classes_are_one_hot_in_the_order_of_their_names() -> None:
    targets = read(["10", "2", "1", "2"])
    assert targets.kind == "classes"
    assert targets.names == ("1", "2", "10")
    assert targets.arrays["truth"].tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 1, 0]]
    assert targets.arrays["known"].shape == (4, 3)


def test_leading_zeros_and_other_text_stay() -> None:
    assert read(["007", "7.0", "1.50", "v1.0"]).names == ("007", "7", "1.50", "v1.0")


def test_an_unknown_class_is_known_nowhere() -> None:
    targets = read(["a", "-1.0", "c", "b"], unknown=[-1])
    assert targets.names == ("a", "b", "c")
    assert targets.arrays["known"].tolist() == [[True] * 3, [False] * 3, [True] * 3, [True] * 3]
    assert targets.arrays["truth"][1].tolist() == [0, 0, 0]


@pytest.mark.parametrize("blank", ["", "  ", None, float("nan")])
def test_a_blank_may_be_listed_as_unknown(blank: Any) -> None:
    targets = read(["a", blank, "b"], positive="a", unknown=[""])
    assert targets.arrays["known"].ravel().tolist() == [True, False, True]


def test_a_missing_integer_is_a_blank() -> None:
    targets = read(pd.array([1, None, 0], dtype="Int64"), unknown=[""])
    assert targets.arrays["known"].ravel().tolist() == [True, False, True]


def test_several_labels() -> None:
    task = Classify(columns=["a", "b"], unknown=[-1, ""])
    targets = task.targets(cohort(a=["1.0", "0", "-1"], b=["yes", None, "FALSE"]))
    assert targets.kind == "labels"
    assert targets.names == ("a", "b")
    assert targets.arrays["truth"].tolist() == [[1, 1], [0, 0], [0, 0]]
    assert targets.arrays["known"].tolist() == [[True, True], [True, False], [False, True]]


def test_numbered_label_columns_are_found() -> None:
    targets = Classify().targets(cohort(label_0=[0, 1], label_1=[1, 0]))
    assert (targets.kind, targets.names) == ("labels", ("label_0", "label_1"))


# Messages


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"column": "a", "columns": ["b"]}, "target: expected column or columns, got both."),
        (
            {"columns": ["b"], "positive": 1},
            "target: expected 0/1 columns without positive or negative, got both.",
        ),
        ({"columns": ["b", "b"]}, "target: expected each of columns once, got one twice."),
        (
            {"positive": 1, "negative": "1.0"},
            "target: expected two values as positive and negative, got one for both.",
        ),
        ({"postive": 1}, "target: postive: unknown key. Did you mean 'positive'?"),
    ],
)
def test_wrong_words_are_refused(words: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError) as caught:
        parse_options(Classify, words, where="target")
    assert str(caught.value).startswith(message)


def test_a_missing_column_says_the_nearest() -> None:
    with pytest.raises(StudyError) as caught:
        Classify(column="lable").targets(cohort(label=[0, 1]))
    message = "cases.csv: no target column 'lable'. Did you mean 'label'?"
    assert str(caught.value) == message


def test_every_blank_label_is_named_by_its_row() -> None:
    lines = refused(DataError, ["a", "", "b", None], positive="a").splitlines()
    assert lines == [
        f"row {row} of cases.csv, column 'label': expected a label, got a blank cell. "
        "Fill it in, leave the row out, or list '' under target.unknown."
        for row in (3, 5)
    ]


@pytest.mark.parametrize("cells", [["a", "a"], ["a", "?"], []])
def test_one_class_is_refused(cells: list[str]) -> None:
    assert refused(DataError, cells, unknown=["?"]) == (
        f"cases.csv, column 'label': expected at least two classes, got {len(set(cells) - {'?'})}. "
        "Add cases of another class or name another target.column."
    )


def test_two_classes_ask_which_is_positive() -> None:
    assert refused(StudyError, ["ill", "well"]) == (
        "cases.csv, column 'label': expected target.positive to say which of two classes is "
        "positive, got nothing. Write target.positive: well (or ill)."
    )


@pytest.mark.parametrize(
    "words",
    [
        {"positive": "c"},
        {"negative": "c"},
        {"positive": "c", "negative": "a"},
    ],
)
def test_a_class_that_never_occurs_is_refused(words: dict[str, str]) -> None:
    word = min(word for word, value in words.items() if value == "c")
    assert refused(StudyError, ["a", "b"], **words) == (
        f"cases.csv, column 'label': expected target.{word} to be a value of the column, got 'c', "
        "which never occurs. Write it as it stands in the column."
    )


def test_a_name_for_everything_else_needs_the_other_class() -> None:
    message = refused(StudyError, ["a", "b", "c"], negative="x", positive="any")
    assert "expected target.negative to be a value of the column, got 'x'" in message


def test_two_named_classes_of_three_are_refused() -> None:
    assert refused(StudyError, ["a", "b", "c"], negative="a", positive="b") == (
        "cases.csv, column 'label': expected two classes beside target.positive and "
        "target.negative, got 3. Name one of the two; the other takes all the rest."
    )


def test_a_column_of_notes_is_no_label() -> None:
    notes = [f"a note on patient {n}" for n in range(51)]
    message = refused(DataError, notes)
    assert "expected at most 50 classes, got 51 different values." in message
    assert "note on" not in message


def test_a_label_that_is_neither_zero_nor_one_is_named_by_its_row() -> None:
    with pytest.raises(DataError) as caught:
        Classify(columns=["a", "b"]).targets(cohort(a=[0, 2], b=["0", "maybe"]))
    assert str(caught.value).splitlines() == [
        f"row 3 of cases.csv, column '{column}': expected 0 or 1, got another value. "
        "Correct it, or list the value under target.unknown."
        for column in "ab"
    ]


# Strata and rows


def test_strata_are_the_classes_and_unknown_is_negative() -> None:
    task = Classify()
    assert task.strata(read(["a", "b", "?"], positive="b", unknown=["?"])).tolist() == [0, 1, -1]
    assert task.strata(read(["a", "b", "c", "?"], unknown=["?"])).tolist() == [0, 1, 2, -1]


def test_strata_of_several_labels_follow_the_rarest() -> None:
    truth = np.array([[1, 0], [1, 1], [0, 0], [1, 0], [1, 1]], dtype=np.float32)
    known = np.array([[1, 1], [1, 1], [1, 1], [1, 0], [0, 0]], dtype=bool)
    targets = Targets({"truth": truth * known, "known": known}, ("often", "rare"), "labels")
    strata = Classify().strata(targets).tolist()
    assert strata == [2, 1, 0, 2, -1]


def test_truth_rows_leave_the_unknown_blank() -> None:
    task = Classify()
    binary = read(["a", "?", "b"], positive="b", unknown=["?"])
    assert task.truth_rows(binary)["truth"].tolist() == ["a", "", "b"]
    classes = read(["a", "?", "b", "c"], unknown=["?"])
    assert task.truth_rows(classes)["truth"].tolist() == ["a", "", "b", "c"]
    labels = Classify(columns=["x"], unknown=[""]).targets(cohort(x=[1, None, 0]))
    assert task.truth_rows(labels)["truth_x"].tolist() == ["1", "", "0"]


def test_classes_get_the_names_people_use() -> None:
    targets = read([0, 1, 1], names={0: "normal", 1: "pneumonia"})
    assert targets.names == ("normal", "pneumonia")
    assert targets.arrays["truth"].tolist() == [[0], [1], [1]]
    several = read(["a", "b", "c"], names={"b": "second"})
    assert several.names == ("a", "second", "c")
    labels = Classify(columns=["x", "y"], names={"x": "Effusion"}).targets(
        cohort(x=[0, 1], y=[1, 0])
    )
    assert labels.names == ("Effusion", "y")


def test_names_of_no_class_and_one_name_twice_are_refused() -> None:
    assert "target.names has '2', which is no class" in refused(
        StudyError, [0, 1, 1], names={2: "other"}
    )
    assert "calls two classes alike" in refused(StudyError, [0, 1, 1], names={0: "same", 1: "same"})
