"""Entities as people and programs write them, and as tags of words."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bedside.modalities.text_entities import (
    Entity,
    EntityError,
    in_clean_text,
    read_entities,
    settled,
    write_entities,
)
from bedside.modalities.text_files import clean_text
from bedside.modalities.text_spelling import COLUMNS, FORMS, SYMBOLS, cut_words, spell
from bedside.modalities.text_tags import allowed_transitions, pieces_of, tags_of

TEXT = "Karzinom des Magens: 12 mm, früh-erkannt (T1a)."


def test_all_common_forms_are_read() -> None:
    wanted = [Entity(0, 8, "Disease")]
    for cell in (
        [[0, 8, "Disease"]],
        [{"start": 0, "end": 8, "label": "Disease"}],
        [{"start_position": 0, "end_position": 8, "entity_type": "Disease", "entity_value": "x"}],
        [[0, 8, " Disease ", 0.9]],
    ):
        assert read_entities(json.dumps(cell)) == wanted
    assert read_entities("  ") == []
    assert read_entities(write_entities(wanted)) == wanted


@pytest.mark.parametrize(
    "cell",
    [
        "{",
        "3",
        '{"a": 1}',
        "[3]",
        "[[0, 8]]",
        '[[0.5, 8, "x"]]',
        '[[true, 8, "x"]]',
        '[[0, 8, ""]]',
    ],
)
def test_other_cells_are_refused_without_their_words(cell: str) -> None:
    with pytest.raises(EntityError) as error:
        read_entities(cell)
    assert cell not in str(error.value)


def test_what_lies_outside_or_over_another_is_refused() -> None:
    for wrong in ([Entity(0, 9, "a")], [Entity(-1, 2, "a")], [Entity(3, 3, "a")]):
        with pytest.raises(EntityError, match="in a text of 8"):
            settled(wrong, 8, overlapping="refuse")
    over = [Entity(0, 3, "a"), Entity(2, 8, "b"), Entity(0, 1, "c")]
    with pytest.raises(EntityError, match="overlap"):
        settled(over, 8, overlapping="refuse")
    assert settled(over, 8, overlapping="longest") == [Entity(0, 1, "c"), Entity(2, 8, "b")]


def test_the_same_entity_twice_is_one() -> None:
    assert settled([Entity(0, 3, "a")] * 2, 3, overlapping="refuse") == [Entity(0, 3, "a")]


@pytest.mark.parametrize(
    "written", ["\ufeff  Ein\r\nMa\u0308dchen\tmit Krebs. ", " \x07a Krebs", "Krebs"]
)
def test_places_move_with_what_reading_changes(written: str) -> None:
    start = written.index("Krebs")
    (moved,) = in_clean_text([Entity(start, start + 5, "Disease")], written)
    clean = str(clean_text(written, where="").values)
    assert clean[moved.start : moved.end] == "Krebs"


def test_words_numbers_and_signs_are_cut() -> None:
    spans = cut_words(TEXT, most=100)
    words = [TEXT[start:end] for start, end in spans]
    assert words[:6] == ["Karzinom", "des", "Magens", ":", "12", "mm"]
    assert "früh" in words
    assert words[-5:] == ["T", "1", "a", ")", "."]
    assert len(cut_words(TEXT, most=3)) == 3
    assert cut_words("", most=3).shape == (0, 2)


def test_spelling_tells_shape_and_shares_endings() -> None:
    text = "Gastritis arthritis GASTRITIS B12"
    numbers = spell(text, cut_words(text, most=9))
    assert numbers.shape == (5, COLUMNS)
    numbers, pieces = numbers[:, : len(FORMS)], numbers[:, len(FORMS) :]
    assert numbers.min() >= 1
    assert (pieces[0] == pieces[2]).all()
    assert {*pieces[0]} & {*pieces[1]} - {0}  # of "ritis"
    assert (pieces[4] != 0).sum() == 3  # of "<12>"
    assert numbers.max() < SYMBOLS
    names = list(FORMS)
    same = {name: numbers[0, k] == numbers[2, k] for k, name in enumerate(names)}
    assert same == {name: name != "shape" for name in names}  # capitals show in the shape alone
    endings = names.index("ending")
    assert numbers[0, endings] == numbers[1, endings]
    glued, apart = (spell(t, cut_words(t, most=9))[1, : len(FORMS)] for t in ("B12", "B 12"))
    assert (glued != apart).tolist() == [name == "shape" for name in names]


def test_tags_and_entities_agree() -> None:
    spans = cut_words(TEXT, most=100)
    entities = [Entity(0, 19, "Disease"), Entity(21, 26, "Size"), Entity(42, 45, "Stage")]
    names = ("Disease", "Size", "Stage")
    tags, uneven = tags_of(entities, spans, names)
    assert uneven == 0
    found = [
        Entity(int(spans[first, 0]), int(spans[last, 1]), names[label])
        for first, last, label in pieces_of(tags)
    ]
    assert found == entities
    assert allowed_transitions(3)[np.r_[-1, tags[:-1]], tags].all()


def test_an_entity_that_ends_within_a_word_takes_the_word() -> None:
    tags, uneven = tags_of([Entity(2, 10, "a")], cut_words(TEXT, most=9), ("a",))
    assert uneven == 1
    assert pieces_of(tags) == [(0, 1, 0)]


def test_a_neighbour_of_the_same_label_begins_anew() -> None:
    tags, _ = tags_of([Entity(0, 8, "a"), Entity(9, 12, "a")], cut_words(TEXT, most=3), ("a",))
    assert pieces_of(tags) == [(0, 0, 0), (1, 1, 0)]


def test_what_cannot_follow_is_known() -> None:
    allowed = allowed_transitions(2)
    assert allowed.shape == (6, 5)
    assert not allowed[-1, [2, 4]].any()  # a text does not begin inside
    assert allowed[:, 2].tolist() == [False, True, True, False, False, False]
