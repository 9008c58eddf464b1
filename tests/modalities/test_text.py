"""The modality `text`: arrays of one length, an explicit mask, nothing learnt from other parts."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from bedside.errors import DataError
from bedside.modalities.text import LONGEST_AUTO, MOST_KEPT, Text, _Thinned
from bedside.modalities.text_tokens import UNKNOWN, Vocabulary
from bedside.schema import Reference, Sample

NOTES = ["No effusion. No pneumothorax.", "Ödem über beiden Lungen.", "Corazón normal.", ""]


def samples(texts: list[str]) -> list[Sample]:
    return [Text().read(Reference(f"row {i}", text)) for i, text in enumerate(texts)]


def test_tokens_spell_the_text_and_the_mask_says_where() -> None:
    modality = Text(vocabulary=400)
    state = modality.fit(samples(NOTES))
    vocabulary = Vocabulary.from_state(state)
    arrays = modality.collate([modality.prepare(s, state) for s in samples(NOTES)])
    assert arrays["tokens"].dtype == np.int32
    assert arrays["mask"].dtype == np.bool_
    assert arrays["tokens"].shape == arrays["mask"].shape == (4, state["length"])
    for row, note in enumerate(NOTES):
        own = arrays["tokens"][row][arrays["mask"][row]]
        assert vocabulary.decode(own) == note.lower()
        assert not arrays["tokens"][row][~arrays["mask"][row]].any()
    assert not arrays["mask"][3].any()  # an empty note is a case without a token
    assert state["symbols"] == {"tokens": vocabulary.size}


def test_length_covers_training_texts_up_to_a_limit() -> None:
    modality = Text(tokenizer="words")
    assert modality.fit(samples(["a b c", "a " * 21]))["length"] == 24
    assert modality.fit(samples(["a b c", "a " * 5000]))["length"] == LONGEST_AUTO
    assert Text(length=16).fit(samples(["a " * 5000]))["length"] == 16


def test_a_longer_text_is_cut_off_at_its_end() -> None:
    modality = Text(tokenizer="words", length=4)
    state = modality.fit(samples(["one two three four five six"] * 3))
    arrays = modality.prepare(samples(["One two three four five"])[0], state)
    assert Vocabulary.from_state(state).decode(arrays["tokens"]) == "one two three four"
    assert arrays["mask"].all()


def test_capitals_count_where_the_study_says_so() -> None:
    state = Text(tokenizer="words", lowercase=False).fit(
        samples(["RA", "RA", "RA", "ra", "ra", "ra"])
    )
    assert len(set(Vocabulary.from_state(state).encode("RA ra"))) == 2


def test_texts_without_a_word_teach_nothing() -> None:
    with pytest.raises(DataError, match="input 'text': expected training texts, got none with a"):
        Text().fit(samples(["", " "]))


def test_hidden_tokens_are_unknown_ones_and_only_valid_ones() -> None:
    modality = Text(drop_tokens=0.5, tokenizer="words", length=64)
    state = modality.fit(samples(["a b c d " * 10] * 3))
    made = modality.collate([modality.prepare(s, state) for s in samples(["a b c d " * 10, "a"])])
    batch = {name: torch.from_numpy(array) for name, array in made.items()}
    found = modality.augment(dict(batch), torch.Generator().manual_seed(1))
    changed = found["tokens"] != batch["tokens"]
    assert (found["tokens"][changed] == UNKNOWN).all()
    assert not changed[~batch["mask"]].any()
    assert 10 < int(changed.sum()) < 31
    assert torch.equal(found["mask"], batch["mask"])
    assert modality.model_copy(update={"drop_tokens": 0.0}).augment(batch, None) is batch  # type: ignore[arg-type]


def test_features_count_groups_of_tokens_whatever_is_behind_them() -> None:
    modality = Text(tokenizer="words", length=8)
    state = modality.fit(samples(["a b c d"] * 3))
    one = modality.collate([modality.prepare(s, state) for s in samples(["a a b", "b a a", "c"])])
    found = modality.describe(one)
    assert found.shape == (3, 513)
    assert np.array_equal(found[0], found[1])
    assert np.linalg.norm(found[0, :-1]) == pytest.approx(1, abs=1e-6)
    assert found[:, -1] == pytest.approx(np.log1p([3, 3, 1]))
    noisy = {**one, "tokens": np.where(one["mask"], one["tokens"], 5)}
    assert np.array_equal(modality.describe(noisy), found)


def test_the_length_looks_at_texts_from_all_over_a_large_cohort() -> None:
    kept = _Thinned(100)
    texts = [Sample(str(number)) for number in range(1000)]
    assert list(kept.passing(texts)) == [str(number) for number in range(1000)]
    numbers = [int(text) for text in kept.texts]
    assert 50 <= len(numbers) <= 101
    assert len(set(np.diff(numbers))) == 1
    assert numbers[-1] > 980
    assert MOST_KEPT == 20_000


def test_other_texts_do_not_change_what_was_fitted() -> None:
    modality, notes = Text(vocabulary=400), samples(NOTES)
    before = json.dumps(modality.fit(notes[:3]))
    other = Sample("quite another text")
    modality.prepare(other, modality.fit([*notes[:3], other]))
    assert json.dumps(modality.fit(notes[:3])) == before


@pytest.mark.parametrize("words", [{"length": 3}, {"vocabulary": 10}, {"tokenizer": "letters"}])
def test_words_out_of_range_are_refused(words: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Text.model_validate(words)
