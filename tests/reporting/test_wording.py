"""Signed numbers as amounts with a side, and names of metrics within a sentence."""

from __future__ import annotations

import pytest

from bedside.reporting.formatting import PLAIN
from bedside.reporting.glossary import difference_form, mid_sentence
from bedside.reporting.wording import sided

WORDS = ("lower", "higher")


def _sided(value: float, low: float | None, high: float | None) -> tuple[str, str]:
    return sided({"value": value, "low": low, "high": high}, PLAIN, words=WORDS)


def test_an_interval_on_both_sides_of_zero_names_both() -> None:
    assert _sided(-0.004, -0.016, 0.008) == ("0.004 lower", "0.016 lower to 0.008 higher")


def test_an_interval_on_one_side_names_it_once_the_nearer_end_first() -> None:
    assert _sided(-0.216, -0.248, -0.188) == ("0.216 lower", "0.188 to 0.248 lower")
    assert _sided(0.035, 0.021, 0.05) == ("0.035 higher", "0.021 to 0.050 higher")


def test_without_an_interval_nothing_is_said_of_it() -> None:
    assert _sided(0.035, None, None) == ("0.035 higher", "")


def test_shares_differ_by_percentage_points_not_by_percent() -> None:
    form = difference_form("entity_f1")
    value, between = sided({"value": 0.021, "low": -0.003, "high": 0.043}, form, words=WORDS)
    assert value.replace("\N{NO-BREAK SPACE}", " ") == "2.1 percentage points higher"
    assert between.endswith("percentage points higher")


@pytest.mark.parametrize(
    ("metric", "words"),
    [("auroc", "AUROC"), ("dice", "Dice"), ("entity_f1", "entity F1"), ("f1", "F1")],
)
def test_people_and_acronyms_keep_their_capitals(metric: str, words: str) -> None:
    assert mid_sentence(metric) == words
