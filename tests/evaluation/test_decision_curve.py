"""Decision curves: a published worked example, definitions, and where a model is of use."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bedside.evaluation.decision_curve import decision_curves, net_benefit
from bedside.schema import Array

WORKED_AT = np.array([0.05, 0.1, 0.2, 0.35, 0.5])


def worked_example() -> tuple[Array, Array]:
    """The data of the package dcurves: 750 patients, 105 with cancer, 115 with a family
    history of it, 24 with both."""
    truth = np.arange(750) < 105
    history = np.zeros(750)
    history[:24] = 1
    history[105 : 105 + 91] = 1
    return truth, history


def test_equals_the_worked_example_of_dcurves() -> None:
    """As dcurves 1.1.7 prints them for ``famhistory`` and ``all``."""
    truth, history = worked_example()
    one = np.ones((1, 750))
    found = net_benefit(truth, history, one, thresholds=WORKED_AT)[0]
    printed = [0.025614, 0.018519, 0.001667, -0.033333, -0.089333]
    assert found == pytest.approx(printed, abs=1e-6)
    everyone = net_benefit(truth, np.ones(750), one, thresholds=WORKED_AT)[0]
    assert everyone == pytest.approx([0.094737, 0.044444, -0.075, -0.323077, -0.72], abs=1e-6)


def test_weights_are_repetitions_and_ties_are_treated(rng: np.random.Generator) -> None:
    truth, stated = rng.random(60) < 0.4, rng.integers(0, 10, 60) / 10
    weights = rng.integers(0, 3, (3, 60)).astype(float)
    thresholds = np.array([0.1, 0.3, 0.5])
    found = net_benefit(truth, stated, weights, thresholds=thresholds)
    for row, values in zip(weights.astype(int), found, strict=True):
        t, p = np.repeat(truth, row), np.repeat(stated, row)
        for value, at in zip(values, thresholds, strict=True):
            hits, alarms = (t & (p >= at)).sum(), (~t & (p >= at)).sum()
            assert value == pytest.approx((hits - alarms * at / (1 - at)) / t.size)


def curves(truth: Array, models: dict[str, Array]) -> dict[str, Any]:
    return decision_curves(
        truth, models, np.arange(truth.size), confidence=0.95, replicates=200, seed=7
    )


def test_a_good_model_is_useful_where_a_choice_must_be_made(rng: np.random.Generator) -> None:
    truth = rng.random(600) < 0.3
    good = np.clip(0.3 + 0.5 * (truth - 0.3) + 0.1 * rng.normal(size=600), 0.01, 0.99)
    found = curves(truth, {"net": good, "peer": np.full(600, 0.3)})
    low, high = found["useful"]
    assert low < 0.3 < high
    at = found["thresholds"].index(0.3)
    net = found["models"]["net"]
    assert net["low"][at] < net["value"][at] < net["high"][at]
    assert net["value"][at] > max(0, found["treat_all"][at]) + 0.1
    assert len(found["treat_all"]) == len(found["thresholds"]) == len(net["low"]) == 99


def test_a_useless_model_is_useful_nowhere(rng: np.random.Generator) -> None:
    truth = rng.random(300) < 0.3
    assert curves(truth, {"net": rng.random(300)})["useful"] is None
