"""The benchmark of planted signs finds the sign, and not where there is nothing learnt."""

from __future__ import annotations

import re

import explanations


def shares(line: str) -> list[int]:
    return [int(found) for found in re.findall(r"(\d+) % \(", line)]


def test_words_that_say_the_label_are_marked_and_drawn_weights_mark_others() -> None:
    asking = explanations.Asking(epochs=8, run=None, methods=(), most=40)
    lines = list(explanations.measured("text-bag", asking))
    assert [line.split(" | ")[4] for line in lines] == [
        "integrated-gradients", "attention", "occlusion",
    ]  # fmt: skip
    gradient, _, hiding = (shares(line) for line in lines)
    assert gradient[0] >= 80
    assert hiding[0] >= 80
    assert gradient[1] < 30
    assert hiding[1] < 30


def test_a_share_comes_with_its_interval() -> None:
    assert explanations.share(96, 100) == "96 % (90 to 98)"
    assert explanations.share(0, 0) == "none found"
