"""Words and their longest common subsequence, against plain dynamic programming."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.tasks.overlap import Worded, words_of


def common_length(a: list[str], b: list[str]) -> int:
    """The textbook table."""
    table = np.zeros((len(a) + 1, len(b) + 1), dtype=int)
    for i, one in enumerate(a):
        for j, two in enumerate(b):
            table[i + 1, j + 1] = (
                table[i, j] + 1 if one == two else max(table[i, j + 1], table[i + 1, j])
            )
    return int(table[-1, -1])


def test_words_are_runs_of_letters_of_any_script() -> None:
    assert words_of("Kein Erguß, Überblähung; ningún 2.5cm") == [
        *("kein", "erguss", "überblähung", "ningún", "2", "5cm"),
    ]


def test_the_common_subsequence_is_the_longest(rng: np.random.Generator) -> None:
    for _ in range(200):
        a, b = (rng.choice(list("abcd"), size=rng.integers(0, 90)).tolist() for _ in range(2))
        assert Worded.of(" ".join(a)).common(b) == common_length(a, b)


def test_alike_is_the_f_measure() -> None:
    one, two = Worded.of("no acute disease"), Worded.of("No disease.")
    assert one.alike(two) == two.alike(one) == pytest.approx(2 * 2 / 5)
    assert one.alike(one) == 1
    assert one.alike(Worded.of("...")) == Worded.of("").alike(Worded.of("")) == 0
