"""Choosing between summaries: agreement by hand, evidence, and weights from references."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.tasks.consensus import Weights, choose_weights, in_order, in_words, pool_of

WEIGHT = np.array([0.0, 1.0, 1.0, 2.0, 4.0, 8.0])


def longest(one: tuple[int, ...], other: tuple[int, ...]) -> int:
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
            tuple(map(int, rng.integers(1, 5, size=rng.integers(1, 40)))) for _ in range(2)
        )
        wanted = 2 * longest(one, other) / (len(one) + len(other))
        assert in_order(one, other) == pytest.approx(wanted)
    assert in_order((), (1,)) == 0.0


def test_words_count_by_their_weight() -> None:
    # they share 3 (weight 2): 2 * 2 / ((1 + 2) + (2 + 4)); a word said twice counts once
    assert in_words([(1, 3, 3)], [(3, 4)], WEIGHT)[0, 0] == pytest.approx(4 / 9)
    assert in_words([(0,)], [(0,)], WEIGHT)[0, 0] == 0.0


def test_the_same_summary_said_twice_is_one_candidate_with_both_voices() -> None:
    pool = pool_of([(1, 2), (3,), (1, 2)], [(3,), (4,)], np.array([0.5, 0.4]), weight=WEIGHT)
    assert pool.first.tolist() == [0, 1, 4]
    assert pool.drawn.tolist() == pytest.approx([2 / 3, 1 / 3, 0])
    assert pool.near.tolist() == [1, 2]


def test_what_most_drawn_summaries_say_is_chosen_and_similar_cases_can_outvote_it() -> None:
    pool = pool_of([(1, 2), (1, 2), (3, 4)], [(3, 4), (3, 4)], np.ones(2), weight=WEIGHT)
    alone = Weights(neighbours=0.0, facts=0.0, length=0.0)
    assert pool.best(alone) == 0
    assert pool.best(Weights(neighbours=0.9, facts=0.0, length=0.0)) == 2


def test_a_similar_case_speaks_louder_the_sharper() -> None:
    pool = pool_of([(5,)], [(1,), (2,), (2,)], np.array([0.9, 0.5, 0.5]), weight=WEIGHT)
    only = {"neighbours": 1.0, "facts": 0.0, "length": 0.0}
    assert pool.best(Weights(sharpness=0.1, **only)) == 2
    assert pool.best(Weights(sharpness=20.0, **only)) == 1


def test_scores_by_hand() -> None:
    pool = pool_of([(1, 2), (1, 2), (1, 5)], [(1, 5)], np.array([0.3]), weight=WEIGHT)
    # in order they share 1 of 2 words; by weight 2 * 1 / ((1 + 1) + (1 + 8))
    order, words = 0.5, 2 / 11
    for facts in (0.0, 0.3):
        mixed = (1 - facts) * order + facts * words
        found = pool.scores(Weights(neighbours=0.4, facts=facts, length=0.0))
        evidence = np.array([0.6 * 2 / 3, 0.6 / 3 + 0.4])
        assert found == pytest.approx([[1, mixed] @ evidence, [mixed, 1] @ evidence])


def test_the_more_facts_weigh_the_less_a_usual_phrase_agrees_with_a_finding() -> None:
    usual, finding = (1, 2, 1, 2), (1, 2, 1, 5)
    assert in_order(usual, finding) == pytest.approx(0.75)
    assert in_words([usual], [finding], WEIGHT)[0, 0] == pytest.approx(4 / 12)


def test_length_is_rewarded() -> None:
    pool = pool_of([(1,), (1,), (1, 2, 3, 4, 5)], [], np.zeros(0), weight=WEIGHT)
    assert pool.best(Weights(neighbours=0.0, facts=0.0, length=0.0)) == 0
    assert pool.best(Weights(neighbours=0.0, facts=0.0, length=1.0)) == 2


def test_weights_are_those_that_come_nearest_to_the_references() -> None:
    pool = pool_of([(1, 2), (1, 2), (3, 4)], [(3, 4)], np.ones(1), weight=WEIGHT)
    right_are_the_neighbours = [np.array([0.0, 1.0])] * 4
    chosen = choose_weights([pool] * 4, right_are_the_neighbours, carried=True)
    assert pool.best(Weights(**chosen)) == 2
    assert chosen["neighbours"] > 0
    right_is_the_network = [np.array([1.0, 0.0])] * 4
    chosen = choose_weights([pool] * 4, right_is_the_network, carried=True)
    assert pool.best(Weights(**chosen)) == 0
    alone = choose_weights([pool] * 4, right_are_the_neighbours, carried=False)
    assert alone["neighbours"] == 0.0
