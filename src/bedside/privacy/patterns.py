"""Identifiers that show by their form: contacts, numbers of records, ages.

Enters: a text. Leaves: spans with the confidence of the rule that found them. Forms that
also mean something clinical (ranges, doses, blood pressures, laboratory values) need a word
beside them that says what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bedside.privacy.spans import Kind, Span
from bedside.tasks.redaction import EMAIL, WEB

UNIT = (
    r"(?!\s?(?:%|°|mm\b|cm\b|ml\b|mL\b|mg\b|mcg\b|µg\b|g\b|kg\b|l\b|L\b|/|x?10\^|k/|units?\b|IU\b|"
    r"U\b|mmol|mEq|bpm\b|cells|copies|Gy\b|HU\b|kcal|ng\b|pg\b|hours?\b|days?\b|weeks?\b))"
)
LABEL = (
    r"(?:MRN|M\.R\.N\.|(?:medical\s+)?record|chart|account|acct|accession|encounter|visit|order|"
    r"specimen|case|file|policy|insurance|member|subscriber|group|licen[cs]e|passport|serial|"
    r"device|claim|hospital|patient|unit|badge|NHS|CHI|NPI|DEA|SSN|social\s+security|tax|driver'?s?"
    r"(?:\s+licen[cs]e)?|plate|VIN|IMEI|ID|study|pager|ref(?:erence)?|pin|iban|card|confirmation)"
)
NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9,
}  # fmt: skip
OLD_WORDS = rf"(?:ninety|one\s+hundred|a\s+hundred)(?:[\s-](?:and\s)?(?:{'|'.join(NUMBERS)}))?"


@dataclass(frozen=True)
class _Rule:
    """One form: its name, kind, pattern and confidence; ``it`` is the group that identifies."""

    name: str
    kind: Kind
    pattern: re.Pattern[str]
    confidence: float


def _rule(name: str, kind: Kind, pattern: str, confidence: float) -> _Rule:
    return _Rule(name, kind, re.compile(pattern, re.VERBOSE | re.IGNORECASE), confidence)


_SEPARATED = r"(?:[\s.\-/()]{1,3})"
PHONE_WORD = (
    r"(?:phone|telephone|tel|fax|mobile|cell|pager|beeper|call(?:ed|ing)?|contact|desk|office|"
    r"answering|reach(?:ed)?|ring|ext(?:ension)?|whatsapp|sms|text)"
)
RULES = (
    _rule("e-mail", "email", rf"(?P<it>{EMAIL})", 0.99),
    _rule("web", "url", rf"(?P<it>{WEB})", 0.98),
    _rule(
        "domain", "url",
        r"(?<![\w@.])(?P<it>(?:[a-z0-9-]{1,63}\.){1,6}(?:com|org|net|edu|gov|io|info|health|nhs|uk|de|fr|ca|"
        r"au|es|it|nl|ch|at|be|eu)(?:/\S*)?)(?![\w.]*\w)", 0.85,
    ),
    _rule(
        "ip", "ip", r"(?<![\d.])(?P<it>(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}"
        r"(?:25[0-5]|2[0-4]\d|1?\d?\d))(?![\d.]*\d)", 0.9,
    ),
    _rule("ip-6", "ip", r"(?<![\w:])(?P<it>(?:[0-9a-f]{1,4}:){5,7}[0-9a-f]{1,4})(?![\w:])", 0.95),
    _rule("mac", "number", r"(?<![\w:])(?P<it>(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2})(?![\w:])", 0.9),
    _rule("iban", "number", r"(?<!\w)(?P<it>[a-z]{2}\d{2}(?:\s?[a-z0-9]{4}){2,7}"
          r"(?:\s?[a-z0-9]{1,4})?)(?!\w)", 0.95),
    _rule("social-security", "number", r"(?<![\w-])(?P<it>\d{3}-\d{2}-\d{4})(?![\w-])", 0.97),
    _rule("card", "number", r"(?<![\w-])(?P<it>\d{4}(?:[\s-]?\d{4}){2,3}(?:[\s-]?\d{1,3})?)"
          r"(?![\w-])", 0.95),
    _rule(
        "labelled-number", "number",
        rf"\b{LABEL}(?:\s*(?:no|number|nr|num|id|\#|identifier|code))*\.?\s*(?:is|was|\#|:|=)?\s*"
        r"(?P<it>(?=[\w/-]{3})(?!\d+-(?:year|yr|day|week|month))(?=[a-z./-]*\d)"
        r"[a-z0-9]{1,6}(?:[-/.]?[a-z0-9]+)*)" + UNIT, 0.93,
    ),
    _rule("mixed-number", "number", r"(?<![\w./-])(?P<it>(?!(?:1[89]|20)\d0s)(?=\w*\d{4})"
          r"(?=[\w-]*[a-z])[a-z0-9]{1,6}-?[a-z0-9]*\d{3,}[a-z0-9]*)(?![\w-])", 0.75),
    _rule("long-number", "number", r"(?<![\w.,/-])(?P<it>\d{5,}(?:-\d{1,6})?)(?![\w/-]|[.,]\d)"
          + UNIT, 0.7),
    _rule("labelled-phone", "phone", rf"\b{PHONE_WORD}\b[^\n\d+(]{{0,24}}(?P<it>[+(]?\d"
          r"(?:[\d\s()./-]{3,20})\d(?:\s?(?:x|ext\.?)\s?\d{1,6})?)", 0.93),
    _rule("phone", "phone", rf"(?<![\w.,/-])(?P<it>(?:\+|00)\d{{1,3}}{_SEPARATED}?"
          rf"(?:\(?\d{{1,5}}\)?{_SEPARATED}?){{2,6}}(?:\s?(?:x|ext\.?)\s?\d{{1,6}})?)"
          r"(?<=[\dx])(?!\w)", 0.93),
    _rule("phone-groups", "phone", r"(?<![\w.,/-])(?P<it>\(?\d{2,5}\)?(?:[ .-]{1,2}\(?\d{2,5}\)?)"
          r"{1,5}(?:\s?(?:x|ext\.?)\s?\d{1,6})?)(?!\w|[.,/-]\d)" + UNIT, 0.7),
)  # fmt: skip
STRIPPED = {"url": ".,;:)>\"'"}
PHONE_DIGITS = range(7, 17)
YEARS = r"(?:year|yr|y/o|yo\b|y\.o|month|week)"
AGES = (
    re.compile(rf"(?<![\w.,/-])(?P<it>\d{{1,3}})(?=\s?-?\s?{YEARS}s?\b[\s.-]*(?:old|of\s+age|"
               r"female|male|man|woman|boy|girl|gentleman|lady|m\b|f\b)|\s?(?:y/o|yo|y\.o\.|yrs?)\b)",
               re.IGNORECASE),
    re.compile(r"\b(?:aged?|age\s+of|age\s*[:=]|age\s+is|(?:just\s+)?turn(?:ed|s|ing)?|"
               r"at\s+the\s+age\s+of|(?:i'?m|i\s+am|is)\s+(?=\d+\s*(?:[.,!?]|$|and\b|years?\b)))"
               r"\s*(?P<it>\d{1,3})\b(?![\d/-]|\.\d|\s?%)", re.IGNORECASE),
    re.compile(rf"\b(?P<it>{OLD_WORDS})(?=[\s-]+{YEARS})", re.IGNORECASE),
    re.compile(r"(?<![\w.,/-])(?P<it>\d{2,3})(?=\s?(?:[MF]\b|(?:male|female)\b))"),
)  # fmt: skip
LONGEST_AGE = 120


def structured_spans(text: str) -> Iterator[Span]:
    """Contacts, numbers and ages of a text, in the order of the rules; some may overlap."""
    for rule in RULES:
        for match in rule.pattern.finditer(text):
            start, end = match.span("it")
            while end > start and text[end - 1] in STRIPPED.get(rule.kind, " \t\r\n.-/("):
                end -= 1
            if rule.kind == "phone" and not _is_phone(text[start:end], rule.name):
                continue
            yield Span(start, end, rule.kind, rule.confidence, rule.name)
    for pattern in AGES:
        for match in pattern.finditer(text):
            if not match["it"].isdigit() or int(match["it"]) <= LONGEST_AGE:
                yield Span(*match.span("it"), "age", 0.9, "age")


def _is_phone(words: str, rule: str) -> bool:
    digits = sum(c.isdigit() for c in words)
    least = 4 if rule == "labelled-phone" else PHONE_DIGITS.start
    return least <= digits < PHONE_DIGITS.stop and "\n" not in words
