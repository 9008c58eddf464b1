"""Texts beside prepared cases, and which of them training has not seen."""

from __future__ import annotations

import numpy as np
import torch

from bedside.modalities.reading import Readings
from bedside.schema import Sample, Targets
from bedside.tasks.summarise import as_texts
from bedside.training.loader import Prepared, take
from bedside.training.texts import like_any, texts_of, with_sources

TEXTS = ["Heart normal.", "Effusion.", " heart   NORMAL.", "New mass.", "Effusion", "effusion."]
ROWS = {
    "train": np.array([0, 1]),
    "validation": np.array([4, 5]),
    "test": np.array([3, 2]),
}


def readings() -> dict[str, Readings]:
    pictures = [Sample(np.zeros((2, 2))) for _ in TEXTS]
    return {
        "xray": Readings(pictures, {}),
        "findings": Readings([Sample(text) for text in TEXTS], {}),
        "why": Readings([Sample("cough") for _ in TEXTS], {}),
    }


def targets(source: str | None = None) -> Targets:
    arrays = {"truth": as_texts(list("abcdef")), "known": np.ones((6, 1), dtype=bool)}
    return Targets(arrays, ("summary",), "summary", {"source": source})


def test_texts_of_each_part_stand_by_input() -> None:
    found = texts_of(readings(), ROWS)
    assert found["test"] == {"findings": ["New mass.", " heart   NORMAL."], "why": ["cough"] * 2}
    assert list(found["train"]) == ["findings", "why"]


def test_a_case_is_new_where_no_training_text_is_its_own() -> None:
    texts = texts_of(readings(), ROWS)
    made = with_sources({part: targets().take(rows) for part, rows in ROWS.items()}, texts)
    assert made["train"].facts == {"source": "findings"}
    novel = {part: own.arrays["novel"].tolist() for part, own in made.items()}
    assert novel == {
        "train": [False, False],
        "validation": [False, False],
        "test": [True, False],
    }
    assert made["test"].arrays["source"].tolist() == ["New mass.", " heart   NORMAL."]
    of_why = with_sources({part: targets("why").take(rows) for part, rows in ROWS.items()}, texts)
    assert not of_why["test"].arrays["novel"].any()


def test_a_reference_is_uncommon_where_it_is_none_of_the_commonest_of_training() -> None:
    summaries = [f"Kind {n}." for n in range(20) for _ in range(2)] + ["Rare.", "kind 0"]
    cases = len(summaries)
    arrays = {"truth": as_texts(summaries), "known": np.ones((cases, 1), dtype=bool)}
    train = Targets(arrays, ("summary",), "summary", {"source": "x"})
    made = with_sources({"train": train}, {"train": {"x": ["same"] * cases}})
    assert made["train"].arrays["uncommon"].tolist() == [False] * 40 + [True, False]


def test_a_text_is_like_one_that_holds_nine_in_ten_of_its_words_and_little_more() -> None:
    ten = "a b c d e f g h i j"
    others = [ten, "short one", "", " ".join(f"w{n}" for n in range(40))]
    told = {
        f"{ten} a a a": True,
        "J i H g f e d c, b, x": True,  # nine of ten, in any order
        "a b c d e f g h x y": False,
        "a b c d e f": False,  # all of them, but the other is much longer
        "a b c d e f g": True,
        "one short": True,
        "one": False,
        "...": True,  # no word, like the blank one
        "w1 w2 w3": False,
    }
    assert like_any(list(told), others).tolist() == list(told.values())
    assert like_any([], others).shape == (0,)
    assert not like_any(["a"], []).any()


def test_networks_see_no_texts_and_a_fingerprint_reads_them() -> None:
    def part(words: list[str]) -> Prepared:
        arrays = {"truth": as_texts(words), "known": np.ones((2, 1), dtype=bool)}
        own = Targets(arrays, ("summary",), "summary")
        return Prepared({"x.values": np.zeros((2, 3), np.float32)}, own, np.arange(2))

    inputs, told = take(part(["one", "two"]), np.array([1, 0]))
    assert list(told) == ["known"]
    assert inputs["x.values"].shape == (2, 3)
    assert told["known"].dtype == torch.bool
    same = "".join(["t", "wo"])  # equal, and another object
    assert part(["one", "two"]).fingerprint() == part(["one", same]).fingerprint()
    assert part(["one", "two"]).fingerprint() != part(["one", "tow"]).fingerprint()
