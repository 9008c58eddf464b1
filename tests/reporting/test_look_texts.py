"""Marked words: tokens become words, words get strengths, a cohort gets its words."""

from __future__ import annotations

import numpy as np

from bedside.reporting.look_texts import LONGEST, cohort_words, marked_pieces, word_shares

TEXT = "No effusion. Large nodule left."
SPANS = [(0, 2), (2, 6), (6, 12), (12, 18), (18, 22), (22, 25), (25, 30)]


def test_tokens_of_one_word_are_added_up() -> None:
    shares = word_shares(TEXT, SPANS, np.array([-0.5, 0.0, 0.0, 0.25, 1.0, 1.0, 0.0, 9.0]))
    assert [(TEXT[a:b], share) for a, b, share in shares] == [
        ("No", -0.25), ("effusion.", 0.0), ("Large", 0.125), ("nodule", 1.0), ("left.", 0.0),
    ]  # fmt: skip


def test_a_text_without_a_word_or_a_mark_is_left_as_it_is() -> None:
    assert word_shares("", [], np.zeros(4)) == []
    shares = word_shares(TEXT, SPANS, np.zeros(8))
    assert marked_pieces(TEXT, shares) == [{"text": TEXT, "side": "", "step": 0}]


def test_strong_words_are_marked_and_the_text_stays_whole() -> None:
    pieces = marked_pieces(TEXT, [(0, 2, -0.25), (13, 18, 0.05), (19, 25, 1.0)])
    assert "".join(piece["text"] for piece in pieces) == TEXT
    marked = [piece for piece in pieces if piece["side"]]
    assert marked == [
        {"text": "No", "side": "against", "step": 1},
        {"text": "nodule", "side": "for", "step": 4},
    ]


def test_a_long_text_is_cut() -> None:
    text = "word " * 1000
    pieces = marked_pieces(text, [])
    assert len(pieces[0]["text"]) == LONGEST + 2
    assert pieces[0]["text"].endswith(" …")


def test_words_of_few_texts_and_words_against_are_not_named() -> None:
    texts = [("Large nodule, no pain", [(0, 5, 0.2), (6, 13, 1.0), (14, 16, -0.4)])] * 3
    texts += [("rare find", [(0, 4, 1.0)])] * 2
    assert cohort_words(texts) == [
        {"word": "nodule", "share": 1.0, "texts": 3},
        {"word": "large", "share": 0.2, "texts": 3},
    ]
