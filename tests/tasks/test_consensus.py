"""Choosing between summaries: agreement by hand, evidence, and weights from references."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.tasks.consensus import (
    Nearness,
    Telling,
    Weights,
    choose_weights,
    in_order,
    in_words,
    pool_of,
)

TELLING = Telling({"a": 1.0, "b": 1.0, "c": 2.0, "d": 4.0}, rare=8.0)


def longest(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    table = np.zeros((len(one) + 1, len(other) + 1), dtype=int)
    for i, a in enumerate(one):
        for j, b in enumerate(other):
            table[i + 1, j + 1] = (
                table[i, j] + 1 if a == b else max(table[i, j + 1], table[i + 1, j])
            )
    return int(table[-1, -1])


def test_order_counts_the_longest_common_subsequence() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        one, other = (
            tuple(map(str, rng.integers(1, 5, size=rng.integers(1, 40)))) for _ in range(2)
        )
        wanted = 2 * longest(one, other) / (len(one) + len(other))
        assert in_order(one, other) == pytest.approx(wanted)
    assert in_order((), ("a",)) == 0.0


def test_words_count_by_their_weight() -> None:
    # they share c (weight 2): 2 * 2 / ((1 + 2) + (2 + 4)); a word said twice counts once
    assert in_words([("a", "c", "c")], [("c", "d")], TELLING)[0, 0] == pytest.approx(4 / 9)
    assert in_words([("7",)], [("7",)], TELLING)[0, 0] == 0.0


def test_the_same_summary_said_twice_is_one_candidate_with_both_voices() -> None:
    pool = pool_of(
        [("a", "b"), ("c",), ("a", "b")], [("c",), ("d",)], np.array([0.5, 0.4]), telling=TELLING
    )
    assert pool.first.tolist() == [0, 1, 4]
    assert pool.drawn.tolist() == pytest.approx([2 / 3, 1 / 3, 0])
    assert pool.near.tolist() == [1, 2]


def test_what_most_drawn_summaries_say_is_chosen_and_similar_cases_can_outvote_it() -> None:
    pool = pool_of(
        [("a", "b"), ("a", "b"), ("c", "d")], [("c", "d"), ("c", "d")], np.ones(2), telling=TELLING
    )
    alone = Weights(neighbours=0.0, facts=0.0, length=0.0)
    assert pool.best(alone) == 0
    assert pool.best(Weights(neighbours=0.9, facts=0.0, length=0.0)) == 2


def test_a_similar_case_speaks_louder_the_sharper() -> None:
    pool = pool_of([("e",)], [("a",), ("b",), ("b",)], np.array([0.9, 0.5, 0.5]), telling=TELLING)
    only = {"neighbours": 1.0, "facts": 0.0, "length": 0.0}
    assert pool.best(Weights(sharpness=0.1, **only)) == 2
    assert pool.best(Weights(sharpness=20.0, **only)) == 1


def test_scores_by_hand() -> None:
    pool = pool_of(
        [("a", "b"), ("a", "b"), ("a", "e")], [("a", "e")], np.array([0.3]), telling=TELLING
    )
    # in order they share 1 of 2 words; by weight 2 * 1 / ((1 + 1) + (1 + 8))
    order, words = 0.5, 2 / 11
    for facts in (0.0, 0.3):
        mixed = (1 - facts) * order + facts * words
        found = pool.scores(Weights(neighbours=0.4, facts=facts, length=0.0))
        evidence = np.array([0.6 * 2 / 3, 0.6 / 3 + 0.4])
        assert found == pytest.approx([[1, mixed] @ evidence, [mixed, 1] @ evidence])


def test_the_more_facts_weigh_the_less_a_usual_phrase_agrees_with_a_finding() -> None:
    usual, finding = ("a", "b", "a", "b"), ("a", "b", "a", "e")
    assert in_order(usual, finding) == pytest.approx(0.75)
    assert in_words([usual], [finding], TELLING)[0, 0] == pytest.approx(4 / 12)


def test_length_is_rewarded() -> None:
    pool = pool_of([("a",), ("a",), ("a", "b", "c", "d", "e")], [], np.zeros(0), telling=TELLING)
    assert pool.best(Weights(neighbours=0.0, facts=0.0, length=0.0)) == 0
    assert pool.best(Weights(neighbours=0.0, facts=0.0, length=1.0)) == 2


def test_a_word_says_more_the_fewer_summaries_have_it_and_rare_words_are_not_named() -> None:
    summaries = [("no", "effusion", "no"), ("no", "nodule"), ("no", "effusion", "smith")] * 2
    telling = Telling.learnt(summaries)
    assert set(telling.words) == {"no", "effusion"}
    assert telling.of("no") == pytest.approx(0.0)  # log(7 / 7)
    assert telling.of("effusion") == pytest.approx(np.log(7 / 5), abs=1e-4)
    assert telling.of("smith") == telling.of("never seen") == pytest.approx(np.log(3.5), abs=1e-4)
    assert telling.of("12") == 0.0
    assert telling.whole(("effusion", "effusion")) == telling.of("effusion")


def nearness(*order: float, told: float = 1.0) -> Nearness:
    return Nearness(np.array(order), np.array(order), told)


def test_weights_are_those_that_come_nearest_to_the_references() -> None:
    pool = pool_of([("a", "b"), ("a", "b"), ("c", "d")], [("c", "d")], np.ones(1), telling=TELLING)
    right_are_the_neighbours = [nearness(0.0, 1.0)] * 4
    chosen = choose_weights([pool] * 4, right_are_the_neighbours, carried=True)
    assert pool.best(Weights(**chosen)) == 2
    assert chosen["neighbours"] > 0
    right_is_the_network = [nearness(1.0, 0.0)] * 4
    chosen = choose_weights([pool] * 4, right_is_the_network, carried=True)
    assert pool.best(Weights(**chosen)) == 0
    alone = choose_weights([pool] * 4, right_are_the_neighbours, carried=False)
    assert alone["neighbours"] == 0.0


def test_in_words_a_case_counts_by_how_much_its_reference_says() -> None:
    """One reference with a finding outweighs three that say little, in words and not in order."""
    pool = pool_of([("a", "b"), ("a", "b"), ("c", "d")], [("c", "d")], np.ones(1), telling=TELLING)
    level = np.array([0.5, 0.5])
    little = Nearness(level, np.array([0.6, 0.4]), told=1.0)
    much = Nearness(level, np.array([0.4, 0.6]), told=5.0)
    chosen = choose_weights([pool] * 4, [little, little, little, much], carried=True)
    assert pool.best(Weights(**chosen)) == 2
    alike = Nearness(level, much.words, told=1.0)
    chosen = choose_weights([pool] * 4, [little, little, little, alike], carried=True)
    assert pool.best(Weights(**chosen)) == 0


def test_nearness_is_measured_by_words() -> None:
    found = Nearness.of([("a", "c"), ("d",)], ("a", "d"), TELLING)
    assert found.order.tolist() == pytest.approx([0.5, 2 / 3])
    assert found.words.tolist() == pytest.approx([2 / (3 + 5), 8 / (4 + 5)])
    assert found.told == 5.0
