"""Texts of any length in pieces that a network can read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bedside.modalities.text_pieces import cut
from bedside.modalities.text_spelling import cut_words


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
