"""Metrics of language models against sums made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.errors import DataError
from bedside.evaluation import lower_is_better
from bedside.evaluation.kinds import Answers, kind_of
from bedside.evaluation.language import (
    Surprises,
    bits_per_token,
    perplexity,
    perplexity_known,
    unknown_tokens,
)
from bedside.evaluation.scoring import score
from bedside.modalities.text_tokens import END, UNKNOWN
from bedside.schema import Prediction, Targets
from bedside.tasks.language import NONE

TRUTH = np.array([[5, UNKNOWN, END], [END, NONE, NONE], [6, 7, 8]])
CHANCE = np.array([[1 / 2, 1 / 4, 1 / 8], [1 / 16, 1, 1], [1 / 2, 1 / 2, 1 / 2]])


def answers(chance: np.ndarray | None = None, truth: np.ndarray = TRUTH) -> Answers:
    chance = CHANCE[: len(truth), : truth.shape[1]] if chance is None else chance
    known = np.ones((len(truth), 1), dtype=bool)
    targets = Targets({"truth": truth, "known": known}, ("token",), "language")
    arrays = {
        "surprise": -np.log(chance).astype(np.float32),
        "counts": (truth != NONE).astype(np.float32),
        "unknown": (truth == UNKNOWN).astype(np.float32),
    }
    state = {"size": 20, "source": "note"}
    return Answers(targets, Prediction(arrays, ("token",)), np.arange(len(truth)), state=state)


def test_all_tokens_are_pooled() -> None:
    own, one = Surprises.of(answers()), np.ones((1, 3))
    bits = (1 + 2 + 3 + 4 + 1 + 1 + 1) / 7
    assert bits_per_token(own, one)[0] == pytest.approx(bits)
    assert perplexity(own, one)[0] == pytest.approx(2**bits)
    assert unknown_tokens(own, one)[0] == pytest.approx(1 / 7)
    assert perplexity_known(own, one)[0] == pytest.approx(2 ** ((7 * bits - 2) / 6))


def test_weights_count_cases() -> None:
    own = Surprises.of(answers())
    found = perplexity(own, np.array([[2.0, 1, 0], [0, 0, 3], [0, 0, 0]]))
    assert found[:2] == pytest.approx([2 ** (16 / 7), 2])
    assert np.isnan(found[2])


def test_lower_is_better_but_of_nothing_else() -> None:
    kinds = ("perplexity", "perplexity_known", "bits_per_token", "unknown_tokens")
    assert all(map(lower_is_better, kinds))


def test_a_score_has_every_metric_with_its_interval() -> None:
    table = score(answers(), replicates=200, seed=1).table
    assert set(table) == {"perplexity", "bits_per_token", "perplexity_known", "unknown_tokens"}
    assert table["perplexity"]["low"] < table["perplexity"]["value"] < table["perplexity"]["high"]


def test_what_cannot_be_scored_is_refused() -> None:
    kind = kind_of(answers().targets)
    other = answers()
    other.prediction.arrays["counts"][0, 2] = 0
    with pytest.raises(DataError, match="a surprise for each token of 3 cases"):
        kind.check(other)
    never = answers()
    never.prediction.arrays["surprise"][0, 0] = np.inf
    with pytest.raises(DataError, match="holds for impossible"):
        kind.check(never)
    with pytest.raises(DataError, match="validation part: expected texts with words, got none"):
        kind.refuse_unjudgeable(answers(truth=np.array([[END, NONE]])).targets, None)


def test_what_is_counted() -> None:
    own = answers()
    kind = kind_of(own.targets)
    assert kind.counts(own.targets) == {"tokens": 7}
    assert kind.facts(own.targets, own.state, None) == {
        "tokens": 7,
        "vocabulary": 20,
        "source": "note",
        "cut": 1,  # of the third text no end was seen
    }
