"""Findings of texts: what is stated, what is denied, and lexicon files that are refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bedside.errors import StudyError
from bedside.tasks.findings import (
    Lexicon,
    lexicon_of,
    parse_lexicon,
    read_lexicon,
    stated_findings,
)

WORDS: dict[str, Any] = {
    "about": "Made up for tests.",
    "clause_breaks": r" (?:but|however) ",
    "negation": ["no", "without", "free of"],
    "negation_after": "( has| have)?( been)? (resolved|not seen)",
    "findings": {
        "effusion": r"effusions?|pleural fluid",
        "nodule": ["nodul*", "mass"],
        "device": ["line", "pace maker"],
    },
}


@pytest.fixture
def lexicon() -> Lexicon:
    return parse_lexicon(WORDS)


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("Small pleural effusion.", {"effusion"}),
        ("No effusion.", set()),
        ("Effusion, no nodule.", {"effusion"}),
        ("No nodule, mass or effusion.", set()),
        ("No nodule. Effusion.", {"effusion"}),
        ("No nodule; effusion", {"effusion"}),
        ("No nodule but effusion", {"effusion"}),
        ("No nodule\neffusion", {"effusion"}),
        ("No 4.5 mm nodule", set()),
        ("Effusions have resolved. Nodule not seen", set()),
        ("Effusion was larger, has resolved", {"effusion"}),
        ("NODULAR masses", {"nodule"}),
        ("masses", set()),
        ("Pace   maker and line", {"device"}),
        ("Midline, outline", set()),
        ("Knoten. Kein Erguss", set()),
        ("No effusion. Effusion is back.", {"effusion"}),
        ("", set()),
    ],
)
def test_what_a_text_states(lexicon: Lexicon, text: str, stated: set[str]) -> None:
    assert lexicon.stated(text) == stated


def test_mentions_have_their_places(lexicon: Lexicon) -> None:
    text = "No effusion but a nodule. Pleural fluid?"
    found = [(m.finding, text[m.start : m.end], m.denied) for m in lexicon.mentions(text)]
    assert found == [
        ("effusion", "effusion", True),
        ("nodule", "nodule", False),
        ("effusion", "Pleural fluid", False),
    ]


def test_capitals_can_matter_and_words_of_other_languages_count() -> None:
    own = parse_lexicon(
        {
            "ignore_case": False,
            "negation": ["kein*", "ohne", "Ohne"],
            "concepts": {"erguss": ["Erguss", "Ergüsse"], "COPD": ["COPD"]},
        }
    )
    assert own.stated("Beidseits Ergüsse, keine COPD") == {"erguss"}
    assert own.stated("ergüsse, copd") == frozenset()
    assert own.stated("Ohne Erguss. COPD") == {"COPD"}


def by_hand(words: list[str], findings: dict[str, set[str]]) -> set[str]:
    """The same rules, word by word: a denial holds until its sentence or clause ends."""
    stated, denied = set(), False
    for word in words:
        if word in {".", "but"}:
            denied = False
        elif word == "no":
            denied = True
        stated |= {name for name, terms in findings.items() if word in terms and not denied}
    return stated


def test_random_sentences_agree_with_a_reader_of_single_words(rng: np.random.Generator) -> None:
    findings = {"a": {"alpha", "aleph"}, "b": {"beta"}, "g": {"gamma"}}
    own = parse_lexicon(
        {
            "clause_breaks": " but ",
            "negation": ["no"],
            "findings": {name: sorted(terms) for name, terms in findings.items()},
        }
    )
    every = ["no", "but", ".", "and", "alpha", "aleph", "beta", "gamma", "alphabet", "not"]
    told = 0
    for _ in range(500):
        words = rng.choice(every, size=rng.integers(1, 14)).tolist()
        text = re.sub(r" \.", ".", " ".join(["so", *words, "."]))
        wanted = by_hand(words, findings)
        assert own.stated(text) == wanted, text
        told += len(wanted)
    assert told > 300


def test_a_file_is_read_and_goes_through_json(tmp_path: Path) -> None:
    path = tmp_path / "chest.json"
    path.write_text(json.dumps(WORDS), encoding="utf-8")
    lexicon = read_lexicon(path)
    assert list(lexicon.concepts) == ["effusion", "nodule", "device"]
    text = lexicon.model_dump_json()
    assert lexicon_of(text) == lexicon
    assert stated_findings(text, "Nodules") == {"nodule"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "expected a file that can be read, got none"),
        ("{", "expected JSON in UTF-8, got a fault at line 1"),
        ("[1]", "expected a JSON object, got a list"),
        ("{}", "expected at least one finding, got none"),
        ('{"findings": {}}', "expected at least one finding, got none"),
        ('{"findings": {"a": "("}}', "concepts.a: expected a regular expression, got one with"),
        ('{"findings": {"a": "b*"}}', "concepts.a: expected words, got a pattern that matches an"),
        ('{"findings": {"a": [""]}}', "concepts.a: expected words, got a pattern that matches an"),
        ('{"findings": {"a": 5}}', "concepts.a: expected text or a list of text, got 5"),
        ('{"findings": {"a": "b"}, "negaton": "no"}', "negaton: unknown key. Did you mean 'neg"),
    ],
)
def test_a_file_that_is_no_lexicon_is_refused(
    tmp_path: Path, content: str | None, told: str
) -> None:
    path = tmp_path / "Doe_Jane.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(StudyError) as raised:
        read_lexicon(path)
    message = str(raised.value)
    assert message.startswith("evaluation.lexicon: ")
    assert told in message
    assert "Doe" not in message
    assert "study file" not in message


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.json"
    path.write_bytes(b'{"findings": {"\xff": "a"}}')
    with pytest.raises(StudyError, match="expected JSON in UTF-8, got something else"):
        read_lexicon(path)
