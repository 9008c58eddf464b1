"""Similar training cases: cosine by hand, what is carried and what is not."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bedside.tasks.retrieval import Carried, carry

SIZE = 10
TOKENS = np.array([[4, 5, 6, 0], [4, 5, 0, 0], [6, 4, 9, 0]])
SUMMARIES = [[4], [5, 6], []]


def carried() -> Carried:
    return Carried.of(carry(TOKENS, SUMMARIES, size=SIZE))


def test_what_stands_in_one_text_alone_is_not_carried() -> None:
    state = carry(TOKENS, SUMMARIES, size=SIZE)
    # 9 and the pairs (5, 6), (6, 4), (4, 9) are in one text each; (4, 5) is in two
    assert state["terms"] == [4, 5, 6, 5 * SIZE + 5]
    assert json.loads(json.dumps(state, allow_nan=False)) == state
    assert carry(TOKENS, SUMMARIES, size=SIZE) == state
    assert carry(TOKENS[:, ::-1].copy(), SUMMARIES, size=SIZE)["name"] != state["name"]


def test_similarity_is_the_cosine_of_weighed_terms() -> None:
    rarity = {4: np.log(4 / 4) + 1, 5: np.log(4 / 3) + 1, 6: np.log(4 / 3) + 1}
    new, case = np.array([[4, 4, 6]]), {4: rarity[4], 6: rarity[6]}
    own = {4: (1 + np.log(2)) * rarity[4], 6: rarity[6]}
    wanted = sum(own[t] * case[t] for t in own) / (
        np.linalg.norm(list(own.values())) * np.linalg.norm(list(case.values()))
    )
    assert carried().similarity(new)[0, 2] == pytest.approx(wanted, abs=1e-4)
    assert carried().similarity(TOKENS).diagonal() == pytest.approx(np.ones(3))


def test_nearest_come_first_and_of_equals_the_first() -> None:
    cases, similar = carried().nearest(np.array([[4, 5, 0], [0, 0, 0]]), 2)
    assert cases.tolist() == [[1, 0], [0, 1]]  # of a text without tokens nothing is similar
    assert similar[1].tolist() == [0, 0]
    assert similar[0, 0] == pytest.approx(1)
    assert carried().nearest(TOKENS, 99)[0].shape == (3, 3)
