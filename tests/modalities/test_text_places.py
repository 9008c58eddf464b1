"""Places of the text as it is read, in the text as it was written."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bedside.modalities.text_files import clean_text, in_one_form
from bedside.modalities.text_places import places_in

LETTERS = "ab \n\r\x07.e\u0301\u0308üU한\u1112\u1161\u11abÅ"
ODD = "\ufeff\x85\u0344"


@given(st.text(st.sampled_from(LETTERS + ODD), max_size=14))
def test_the_text_is_that_of_the_reader(written: str) -> None:
    places = places_in(written)
    assert places.text == clean_text(written, where="a note").values
    for place in range(len(places.text)):
        assert 0 <= places.start(place) <= places.end(place + 1) <= len(written)


@given(st.text(st.sampled_from(LETTERS), max_size=14))
def test_words_of_plain_letters_are_found_again(written: str) -> None:
    places = places_in(written)
    text = places.text
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            if text[start:end].isascii():
                own = written[places.start(start) : places.end(end)]
                assert in_one_form(own)[0] == text[start:end]


def test_letters_in_two_parts_belong_together() -> None:
    written = "\ufeff\r\n U\u0308belkeit\r\nund a\u0301"
    places = places_in(written)
    assert places.text == "Übelkeit\nund á"
    assert written[places.start(0) : places.end(8)] == "U\u0308belkeit"
    assert written[places.start(9) : places.end(12)] == "und"
    assert written[places.start(13) : places.end(14)] == "a\u0301"


def test_a_text_without_words_has_no_places() -> None:
    assert places_in(" \r\n").text == ""
    assert places_in("").text == ""
