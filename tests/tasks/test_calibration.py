"""Temperature scaling: planted temperatures come back, and the loss never rises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, log_softmax, softmax

from bedside.errors import DataError
from bedside.schema import Array
from bedside.tasks.calibration import HIGHEST, LOWEST, fit_temperature

N = 6000


def all_known(truth: Array) -> Array:
    return np.ones(truth.shape, dtype=bool)


@pytest.mark.parametrize("planted", [0.4, 1.0, 3.0])
def test_planted_temperatures_come_back(planted: float, rng: np.random.Generator) -> None:
    honest = rng.normal(size=(N, 2)) * 2
    truth = (rng.random((N, 2)) < expit(honest)).astype(np.float32)
    scale = np.array([planted, 2.0])
    found = fit_temperature(honest * scale, truth, all_known(truth), kind="labels")
    assert found == pytest.approx([planted, 2.0], rel=0.08)
    assert all(type(t) is float for t in found)
    alone = fit_temperature(
        honest[:, :1] * planted, truth[:, :1], all_known(truth[:, :1]), kind="binary"
    )
    assert alone == [found[0]]


def test_several_classes_share_one_temperature(rng: np.random.Generator) -> None:
    honest = rng.normal(size=(N, 4)) * 1.5
    chance = softmax(honest, axis=1).cumsum(axis=1)
    truth = np.eye(4, dtype=np.float32)[(rng.random((N, 1)) > chance).sum(axis=1).clip(0, 3)]
    found = fit_temperature(honest * 3, truth, all_known(truth), kind="classes")
    assert found == pytest.approx([3.0], rel=0.08)
    assert found == fit_temperature(honest * 3, truth, all_known(truth), kind="classes")


def test_unknown_cases_do_not_count(rng: np.random.Generator) -> None:
    logits = rng.normal(size=(500, 2)) * 3
    truth = (rng.random((500, 2)) < expit(logits / 2)).astype(np.float32)
    known = rng.random((500, 2)) < 0.6
    found = fit_temperature(logits, truth, known, kind="labels")
    spoilt = np.where(known, logits, np.nan)
    assert fit_temperature(spoilt, np.where(known, truth, 1), known, kind="labels") == found
    rows = known[:, 1]
    column = logits[rows, 1:], truth[rows, 1:], known[rows, 1:]
    assert fit_temperature(*column, kind="binary") == [found[1]]


def test_one_class_or_no_case_leaves_the_logits_alone(rng: np.random.Generator) -> None:
    logits = rng.normal(size=(20, 3))
    truth = np.zeros((20, 3), dtype=np.float32)
    truth[:, 0] = 1
    assert fit_temperature(logits, truth, all_known(truth), kind="labels") == [1.0] * 3
    assert fit_temperature(logits, truth, all_known(truth), kind="classes") == [1.0]
    assert fit_temperature(logits, truth, ~all_known(truth), kind="classes") == [1.0]


def test_perfect_validation_does_not_make_the_model_certain() -> None:
    truth = (np.arange(40) % 2)[:, None].astype(np.float32)
    timid = (2 * truth - 1) * 0.5
    found = fit_temperature(timid, truth, all_known(truth), kind="binary")
    # least loss at Platt's softened target (20 + 1) / (20 + 2)
    assert expit(0.5 / found[0]) == pytest.approx(21 / 22, abs=1e-4)
    both = np.concatenate([1 - truth, truth], axis=1)
    pair = fit_temperature(both * 0.5, both, all_known(both), kind="classes")
    assert expit(0.5 / pair[0]) == pytest.approx(21 / 22, abs=1e-4)


@settings(database=None, deadline=None, derandomize=True, max_examples=80)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(2, 60),
    st.floats(0.01, 50),
    st.floats(-3, 8),
)
def test_log_loss_never_rises(seed: int, n: int, scale: float, signal: float) -> None:
    rng = np.random.default_rng(seed)
    truth = np.eye(3)[rng.integers(0, 3, n)]
    logits = (rng.normal(size=(n, 3)) + signal * truth) * scale

    def of_classes(temperature: float) -> float:
        return float(-(truth * log_softmax(logits / temperature, axis=1)).sum(axis=1).mean())

    def of_label(k: int, temperature: float) -> float:
        scaled = logits[:, k] / temperature
        return float(np.mean(np.logaddexp(0, scaled) - truth[:, k] * scaled))

    (found,) = fit_temperature(logits, truth, all_known(truth), kind="classes")
    assert LOWEST <= found <= HIGHEST
    assert of_classes(found) <= of_classes(1.0)
    for k, each in enumerate(fit_temperature(logits, truth, all_known(truth), kind="labels")):
        assert LOWEST <= each <= HIGHEST
        assert of_label(k, each) <= of_label(k, 1.0)


def test_outputs_that_are_not_finite_are_refused() -> None:
    truth = np.array([[0.0], [1.0]])
    with pytest.raises(DataError) as caught:
        fit_temperature(np.array([[np.nan], [1.0]]), truth, all_known(truth), kind="binary")
    assert str(caught.value) == (
        "calibration: expected finite network outputs on validation, got 1 that are not. "
        "Train again with a smaller training.learning_rate."
    )
