"""The benchmark of language models plants what it says, and prints what it measured."""

from __future__ import annotations

import language_models
import numpy as np
import pytest

POOLS = {"usual": [f"No effusion in lobe {n}." for n in range(40)], "other": ["She sleeps badly."]}


def test_foreign_notes_are_of_the_kind_that_was_asked() -> None:
    spanish = language_models.planted("Spanish", POOLS, "usual", count=5, seed=1)
    assert len(spanish) == 5
    assert all(
        sentence in language_models.SENTENCES["Spanish"]
        for note in spanish
        for sentence in note.removesuffix(".").split(". ")
    )
    assert language_models.planted("other", POOLS, "usual", count=1, seed=1) == POOLS["other"]
    moved = language_models.planted("moved letters", POOLS, "usual", count=3, seed=1)
    assert all(note.startswith("[|") for note in moved)  # "No" moved on by thirteen
    assert moved == language_models.planted("moved letters", POOLS, "usual", count=3, seed=1)
    assert moved != language_models.planted("moved letters", POOLS, "usual", count=3, seed=2)


def test_a_share_has_its_interval() -> None:
    # Clopper and Pearson: of 20 of 20 the low end is 0.025 ** (1 / 20)
    assert language_models.share_of(20, 20) == f"1.000 ({0.025 ** (1 / 20):.3f} to 1.000)"


def test_a_row_counts_planted_notes_and_false_alarms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language_models, "DRAWS", 2)
    words = ("left", "right", "upper", "lower", "small", "clear", "stable")
    rng = np.random.default_rng(1)
    own = [f"The {' '.join(rng.permutation(words)[:4])} lobe is seen." for _ in range(150)]
    row = language_models._row("Spanish", 0.05, own, {"usual": own}, base="usual")
    assert row.startswith("| Spanish | 5% | 8 | 1.000 (")


def test_a_line_of_the_models() -> None:
    estimate = {"value": 4.2, "low": 3.9, "high": 4.5}
    metrics = {"models": {"m": dict.fromkeys(language_models.METRICS, estimate)}}
    assert language_models._cells(metrics, "m") == " | ".join(["4.200 (3.900 to 4.500)"] * 3)
