"""Phrases in a text: the longest, from left to right, whole words where that is asked."""

from __future__ import annotations

from bedside.modalities.text_lookup import Phrases, words_of


def found(phrases: list[str], text: str, *, whole: bool = True) -> list[str]:
    table = Phrases({words_of(phrase): phrase for phrase in phrases}, whole_words=whole)
    return [text[start:end] for _, (start, end) in table.matches(text)]


def test_the_longest_phrase_counts_and_none_stands_over_another() -> None:
    terms = ["diabetes", "type 2 diabetes", "diabetes mellitus", "mellitus type 2"]
    assert found(terms, "Type 2  Diabetes mellitus type 2") == [
        "Type 2  Diabetes",
        "mellitus type 2",
    ]
    assert found(terms, "type 2 and diabetes") == ["diabetes"]


def test_whole_words() -> None:
    assert found(["b"], "b B12 B-12 _b ab") == ["b", "B"]
    assert found(["b"], "B12", whole=False) == ["B"]
    assert found(["vitamin b", "vitamin"], "vitamin B12") == ["vitamin"]
    assert found(["crohn's disease"], "Crohn\u2019s disease, Crohn's diseases") == [
        "Crohn\u2019s disease"
    ]


def test_nothing_is_found_in_nothing() -> None:
    assert found(["a"], "") == []
    assert found([], "a b") == []
