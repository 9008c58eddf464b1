"""One text: surrogates stay the same, dates keep their distances, offsets are true."""

from __future__ import annotations

import re
from datetime import date

import pytest

from bedside.privacy.dates import Reading
from bedside.privacy.notes import deidentify_text
from bedside.privacy.surrogates import WEEKS, Surrogates
from bedside.privacy.vocabulary import known_words

OWN = Surrogates(b"s" * 32, "p1")
TEXT = """Patient: Mary O'Connor   MRN: 00123456   DOB: 03/14/1931
Mrs. O'Connor, 91-year-old, was seen on 12 March 2021 and 2021-03-26 at Mercywood Hospital.
MARY lives at 12 Oak Street, Springfield, IL 62704; call (555) 123-4567 or mary.oc@mail.com.
Her neighbour is 64 years old and American.
"""


def test_nothing_that_identifies_is_left_and_all_else_is() -> None:
    done = deidentify_text(TEXT, OWN)
    for gone in ("Mary", "MARY", "Connor", "00123456", "1931", "2021", "Oak", "62704", "4567",
                 "mary.oc", "91-", "Mercywood", "Springfield"):  # fmt: skip
        assert gone not in done.text
    assert "90-year-old" in done.text
    assert "64 years old and American" in done.text
    assert re.search(r"MRN: \d{8}   DOB: \d\d/\d\d/\d{4}\n", done.text)
    assert re.search(r"call \(\d{3}\) \d{3}-\d{4} or \w{8}@example\.org", done.text)
    assert [span.kind for span in done.left] == ["title", "age", "group"]


def test_offsets_are_those_of_the_new_text() -> None:
    done = deidentify_text(TEXT, OWN)
    for one in done.replaced:
        assert done.text[one.span.start : one.span.end] == one.surrogate
        assert one.original in TEXT


def test_the_same_name_gives_the_same_surrogate_in_the_same_case_and_gender() -> None:
    done = deidentify_text(TEXT, OWN)
    first, last = re.match(r"Patient: (\w+) O'(\w+) ", done.text).groups()  # type: ignore[union-attr]
    assert f"Mrs. O'{last}" in done.text
    assert f"\n{first.upper()} lives" in done.text
    assert known_words().given[first.lower()] == "female"
    other = deidentify_text(TEXT, Surrogates(b"s" * 32, "p2")).text
    assert other != done.text
    assert deidentify_text(TEXT, Surrogates(b"s" * 32, "p1")).text == done.text
    assert deidentify_text(TEXT, Surrogates(b"t" * 32, "p1")).text != done.text


def test_dates_of_a_patient_move_together_by_whole_weeks() -> None:
    done = deidentify_text("On 2021-03-12 and 2021-03-26.", OWN)
    days = [date.fromisoformat(d) for d in re.findall(r"\d{4}-\d\d-\d\d", done.text)]
    assert (days[1] - days[0]).days == 14
    assert (days[0] - date(2021, 3, 12)).days == OWN.days
    assert OWN.days % 7 == 0
    assert WEEKS[0] <= -OWN.days // 7 <= WEEKS[1]
    shifts = {Surrogates(b"s" * 32, str(n)).days for n in range(40)}
    assert len(shifts) > 25


def test_places_for_a_human_say_why() -> None:
    done = deidentify_text("On 3/4/2020 in Zzyzx she took Xyzolab, on 30 Feb 2020 too.", OWN)
    told = [(done.text[d.start : d.end], d.why) for d in done.doubts]
    assert [why for _, why in told] == ["date-order", "unsure", "unknown-word", "date-gone"]
    assert told[2][0] == "Xyzolab"
    assert told[3][0] == "[date]"


@pytest.mark.parametrize("text", ["", "\n", "No pain."])
def test_texts_without_identifiers_stay_as_they_are(text: str) -> None:
    done = deidentify_text(text, OWN)
    assert (done.text, done.replaced, done.doubts) == (text, (), ())


@pytest.mark.parametrize(
    ("words", "kind", "pattern"),
    [
        ("10.1.2.3", "ip", r"192\.0\.2\.\d+"),
        ("fe80:1:2:3:4:5:6:7", "ip", r"2001:db8::[0-9a-f]+"),
        ("https://a.b/c", "url", r"https://example\.org/[0-9a-f]{8}"),
        ("ninety-five", "age", "ninety"),
        ("AB-123 c", "number", r"[A-Z]{2}-\d{3} [a-z]"),
        ("Mill Road", "address", r"[A-Z][a-z]+ Road"),
        ("OSLO", "place", r"[A-Z]{4,}"),
        ("J. Smith Jr", "name", r"[A-Z]\. [A-Z][a-z]+ Jr"),
    ],
)
def test_surrogates_keep_the_form(words: str, kind: str, pattern: str) -> None:
    new = OWN.replacement(words, kind, Reading())  # type: ignore[arg-type]
    assert re.fullmatch(pattern, new)
    assert new != words
