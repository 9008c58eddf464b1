from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from bedside.errors import (
    BedsideError,
    DataError,
    LeakageError,
    PackageError,
    Problems,
    RunError,
    StudyError,
    nearest,
    sentence,
)
from bedside.modalities.image import Image
from bedside.study import Study, parse_options


def test_the_sentence_has_one_form() -> None:
    text = sentence("row 3 of t.csv", expected="a file", got="a blank", remedy="Fill it in.")
    assert text == "row 3 of t.csv: expected a file, got a blank. Fill it in."


def test_the_nearest_name_is_offered() -> None:
    assert nearest("epoch", ["epochs", "seed"]) == "Did you mean 'epochs'?"


def test_far_names_list_what_is_known_in_order() -> None:
    assert nearest("zzz", ["seed", "epochs"]) == "Known are: epochs, seed."


def test_no_known_name_is_said() -> None:
    assert nearest("zzz", []) == "None is known here."


@pytest.mark.parametrize("kind", [StudyError, DataError, LeakageError, PackageError, RunError])
def test_every_error_is_one_the_user_can_mend(kind: type[BedsideError]) -> None:
    assert issubclass(kind, BedsideError)
    with pytest.raises(BedsideError):
        raise kind("x")


def test_no_problem_raises_nothing() -> None:
    Problems(DataError).raise_if_any()


def collected(n: int) -> Problems:
    problems = Problems(DataError)
    for row in range(n):
        problems.add(f"row {row}", expected="1", got="2", remedy="Mend it")
    return problems


def test_all_problems_are_raised_at_once_and_in_order() -> None:
    with pytest.raises(DataError) as caught:
        collected(3).raise_if_any()
    assert str(caught.value).splitlines() == [
        f"row {row}: expected 1, got 2. Mend it." for row in range(3)
    ]


def test_exactly_twenty_are_shown_in_full() -> None:
    with pytest.raises(DataError) as caught:
        collected(20).raise_if_any()
    assert len(str(caught.value).splitlines()) == 20
    assert "more" not in str(caught.value)


def test_beyond_twenty_only_the_number_is_shown() -> None:
    with pytest.raises(DataError) as caught:
        collected(25).raise_if_any()
    lines = str(caught.value).splitlines()
    assert len(lines) == 21
    assert lines[19].startswith("row 19:")
    assert lines[20] == "... and 5 more of the same kind."


END = ". Correct it in the study file or the --set."


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        (
            {"training": {"epochs": "many words of a note"}},
            "training.epochs: expected 'auto' or a whole number of at least 1, got text",
        ),
        (
            {"training": {"epochs": "atuo"}},
            "training.epochs: expected 'auto' or a whole number of at least 1, got 'atuo'",
        ),
        (
            {"training": {"epochs": True}},
            "training.epochs: expected 'auto' or a whole number of at least 1, got true",
        ),
        (
            {"training": {"batch_size": 1}},
            "training.batch_size: expected 'auto' or a whole number of at least 2, got 1",
        ),
        (
            {"training": {"learning_rate": 0}},
            "training.learning_rate: expected 'auto' or a number above 0, got 0",
        ),
        (
            {"training": {"learning_rate": float("inf")}},
            "training.learning_rate: expected 'auto' or a number above 0, got inf",
        ),
        (
            {"training": {"patience": 0}},
            "training.patience: expected 'auto' or a whole number of at least 1, got 0",
        ),
        ({"threads": 0}, "threads: expected 'auto' or a whole number of at least 1, got 0"),
        ({"split": {"seed": -1}}, "split.seed: expected a whole number of at least 0, got -1"),
        (
            {"split": {"validation": 1.5}},
            "split.validation: expected a number above 0 and below 1, got 1.5",
        ),
        (
            {"split": {"by": "patients"}},
            "split.by: expected 'patient', 'site', 'time', 'case' or 'time_within_patient', got "
            "'patients'",
        ),
        ({"split": {"test_sites": {}}}, "split.test_sites: expected a list of text, got an empty"),
        ({"baselines": 7}, "baselines: expected 'auto' or a list of text, got 7"),
        (
            {"model": {"encoders": {"xray": [1, 2]}}},
            "model.encoders.xray: expected text or a list of text, got a list of 2",
        ),
        ({"model": {"encoders": ["cnn"]}}, "model.encoders: expected a section, got a list of 1"),
        ({"evaluation": {"subgroups": ["a", 3]}}, "evaluation.subgroups, item 2: expected text"),
        ({"inputs": {}}, "inputs: expected a section with at least 1 entry, got an empty section"),
        ({"inputs": {"x": "image"}}, "inputs.x: expected a section, got text"),
        ({"inputs": {"x": {"modality": None}}}, "inputs.x.modality: missing. Add it"),
        ({"inputs": {3: {"modality": "image"}}}, "inputs: expected names as text, got another. "),
        ({"inputs": {"a.b": {"modality": "image"}}}, "inputs: expected names of letters, digits"),
        ({"data": {"table": date(2024, 1, 1)}}, "data.table: expected a path, got a date"),
        ({"name": 10**40}, "name: expected text, got a long number"),
        ({"privacy": {"epsilon": 3.0}}, "privacy.epsilon: expected null: this version has no"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_says_what_was_expected(
    sections: dict[str, Any], message: str
) -> None:
    words = {"data": {"table": "a.csv"}, "inputs": {"xray": {"modality": "image"}}}
    with pytest.raises(StudyError) as caught:
        Study.parse({**words, "target": {"task": "classify"}, **sections}, where="s.yaml")
    found = str(caught.value)
    assert found.startswith(f"s.yaml: {message}")
    assert found.count("\n") == 0
    assert found.endswith((END, "Add it to the study file.", "Put them in quotes."))
    for inside in ("literal", "[key]", "function", "Input should", "pydantic"):
        assert inside not in found


def test_a_plug_ins_words_are_refused_in_the_same_sentence() -> None:
    with pytest.raises(StudyError) as caught:
        parse_options(Image, {"size": [1, 64], "channels": 2, "sise": 1}, where="inputs.xray")
    assert str(caught.value).splitlines() == [
        "inputs.xray: size, item 1: expected a whole number of at least 16 and at most 2048, got 1"
        + END,
        "inputs.xray: channels: expected 'auto', 1 or 3, got 2" + END,
        "inputs.xray: sise: unknown key. Did you mean 'size'?",
    ]
    with pytest.raises(StudyError, match="size: expected a list of 2 whole numbers of at least 16"):
        parse_options(Image, {"size": 64}, where="inputs.xray")
