import pytest

from bedside.reporting.formatting import (
    broken,
    complement,
    count,
    counted,
    duration,
    listed,
    number,
    of_hundred,
    percent,
    with_interval,
)

ESTIMATE = {"value": 0.978, "low": 0.969, "high": 0.986}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.9784, "0.978"),
        (-0.0061, "−0.006"),
        (-0.0001, "0.000"),
        (1, "1.000"),
        (None, "n/a"),
        (float("nan"), "n/a"),
        (True, "n/a"),
        ("0.5", "n/a"),
    ],
)
def test_number_has_three_decimals_and_a_true_minus(value: object, text: str) -> None:
    assert number(value) == text


def test_interval_in_brackets_and_na_where_missing() -> None:
    assert with_interval(ESTIMATE) == "0.978 (0.969 to 0.986)"
    assert with_interval({"value": 0.5, "low": None, "high": None}) == "0.500 (interval n/a)"
    assert with_interval({"value": 0.5}) == "0.500 (interval n/a)"
    assert with_interval(None) == "n/a"
    assert with_interval({"value": None, "low": None, "high": None}) == "n/a"


def test_complement_swaps_the_ends() -> None:
    found = complement({"value": 0.88, "low": 0.83, "high": 0.95})
    assert found is not None
    assert [round(found[key], 6) for key in ("value", "low", "high")] == [0.12, 0.05, 0.17]
    assert complement({"value": None}) is None


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        ({"value": 0.931, "low": 0.904, "high": 0.957}, "93 (90 to 96)"),
        ({"value": 0.004, "low": 0.0, "high": 0.01}, "fewer than 1 (0 to 1)"),
        ({"value": 0.998, "low": 0.99, "high": 1.0}, "more than 99 (99 to 100)"),
        ({"value": 0.0, "low": 0.0, "high": 0.02}, "0 (0 to 2)"),
        ({"value": 1.0, "low": None, "high": None}, "100 (interval n/a)"),
        (None, "n/a"),
    ],
)
def test_natural_frequencies(estimate: dict[str, float] | None, text: str) -> None:
    assert of_hundred(estimate) == text


def test_counts_shares_durations_and_lists() -> None:
    assert (count(12345), count(None)) == ("12,345", "unknown")
    assert (counted(1, "case"), counted(2, "case")) == ("1 case", "2 cases")
    assert percent(0.616) == "62\N{NO-BREAK SPACE}%"
    assert [duration(s) for s in (0.2, 41, 192.4, 7500, None)] == [
        "under 1 s", "41 s", "3 min 12 s", "2 h 05 min", "n/a",
    ]  # fmt: skip
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed("abcdefgh", shown=3) == "a, b, c and 5 more"


def test_a_long_name_takes_a_line_for_each_input():
    assert broken("xray=resnet,note=bag − lead") == "xray=resnet,\nnote=bag\n− lead"
    assert broken("white, other") == "white, other"
