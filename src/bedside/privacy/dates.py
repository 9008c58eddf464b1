"""Dates in the many forms of notes: found, moved by days, and written in the form they had.

Enters: a text. Leaves: spans; and for one date and a number of days, the date so many days
later, with the same order, separators, zeros and words. Which of two numbers is the month is
told by the other dates of the text where one of them leaves no doubt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, timedelta
from typing import Literal

from bedside.privacy.spans import Span

Order = Literal["month-first", "day-first"]
LONG = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
MONTH = r"(?P<word>(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)\.?|" + (
    "|".join(LONG) + ")"
)
DAY, TWO, YEAR = r"(?P<day>\d{1,2})", r"\d{1,2}", r"(?P<year>(?:1[89]|20)\d{2})"
ANY_YEAR = r"(?P<year>(?:1[89]|20)\d{2}|'?\d{2})"
TURN = r"(?P<turn>st|nd|rd|th)?"
TIME = r"(?P<time>[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
BEFORE = (
    r"(?:on|since|from|until|till|by|dated?|of|in|during|admitted|discharged|seen|through|"
    r"before|after|around)"
)
FORMS: dict[str, tuple[re.Pattern[str], float]] = {
    name: (re.compile(rf"(?<![\w/.-]){pattern}(?![\w/-]|\.\d)", flags), confidence)
    for name, pattern, flags, confidence in (
        ("iso", rf"{YEAR}(?P<a>[-/.])(?P<month>{TWO})(?P=a){DAY}{TIME}", 0, 0.97),
        ("compact", rf"{YEAR}(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])", 0, 0.8),
        ("slashed", rf"(?P<one>{TWO})(?P<a>[/.-])(?P<two>{TWO})(?P=a){ANY_YEAR}", 0, 0.95),
        ("dashed", rf"{DAY}(?P<a>[- /]?){MONTH}(?P=a){ANY_YEAR}", re.I, 0.96),
        ("day-month-year", rf"{DAY}{TURN}(?:\s+of)?\s+{MONTH},?\s+{YEAR}", re.I, 0.97),
        ("month-day-year", rf"{MONTH}\s+{DAY}{TURN},?\s+{YEAR}", re.I, 0.97),
        ("month-year", rf"{MONTH}(?:\s+of)?,?[\s-]+{YEAR}", re.I, 0.95),
        ("month-day", rf"{MONTH}\s+{DAY}{TURN}", re.I, 0.85),
        ("day-month", rf"{DAY}{TURN}(?:\s+of)?\s+{MONTH}", re.I, 0.85),
        ("number-year", rf"(?P<month>0?[1-9]|1[0-2])/{YEAR}", 0, 0.85),
        ("decade", rf"{YEAR}'?s", 0, 0.8),
        ("year", YEAR, 0, 0.6),
    )
}
"""Tried in this order; what an earlier form took, a later one leaves alone."""
PARTIAL = re.compile(
    rf"(?<!pain )\b{BEFORE}\s+(?P<it>(?P<one>{TWO})(?P<a>/)(?P<two>{TWO}))"
    r"(?![\w/-]|\.\d|\s?(?:strength|mm|cm|power|hpf|lobes|rounds|beats|doses|on\s+(?:the|a)\s+pain))",
    re.IGNORECASE,
)
WEEKDAY = re.compile(r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b")
PIVOT = 40
"""Two digits up to it are of this century."""
MIDDLE_DAY, MIDDLE_MONTH = 15, 7
"""A month or a year is moved by its middle."""
LEAP = 2000
"""Assumed where a text tells no year, since every day exists in it."""


@dataclass(frozen=True)
class Reading:
    """How the dates of one text are to be read.

    Args:
        order: of two numbers that could both be a month.
        sure: whether a date of the text told the order.
        year: for dates without one.
    """

    order: Order = "month-first"
    sure: bool = False
    year: int = LEAP


def date_spans(text: str) -> Iterator[Span]:
    """Dates, and weekdays, which whole weeks leave as they are."""
    taken = bytearray(len(text))
    for name, (pattern, confidence) in FORMS.items():
        for match in pattern.finditer(text):
            start, end = match.span()
            if not any(taken[start:end]) and _plausible(match):
                taken[start:end] = b"\1" * (end - start)
                yield Span(start, end, "date", confidence, f"date-{name}")
    for match in PARTIAL.finditer(text):
        start, end = match.span("it")
        if not any(taken[start:end]) and _plausible(match):
            yield Span(start, end, "date", 0.65, "date-partial")
    for match in WEEKDAY.finditer(text):
        yield Span(*match.span(), "date", 0.7, "date-weekday")


def _plausible(match: re.Match[str]) -> bool:
    """Whether the numbers can be days and months at all."""
    parts = match.groupdict()
    one, two = int(parts.get("one") or 1), int(parts.get("two") or 1)
    day, month = int(parts.get("day") or 1), int(parts.get("month") or 1)
    return 1 <= min(one, two) <= 12 and max(one, two) <= 31 and 1 <= day <= 31 and 1 <= month <= 12


def reading_of(text: str, spans: Sequence[Span], order: Order | None = None) -> Reading:
    """What the dates of a text say about the order of their numbers and their year.

    Args:
        text: any.
        spans: of its dates.
        order: as the user says; None tells it from the text, month first in doubt.
    """
    votes = {"month-first": 0, "day-first": 0}
    years = []
    for span in spans:
        match = _match(text[span.start : span.end])
        if match is None:
            continue
        parts = match[1].groupdict()
        if parts.get("year"):
            years.append(_year(parts["year"]))
        if parts.get("one") and parts.get("two"):
            votes["day-first"] += int(parts["one"]) > 12
            votes["month-first"] += int(parts["two"]) > 12
    told: Order = "day-first" if votes["day-first"] > votes["month-first"] else "month-first"
    return Reading(
        order or told, order is not None or max(votes.values()) > 0, max(years, default=LEAP)
    )


def moved(words: str, days: int, reading: Reading) -> str | None:
    """A date so many days later, in the form it had; None where it can be no date.

    Args:
        words: the date alone, as `date_spans` found it.
        days: whole weeks keep the weekday.
        reading: how its numbers are to be read.
    """
    if WEEKDAY.fullmatch(words) and days % 7 == 0:
        return words
    found = _match(words)
    if found is None:
        return None
    name, match = found
    parts = {key: value for key, value in match.groupdict().items() if value is not None}
    try:
        day = _day(parts, reading)
        new = day + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    if not MINYEAR + 999 < new.year < MAXYEAR:
        return None
    return _written(match, parts, name=name, new=new, reading=reading)


def _match(words: str) -> tuple[str, re.Match[str]] | None:
    for name, (pattern, _) in FORMS.items():
        match = pattern.fullmatch(words)
        if match is not None:
            return name, match
    match = PARTIAL.fullmatch(f"on {words}")
    return None if match is None else ("partial", match)


def _year(words: str) -> int:
    number = int(words.lstrip("'"))
    if len(words.lstrip("'")) == 4:
        return number
    return 2000 + number if number <= PIVOT else 1900 + number


def _month(words: str) -> int:
    return next(n for n, long in enumerate(LONG, 1) if long[:3].lower() == words[:3].lower())


def _swapped(parts: dict[str, str], reading: Reading) -> bool:
    """Whether the first of two numbers is the day."""
    one, two = int(parts["one"]), int(parts["two"])
    dotted = parts.get("a") == "." and not reading.sure  # full stops stand where days come first
    return one > 12 or (two <= 12 and (dotted or reading.order == "day-first"))


def _day(parts: dict[str, str], reading: Reading) -> date:
    year = _year(parts["year"]) if "year" in parts else reading.year
    if "one" in parts:
        one, two = int(parts["one"]), int(parts["two"])
        month, day = (two, one) if _swapped(parts, reading) else (one, two)
    else:
        month = _month(parts["word"]) if "word" in parts else int(parts.get("month", MIDDLE_MONTH))
        day = int(parts.get("day", MIDDLE_DAY))
    return date(year, month, day)


def _written(
    match: re.Match[str], parts: dict[str, str], *, name: str, new: date, reading: Reading
) -> str:
    """The new date with each of its parts in the place and the manner of the old one."""
    one, two = new.month, new.day
    if "one" in parts and _swapped(parts, reading):
        one, two = two, one
    values = {"day": new.day, "month": new.month, "one": one, "two": two}
    zeros = name in ("iso", "compact") or any(parts.get(key, "").startswith("0") for key in values)
    pieces: dict[str, str] = {
        key: f"{value:02d}" if len(parts[key]) == 2 and zeros else str(value)
        for key, value in values.items()
        if key in parts
    }
    if "year" in parts:
        old = parts["year"]
        short = len(old.lstrip("'")) == 2
        year = f"{new.year % 100:02d}" if short else str(new.year)
        if name == "decade":
            year = str(new.year // 10 * 10)
        pieces["year"] = ("'" if old.startswith("'") else "") + year
    if "word" in parts:
        pieces["word"] = _month_like(parts["word"], new.month)
    if "turn" in parts:
        pieces["turn"] = _turn(new.day)
    text, shift = match.group(), -match.start()
    for key in sorted(pieces, key=match.start, reverse=True):
        start, end = match.start(key) + shift, match.end(key) + shift
        text = text[:start] + pieces[key] + text[end:]
    return text.removeprefix("on ") if name == "partial" else text


def _month_like(old: str, month: int) -> str:
    """The name of a month as long, and in such letters, as another."""
    bare = old.rstrip(".")
    long = bare.capitalize() in LONG and not (bare.lower() == "may" and old.endswith("."))
    new = LONG[month - 1] if long else LONG[month - 1][:3] + old[len(bare) :]
    if bare.isupper():
        return new.upper()
    return new if bare[0].isupper() else new.lower()


def _turn(day: int) -> str:
    if 11 <= day <= 13:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
