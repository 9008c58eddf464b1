"""The paired difference and the verdict."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.errors import DataError
from bedside.evaluation.comparison import compare, verdict
from bedside.evaluation.kinds import Answers
from bedside.evaluation.scoring import Scores, score
from bedside.schema import Array, Prediction, Targets

NAMES = ("healthy", "ill")
N = 300


def scored(truth: Array, logit: Array, *, seed: int = 7) -> Scores:
    probability = (1 / (1 + np.exp(-logit)))[:, None]
    known = np.ones((len(truth), 1), dtype=bool)
    answers = Answers(
        Targets({"truth": truth[:, None].astype(np.float32), "known": known}, NAMES),
        Prediction({"probability": probability, "decision": probability >= 0.5}, NAMES),
        np.arange(len(truth)) // 2,
    )
    return score(answers, replicates=200, seed=seed)


@pytest.fixture
def truth(rng: np.random.Generator) -> Array:
    return rng.random(N) < 0.4


@pytest.fixture
def noise(rng: np.random.Generator) -> Array:
    return rng.normal(size=N)


def test_a_model_does_not_differ_from_itself(truth: Array, noise: Array) -> None:
    same = compare(scored(truth, noise + truth), scored(truth, noise + truth))
    assert same == {"metric": "auroc", "value": 0.0, "low": 0.0, "high": 0.0}
    assert verdict(same) == "deep not shown better"


def test_pairing_narrows_the_interval(truth: Array, noise: Array) -> None:
    strong, weak = scored(truth, noise + 2 * truth), scored(truth, noise + 1.7 * truth)
    paired = compare(strong, weak)
    low, high = paired["low"], paired["high"]
    assert isinstance(low, float)
    assert isinstance(high, float)
    alone = strong.table["auroc"]
    assert high - low < 0.7 * (alone["high"] - alone["low"])  # type: ignore[operator]
    assert verdict(paired) == "deep better"
    turned = compare(weak, strong)
    assert verdict(turned) == "deep worse"
    assert turned["value"] == pytest.approx(-paired["value"])  # type: ignore[operator]


@pytest.mark.parametrize("metric", ["brier", "ece"])
def test_a_smaller_error_counts_as_better(truth: Array, noise: Array, metric: str) -> None:
    honest, loud = scored(truth, 2 * truth - 1 + noise / 2), scored(truth, 9 * noise)
    better = compare(honest, loud, metric=metric)
    smaller = loud.table[metric]["value"] - honest.table[metric]["value"]  # type: ignore[operator]
    assert better["value"] == pytest.approx(smaller)
    assert verdict(better) == "deep better"


def test_few_patients_without_a_mistake_prove_neither_equality_nor_gain() -> None:
    truth = np.arange(12) >= 6  # six patients of two cases each, three of them ill
    perfect, useless = scored(truth, 4.0 * truth - 2), scored(truth, np.zeros(12))
    low = perfect.table["auroc"]["low"]
    assert low is not None
    assert low < 0.5
    equal = compare(perfect, scored(truth, 2.0 * truth - 1))
    assert (equal["value"], equal["low"], equal["high"]) == (0.0, low - 1, 1 - low)
    gain = compare(perfect, useless)
    assert (gain["value"], gain["low"], gain["high"]) == (0.5, low - 0.5, 0.5)
    assert verdict(gain) == "deep not shown better"
    assert compare(useless, useless) == {"metric": "auroc", "value": 0.0, "low": 0.0, "high": 0.0}


def test_undefined_is_not_shown_better(noise: Array) -> None:
    nothing = compare(scored(np.zeros(N), noise), scored(np.zeros(N), noise))
    assert nothing == {"metric": "auroc", "value": None, "low": None, "high": None}
    assert verdict(nothing) == "deep not shown better"


def test_only_the_same_resamples_are_compared(truth: Array, noise: Array) -> None:
    ours = scored(truth, noise)
    for other in (scored(truth, noise, seed=8), scored(truth[::-1], noise)):
        with pytest.raises(DataError) as caught:
            compare(ours, other)
        assert str(caught.value) == (
            "comparison: expected two models scored on the same cases, patients, seed and "
            "resamples, got different ones. Score both again with the same seed."
        )
    with pytest.raises(DataError, match=r"no metric 'aurocc'\. Did you mean 'auroc'"):
        compare(ours, ours, metric="aurocc")
