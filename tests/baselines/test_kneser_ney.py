"""Kneser-Ney n-grams against a plain reference of the same formula, and counts made by hand."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

import numpy as np
import pytest

from bedside.baselines.contract import TokenLesson
from bedside.baselines.kneser_ney import USUAL, fit_ngrams
from bedside.baselines.language_models import KneserNey, Unigram
from bedside.modalities.text_tokens import BEGIN, END, PAD, UNKNOWN
from bedside.tasks.language import NONE

V = 9
WORDS = range(4, V)


def padded(texts: list[list[int]]) -> np.ndarray:
    longest = max(map(len, texts))
    return np.array([own + [NONE] * (longest - len(own)) for own in texts], dtype=np.int32)


def chained(count: int, seed: int) -> np.ndarray:
    """Texts in which a word is often followed by the next number; some are empty."""
    rng = np.random.default_rng(seed)
    texts = []
    for _ in range(count):
        own: list[int] = []
        for _ in range(rng.integers(0, 9)):
            follows = own and rng.random() < 0.6
            own.append(min(own[-1] + 1, V - 1) if follows else int(rng.choice(WORDS)))
        texts.append([*own, END])
    return padded(texts)


class Plain:
    """The textbook, one probability at a time: recursion over runs in dictionaries."""

    def __init__(self, texts: np.ndarray, order: int) -> None:
        self.order = order
        raw: list[Counter[tuple[int, ...]]] = [Counter() for _ in range(order + 1)]
        for row in texts:
            line = [BEGIN, *[int(t) for t in row if t != NONE]]
            for length in range(1, order + 1):
                for at in range(len(line) - length + 1):
                    raw[length][tuple(line[at : at + length])] += 1
        self.counts: list[dict[tuple[int, ...], int]] = [{} for _ in range(order + 1)]
        for length in range(1, order + 1):
            for run, count in raw[length].items():
                if run[-1] == BEGIN:
                    continue
                own = count
                if length < order and run[0] != BEGIN:
                    own = sum(1 for longer in raw[length + 1] if longer[1:] == run)
                self.counts[length][run] = own
        self.discounts = [self._discounts(own) for own in self.counts]
        self.after: dict[tuple[int, ...], list[tuple[int, int]]] = defaultdict(list)
        for length in range(1, order + 1):
            for run, count in self.counts[length].items():
                self.after[run[:-1]].append((run[-1], count))

    @staticmethod
    def _discounts(counts: dict[tuple[int, ...], int]) -> tuple[float, float, float]:
        n = Counter(counts.values())
        if not all(n[i] for i in (1, 2, 3, 4)):
            return USUAL
        y = n[1] / (n[1] + 2 * n[2])
        found = tuple(i - (i + 1) * y * n[i + 1] / n[i] for i in (1, 2, 3))
        return found if all(0 < d <= i for i, d in enumerate(found, 1)) else USUAL

    def chance(self, before: tuple[int, ...], word: int) -> float:
        before = before[-(self.order - 1) :] if self.order > 1 else ()
        if before not in self.after:
            return self.chance(before[1:], word) if before else 1 / (V - 2)
        below = self.chance(before[1:], word) if before else 1 / (V - 2)
        followers = self.after[before]
        total = sum(count for _, count in followers)
        discount = self.discounts[len(before) + 1]
        own = dict(followers).get(word, 0)
        kept = own - (discount[min(own, 3) - 1] if own else 0)
        left = sum(discount[min(count, 3) - 1] for _, count in followers)
        return kept / total + left / total * below


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_it_is_the_textbook(order: int) -> None:
    texts, new = chained(60, 1), chained(25, 2)
    plain = Plain(texts, order)
    found = fit_ngrams(texts, size=V, order=order).surprise(new)
    for row, surprises in zip(new, found, strict=True):
        line = [BEGIN, *[int(t) for t in row if t != NONE]]
        for at, word in enumerate(line[1:]):
            wanted = -math.log(plain.chance(tuple(line[: at + 1]), word))
            assert surprises[at] == pytest.approx(wanted, rel=1e-9)
    assert np.all(found[new == NONE] == 0)


def test_an_order_below_the_longest_is_the_same_as_fitted_alone() -> None:
    texts, new = chained(60, 1), chained(25, 2)
    every = fit_ngrams(texts, size=V, order=4)
    for order in (1, 2, 3):
        alone = fit_ngrams(texts, size=V, order=order).surprise(new)
        assert every.surprise(new, order=order) == pytest.approx(alone)


@pytest.mark.parametrize("before", [[], [4], [4, 5], [7, 7, 7], [8, 4, 5, 6], [UNKNOWN]])
def test_probabilities_sum_to_one_whatever_stands_before(before: list[int]) -> None:
    model = fit_ngrams(chained(60, 1), size=V, order=4)
    asked = padded([[*before, word] for word in range(V)])
    for order in (1, 2, 3, 4):
        chance = np.exp(-model.surprise(asked, order=order)[:, -1])
        possible = [word for word in range(V) if word not in (PAD, BEGIN)]
        assert chance[possible].sum() == pytest.approx(1)


def test_one_word_by_hand() -> None:
    # "a a b" and its end: of 4 tokens, a twice, b and the end once; too few for own discounts
    texts = padded([[4, 4, 5, END]])
    found = np.exp(-fit_ngrams(texts, size=6, order=1).surprise(padded([[4, 5, UNKNOWN]])))[0]
    left = (1.0 + 0.5 + 0.5) / 4  # what is taken of a count of two, and of two of one
    assert found == pytest.approx([1 / 4 + left / 4, 0.5 / 4 + left / 4, left / 4])


def test_what_stands_before_in_many_ways_is_likelier_in_new_company() -> None:
    # "5" always follows "4", and more often than "6", which follows anything
    texts = padded([[4, 5, END]] * 6 + [[7, 6, END], [8, 6, END], [6, 6, END], [4, 6, END]])
    model = fit_ngrams(texts, size=V, order=2)
    new = model.surprise(padded([[UNKNOWN, 5], [UNKNOWN, 6]]))[:, 1]
    assert new[1] < new[0]


def test_validation_chooses_how_long_runs_are() -> None:
    texts = chained(300, 1)
    kind = {"state": {}, "seed": 1, "threads": 1}
    fitted = KneserNey().fit_tokens(
        TokenLesson(texts, V), validation=TokenLesson(chained(80, 2), V), **kind
    )
    assert fitted.order == 2  # the texts are chains of pairs
    outputs = fitted.surprises(texts)
    assert {name: (a.shape, a.dtype) for name, a in outputs.items()} == {
        name: (texts.shape, np.dtype(np.float32)) for name in ("surprise", "counts", "unknown")
    }
    floor = Unigram().fit_tokens(TokenLesson(texts, V), validation=TokenLesson(texts, V), **kind)
    assert floor.surprises(texts)["surprise"].sum() > 1.1 * outputs["surprise"].sum()
    assert outputs["counts"].sum() == (texts != NONE).sum()


def test_one_training_text_is_enough() -> None:
    for text in ([END], [4, END], [UNKNOWN] * 5 + [END]):
        model = fit_ngrams(padded([text]), size=V, order=6)
        found = model.surprise(padded([[4, 5, UNKNOWN, END], [END]]))
        assert np.isfinite(found).all()
        assert (found[found != 0] > 0).all()
