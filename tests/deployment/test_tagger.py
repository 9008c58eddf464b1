"""Texts of any length in pieces that a network can read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.deployment.tagger import cut, entities_in, labels_of
from bedside.errors import PackageError
from bedside.modalities.text_spelling import cut_words
from bedside.tasks.classify import Classify
from bedside.tasks.tag import Tag


def test_a_text_is_cut_behind_sentences() -> None:
    text = "One two. Three four five. Six seven eight nine ten eleven twelve."
    assert [text[start:end] for start, end in cut(text, 8)] == [
        "One two. Three four five.",
        "Six seven eight nine ten eleven twelve.",
    ]
    assert next(text[start:end] for start, end in cut(text, 4)) == "One two."
    assert cut(text, 100) == [(0, len(text))]
    assert cut(" \n", 4) == []


@given(st.text("ab .\n1", max_size=80), st.integers(1, 9))
def test_no_word_is_lost_or_read_twice(text: str, most: int) -> None:
    pieces = cut(text, most)
    words = [
        (start + int(a), start + int(b))
        for start, end in pieces
        for a, b in cut_words(text[start:end], most=most + 1)
    ]
    assert words == [(int(a), int(b)) for a, b in cut_words(text, most=len(text))]
    assert all(len(cut_words(text[start:end], most=99)) <= most for start, end in pieces)


class Asked:
    """A package that finds every x, three words at a time."""

    def __init__(self, task: Any) -> None:
        self.package = SimpleNamespace(
            contents=SimpleNamespace(
                task=task,
                task_state={"source": "note", "names": ["X"]},
                modality_states={"note": {"length": 3}},
            )
        )

    def predict(self, samples: list[Any]) -> list[dict[str, str]]:
        return [
            {"entities": str([[n, n + 1, "X", 0.5] for n, c in enumerate(s.values) if c == "x"])
             .replace("'", '"')}
            for s in samples
        ]  # fmt: skip


def test_places_are_those_of_the_whole_text() -> None:
    texts = ["  a b x. x c d e f x", "", "none", "x"]
    found = entities_in(Asked(Tag()), texts)  # type: ignore[arg-type]
    assert [[(entity.start, p) for entity, p in own] for own in found] == [
        [(n, 0.5) for n, letter in enumerate(text) if letter == "x"] for text in texts
    ]
    assert labels_of(Asked(Tag())) == ("X",)  # type: ignore[arg-type]


def test_a_package_of_another_task_is_refused() -> None:
    for ask in (lambda p: entities_in(p, ["a"]), labels_of):
        with pytest.raises(PackageError, match=r"task: tag\), got task: classify"):
            ask(Asked(Classify(column="a")))  # type: ignore[arg-type]
