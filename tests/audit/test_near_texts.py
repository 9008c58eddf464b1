"""Near copies of texts: found when words are left out, and not among texts of ready-made words."""

from __future__ import annotations

import time

import numpy as np
import pytest

from bedside.audit.checks.near_texts import near_copies_of_texts
from bedside.audit.evidence import Means
from bedside.audit.near_texts import find_near_texts
from bedside.data.synthetic.reports import make_reports
from bedside.modalities.text import Text
from bedside.modalities.text_files import clean_text

from .cohorts import evidence

READY_MADE = "The heart size is normal. The lungs are clear. No pleural effusion or pneumothorax."
REPORT = (
    "There is a 9 mm nodule in the lingula next to an old clip, and a patchy opacity behind the "
    "heart that was not there in March."
)


def without(text: str, share: float, *, seed: int = 0) -> str:
    words = text.split()
    gone = np.random.default_rng(seed).choice(len(words), max(1, round(share * len(words))), False)
    return " ".join(word for place, word in enumerate(words) if place not in gone)


def test_a_report_with_words_left_out_added_or_written_otherwise_is_found() -> None:
    texts = [READY_MADE] * 9 + [
        REPORT, without(REPORT, 0.1), REPORT.upper().replace(",", " ,"),
        f"Addendum by phone. {REPORT}", "Something else was dictated on this day, at length.",
    ]  # fmt: skip
    found = find_near_texts(texts)
    assert {tuple(pair) for pair in found.pairs.tolist()} == {
        (a, b) for a in range(9, 13) for b in range(a + 1, 13)
    }
    assert found.likeness[0] == 1.0
    assert (np.diff(found.likeness) <= 0).all()


def test_the_likeness_is_the_jaccard_index_of_different_words() -> None:
    one = "alpha beta gamma delta epsilon zeta eta theta"
    found = find_near_texts([one, f"{one} iota kappa"])
    np.testing.assert_allclose(found.likeness, [8 / 10])


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["", "", ""],
        ["No effusion.", "No effusion!"],
        [REPORT, REPORT],
        [f"{READY_MADE} Film {n} of this week." for n in range(40)],
        ["word " * 30, "other " * 30],
    ],
)
def test_short_equal_and_ready_made_texts_are_none(texts: list[str]) -> None:
    assert find_near_texts(texts).pairs.shape == (0, 2)


def test_of_made_up_reports_hardly_any_are_flagged_and_most_planted_copies_are() -> None:
    texts = make_reports(patients=300, seed=1).table["findings"].drop_duplicates().tolist()
    longest = sorted(range(len(texts)), key=lambda i: -len(texts[i]))[:60]
    planted = [without(texts[i], 0.1, seed=i) for i in longest]
    own = {tuple(pair) for pair in find_near_texts(texts).pairs.tolist()}
    found = {tuple(pair) for pair in find_near_texts(texts + planted).pairs.tolist()}
    assert len(own) <= 0.02 * len(texts)
    hit = sum((source, len(texts) + place) in found for place, source in enumerate(longest))
    assert hit >= 45


def test_a_copy_of_usual_phrases_is_found_where_nothing_else_is_as_alike() -> None:
    rng = np.random.default_rng(0)
    phrases = [" ".join(f"word{n}" for n in rng.integers(0, 90, 6)) for _ in range(60)]
    texts = [". ".join(rng.permutation(phrases)[:8]) for _ in range(400)]
    copies = [without(texts[i], 0.05, seed=i) for i in range(40)]
    found = {tuple(pair) for pair in find_near_texts(texts + copies).pairs.tolist()}
    assert sum((i, 400 + i) in found for i in range(40)) >= 30
    assert sum(b < 400 for _, b in found) <= 8


def test_a_long_text_and_many_texts_take_no_time() -> None:
    rng = np.random.default_rng(0)
    texts = [" ".join(map(str, rng.integers(0, 3000, 60))) for _ in range(3000)]
    start = time.perf_counter()
    assert not len(find_near_texts([*texts, "a b c d e f g h " * 200_000]).pairs)
    assert time.perf_counter() - start < 20


def test_pairs_across_parts_warn_and_no_word_is_told() -> None:
    texts = [f"Report {n}: there is {n} of {n * 7} and {n * 3} beside it." for n in range(20)]
    texts += [REPORT, without(REPORT, 0.1), without(REPORT, 0.05, seed=3)]
    rows = len(texts)
    parts = np.array(["train"] * (rows - 1) + ["test"])
    samples = [clean_text(text, where="x") for text in texts]
    seen = evidence(samples, parts=parts, means=Means({"xray": Text()}))
    across, within = near_copies_of_texts(seen)
    assert (across.severity, within.severity) == ("warn", "note")
    assert (across.count, within.count) == (2, 1)
    assert [set(within.rows)] == [{22, 23}]
    assert "2 pairs of texts in different parts (2 with a test case)" in across.message
    assert "nodule" not in f"{across} {within}"
