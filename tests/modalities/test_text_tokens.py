"""Vocabularies: what is cut can be put together again, in any language, and by nothing but JSON."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bedside.modalities.text_tokens import (
    BEGIN,
    END,
    PAD,
    SPECIAL,
    UNKNOWN,
    How,
    Vocabulary,
    counted,
    fit_vocabulary,
)

TEXTS = [
    "No pleural effusion. No pneumothorax.",
    "Small left pleural effusion, unchanged.",
    "Kein Pneumothorax. Ödem über beiden Lungen.",
    "Sin derrame pleural; corazón de tamaño normal.",
]


def fitted(how: How = "bpe", *, lowercase: bool = True, size: int = 400) -> Vocabulary:
    state = fit_vocabulary(TEXTS * 3, how=how, size=size, lowercase=lowercase)
    return Vocabulary.from_state(json.loads(json.dumps(state)))


@pytest.mark.parametrize(
    "text",
    [
        "Ödem ÜBER der Lunge: größer als 5,5 cm",
        "¿Señal? Niño con tos, año 2019",
        "漢字 кровь αβγ 😀 [pad] <end>",
        "two  blanks\n\nand a line\tand a tab",
        "x",
        "",
    ],
)
def test_bytes_lose_nothing(text: str) -> None:
    exact = fitted(lowercase=False)
    assert exact.decode(exact.encode(text)) == text
    small = fitted()
    assert small.decode(small.encode(text)) == text.lower()
    assert small.encode(text) == small.encode(text.lower())


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])).map(str.strip))
def test_bytes_lose_nothing_of_any_text(text: str) -> None:
    vocabulary = fitted(lowercase=False)
    numbers = vocabulary.encode(text)
    assert vocabulary.decode(numbers) == text
    assert all(len(SPECIAL) <= number < vocabulary.size for number in numbers)
    spans = vocabulary.spans(text)
    assert len(spans) == len(numbers)
    assert all(0 <= start <= end <= len(text) for start, end in spans)


def test_words_by_hand() -> None:
    vocabulary = fitted("words", size=300)
    text = "No pleural Effusion, (small) 5.5 zebra."
    numbers = vocabulary.encode(text)
    assert [text[a:b] for a, b in vocabulary.spans(text)] == [
        "No", "pleural", "Effusion", ",", "(", "small", ")", "5.5", "zebra", ".",
    ]  # fmt: skip
    unknown = [place for place, number in enumerate(numbers) if number == UNKNOWN]
    assert unknown == [4, 6, 7, 8]
    assert vocabulary.decode(vocabulary.encode("no effusion; unchanged.")) == (
        "no effusion; unchanged."
    )
    assert vocabulary.decode([BEGIN, numbers[0], UNKNOWN, END, PAD]) == "no [unknown]"


def test_spans_are_those_of_the_text_as_it_was_given() -> None:
    vocabulary, text = fitted(), "  Kein ÖDEM"
    spans = vocabulary.spans(text)
    assert "".join(text[a:b] for a, b in sorted(set(spans))) == "KeinÖDEM"  # all but blanks


@pytest.mark.parametrize("how", ["bpe", "words"])
def test_special_numbers_are_out_of_reach_of_texts(how: How) -> None:
    vocabulary = fitted(how)
    numbers = vocabulary.encode(" ".join(SPECIAL) * 2)
    assert not {PAD, BEGIN, END} & set(numbers)
    assert (PAD, UNKNOWN, BEGIN, END) == (0, 1, 2, 3)
    assert vocabulary.decode([PAD, BEGIN, END]) == ""


@pytest.mark.parametrize("how", ["bpe", "words"])
def test_the_size_is_kept_and_the_same_texts_give_the_same_state(how: How) -> None:
    words = " ".join(f"word{n}" for n in range(900))
    texts = [*TEXTS, words] * 3
    state = fit_vocabulary(texts, how=how, size=350, lowercase=True)
    assert state["size"] == 350
    assert state == fit_vocabulary(iter(texts), how=how, size=350, lowercase=True)
    other = fit_vocabulary(TEXTS * 3, how=how, size=350, lowercase=True)
    assert other["name"] != state["name"]


@pytest.mark.parametrize("how", ["bpe", "words"])
def test_a_word_of_two_texts_is_no_entry_however_often_it_stands_there(how: How) -> None:
    rare, common = ["Zyxwvski " * 50, "Zyxwvski. " * 50], ["Erguss " * 2] * 3
    for texts, known in ((rare, False), (common, True), ([*rare, "Zyxwvski"], True)):
        state = fit_vocabulary([*texts, "x"], how=how, size=400, lowercase=True)
        words = {piece.strip("\u0120") for piece in state["tokenizer"]["model"]["vocab"]}
        assert bool({"zyxwvski", "erguss"} & words) == known


def test_another_process_learns_the_same() -> None:
    code = (
        "import json,sys; from bedside.modalities.text_tokens import fit_vocabulary; "
        "print(json.dumps(fit_vocabulary(json.load(sys.stdin), how='bpe', size=380, "
        "lowercase=True)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(TEXTS),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == fit_vocabulary(TEXTS, how="bpe", size=380, lowercase=True)


@pytest.mark.parametrize("how", ["bpe", "words"])
def test_the_beginning_of_a_long_text_is_the_beginning_of_all(how: How) -> None:
    vocabulary, text = fitted(how), "Ödem über beiden Lungen, 5.5 cm.  Kein Erguss. " * 90
    whole, spans = vocabulary.encode(text), vocabulary.spans(text)
    for most in (1, 7, 300, len(whole), len(whole) + 5):
        assert vocabulary.encode(text, most=most) == whole[:most]
        assert vocabulary.spans(text, most=most) == spans[:most]


def test_a_note_of_a_megabyte_is_cut_at_the_cost_of_its_beginning() -> None:
    vocabulary = fitted()
    for text in ("Kein Erguss über der Lunge. " * 40_000, "x" * 1_100_000):
        start = time.process_time()
        assert len(vocabulary.encode(text, most=512)) == 512
        assert time.process_time() - start < 0.5


def test_counting() -> None:
    assert counted([4, 4, 6], 7).tolist() == [0, 0, 0, 0, 2, 0, 1]
