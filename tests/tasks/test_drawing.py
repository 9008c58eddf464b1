"""Drawing summaries: by probability, each case by itself, and what was copied."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bedside.schema import Arrays
from bedside.tasks.drawing import END, Manner, draw, picked

MANNER = Manner(rows=5, longest=20, temperature=1.0, seed=0)
TEXTS = np.array([[5, 6, 0], [6, 5, 0], [7, 0, 0]])


class Scripted:
    """Writes 5 by copying, then 8 of its own, then ends or, by chance, goes on."""

    def __init__(self) -> None:
        self.cases: list[int] = []

    def parts(self) -> dict[str, Any]:
        return {"remember": self.remember, "step": self.step}

    def remember(self, arrays: Arrays) -> Arrays:
        tokens = arrays["x.tokens"].astype(np.float32)
        count = len(tokens)
        return {
            "values": np.zeros((count, 3, 1), np.float32),
            "keys": np.zeros((count, 3, 1), np.float32),
            "there": (tokens > 0).astype(np.float32),
            "numbers": tokens,
            "hidden": np.zeros((count, 2), np.float32),
        }

    def step(self, arrays: Arrays) -> Arrays:
        last = arrays["tokens"]
        self.cases.append(len(last))
        probability = np.zeros((*last.shape, 9), np.float32)
        copied = np.zeros((*last.shape, 3), np.float32)
        first = last == 2
        probability[first, 5] = 1
        copied[first] = (
            (arrays["numbers"] == 5)
            .astype(np.float32)
            .repeat(last.shape[1], axis=0)[first.reshape(-1)]
        )
        probability[last == 5, 8] = 1
        probability[last == 8] = [0, 0, 0, 0.5, 0, 0, 0, 0, 0.5]
        return {
            "probability": probability,
            "copied": copied,
            "next_hidden": arrays["hidden"],
            "next_coverage": arrays["coverage"],
        }


def drawn(texts: np.ndarray = TEXTS, manner: Manner = MANNER) -> tuple[Any, Scripted]:
    writer = Scripted()
    return draw(writer.parts(), {"x.tokens": texts}, manner, source="x"), writer


def test_picked_by_hand_and_by_frequency() -> None:
    probability = np.array([[[0.2, 0.0, 0.5, 0.3]]])
    found = [int(picked(probability, np.array([[c]]), 1.0)[0, 0]) for c in (0, 0.19, 0.21, 0.71)]
    assert found == [0, 0, 2, 3]
    chances = np.random.default_rng(0).random((1, 4000))
    many = picked(np.repeat(probability, 4000, axis=1), chances, 1.0)
    assert np.bincount(many[0], minlength=4) / 4000 == pytest.approx([0.2, 0, 0.5, 0.3], abs=0.03)
    cold = picked(np.repeat(probability, 4000, axis=1), chances, 0.1)
    assert (cold == 2).mean() > 0.98


def test_what_is_written_ends_and_knows_what_was_copied() -> None:
    found, _ = drawn()
    assert found.tokens.shape == found.copied.shape == (3, 5, 20)
    assert (found.tokens[:, :, 0] == 5).all()
    assert (found.tokens[:, :, 1] == 8).all()
    assert not (found.tokens == END).any()
    assert found.copied[0, :, 0].all()  # 5 stands in the first text, and in the second
    assert not found.copied[2].any()
    assert not found.copied[:, :, 1:].any()
    lengths = (found.tokens > 0).sum(axis=2)
    assert lengths.min() >= 2
    assert len(np.unique(lengths)) > 1  # by chance


def test_a_case_is_written_the_same_alone_and_among_others() -> None:
    whole, _ = drawn()
    for row in range(3):
        alone, _ = drawn(TEXTS[row : row + 1])
        assert np.array_equal(alone.tokens[0], whole.tokens[row])
    padded = np.pad(TEXTS, ((0, 0), (0, 4)))
    assert np.array_equal(drawn(TEXTS)[0].tokens, drawn()[0].tokens)
    assert padded.shape == (3, 7)


def test_the_seed_decides_and_finished_cases_are_left_out() -> None:
    other, _ = drawn(manner=Manner(5, 20, 1.0, seed=1))
    whole, writer = drawn()
    assert not np.array_equal(other.tokens, whole.tokens)
    assert writer.cases[0] == 3
    assert len(writer.cases) < 20


def test_no_case_is_no_summary() -> None:
    found, _ = drawn(TEXTS[:0])
    assert found.tokens.shape == (0, 5, 20)
