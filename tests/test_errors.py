from __future__ import annotations

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
