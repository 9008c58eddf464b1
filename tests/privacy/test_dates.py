"""Dates: found in their many forms, moved, and written as they were."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.privacy.dates import LONG, Reading, date_spans, moved, reading_of

MONTH_FIRST = Reading()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("3/4/2019", "12/24/2018"),
        ("03/04/19", "12/24/18"),
        ("2007-01-17 23:08:55", "2006-11-08 23:08:55"),
        ("20190304", "20181224"),
        ("March 3rd, 2019", "December 23rd, 2018"),
        ("Mar. 1, 2019", "Dec. 21, 2018"),
        ("2nd of May 1999", "21st of February 1999"),
        ("02-Jan-2020", "24-Oct-2019"),
        ("SEPT 4, 2011", "JUN 26, 2011"),
        ("jan 2020", "nov 2019"),
        ("3/2019", "1/2019"),
        ("3/4", "12/25"),
        ("1990s", "1990s"),
        ("Monday", "Monday"),
        ("May 12", "March 3"),
    ],
)
def test_a_date_moves_by_ten_weeks_in_its_own_form(words: str, expected: str) -> None:
    (span,) = date_spans(f"since {words} ")
    assert f"since {words}"[span.start : span.end] == words
    assert moved(words, -70, MONTH_FIRST) == expected


@given(st.dates(date(1905, 1, 1), date(2095, 1, 1)), st.integers(-260, 260))
def test_intervals_and_weekdays_are_kept(day: date, weeks: int) -> None:
    new = day + timedelta(weeks=weeks)
    for form in ("{0.year}-{0.month:02d}-{0.day:02d}", "{0.month}/{0.day}/{0.year}"):
        assert moved(form.format(day), 7 * weeks, MONTH_FIRST) == form.format(new)
    long = f"{LONG[day.month - 1]} {day.day}, {day.year}"
    assert moved(long, 7 * weeks, MONTH_FIRST) == f"{LONG[new.month - 1]} {new.day}, {new.year}"


def test_the_order_is_told_by_a_date_that_leaves_no_doubt() -> None:
    text = "Seen 03/04/2020 and 25/04/2020."
    reading = reading_of(text, list(date_spans(text)))
    assert (reading.order, reading.sure, reading.year) == ("day-first", True, 2020)
    assert moved("03/04/2020", 7, reading) == "10/04/2020"
    alone = reading_of("03/04/2020", list(date_spans("03/04/2020")))
    assert (alone.order, alone.sure) == ("month-first", False)
    assert moved("3.4.2020", 7, alone) == "10.4.2020"
    asked = reading_of("", [], "day-first")
    assert (asked.order, asked.sure) == ("day-first", True)


@pytest.mark.parametrize(
    "text",
    ["BP 120/80", "pain at 7/10 on a pain scale", "strength 5/5", "13/45/2020", "version 1.2.3.4",
     "99/99/9999", "ratio 3/4", "room 2150-B"],
)  # fmt: skip
def test_what_is_no_date_is_left(text: str) -> None:
    assert list(date_spans(text)) == []


def test_an_impossible_day_cannot_be_moved() -> None:
    assert moved("2/30/2020", 7, MONTH_FIRST) is None
    assert moved("tomorrow", 7, MONTH_FIRST) is None
