"""How far probabilities move at another site: planted moves are found, none where none is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, softmax

from bedside.evaluation.recalibration import Move, closed_test, fitted_move, moved_by_others
from bedside.schema import Array

N = 4000


def drawn(rng: np.random.Generator, logits: Array) -> Array:
    """One-hot classes, each case's by its own probabilities."""
    chance = softmax(logits, axis=1).cumsum(axis=1)
    return (rng.random((len(logits), 1)) > chance).sum(axis=1)[:, None] == np.arange(3)


@pytest.mark.parametrize(
    ("slope", "shift", "kind"), [(1.0, 0.0, "none"), (1.0, -1.2, "intercept"), (0.4, 0.5, "line")]
)
def test_as_little_is_changed_as_the_cases_demand(
    slope: float, shift: float, kind: str, rng: np.random.Generator
) -> None:
    x = 2 * rng.normal(size=N)
    move = closed_test(x, rng.random(N) < expit(slope * x + shift))
    assert move.kind == kind
    assert move.slope == pytest.approx(slope, abs=0.08)
    assert move.intercept == pytest.approx(shift, abs=0.15)


@pytest.mark.parametrize(
    ("slope", "shifts", "kind"),
    [(1.0, (0.0, 0.0, 0.0), "none"), (1.0, (-0.8, 0.0, 0.8), "intercept"),
     (0.5, (0.6, -0.6, 0.0), "line")],
)  # fmt: skip
def test_of_several_classes_one_slope_and_an_intercept_each(
    slope: float, shifts: tuple[float, ...], kind: str, rng: np.random.Generator
) -> None:
    x = 1.5 * rng.normal(size=(N, 3))
    move = closed_test(x, drawn(rng, slope * x + np.array(shifts)))
    assert move.kind == kind
    assert move.slope == pytest.approx(slope, abs=0.06)
    assert np.broadcast_to(move.intercept, 3) == pytest.approx(shifts, abs=0.12)


def test_with_few_cases_of_a_class_a_temperature_alone(rng: np.random.Generator) -> None:
    x = 2 * rng.normal(size=(N, 3))
    truth = drawn(rng, 0.5 * x + np.array([0.5, 0, -0.5]))
    move = closed_test(x, truth, intercepts=False)
    assert (move.kind, move.intercept) == ("slope", (0.0, 0.0, 0.0))
    assert move.slope == pytest.approx(0.5, abs=0.1)
    assert closed_test(x, drawn(rng, x), intercepts=False).kind == "none"


def test_of_two_classes_it_is_the_line_of_one_question(rng: np.random.Generator) -> None:
    """softmax of two is the logistic of their difference."""
    x = rng.normal(size=(600, 2))
    truth = rng.random(600) < expit(0.6 * (x[:, 1] - x[:, 0]) + 0.7)
    two = fitted_move(x, np.stack([~truth, truth], axis=1), "line")
    one = fitted_move(x[:, 1] - x[:, 0], truth, "line")
    assert two.slope == pytest.approx(one.slope, abs=1e-3)
    assert isinstance(two.intercept, tuple)
    assert two.intercept[1] - two.intercept[0] == pytest.approx(one.intercept, abs=1e-3)


def test_no_case_is_moved_by_its_own_patient(rng: np.random.Generator) -> None:
    groups = np.arange(300) // 3
    x = rng.normal(size=300)
    truth = rng.random(300) < expit(x + 1)
    before = moved_by_others(x, truth, groups, kind="line")
    other = truth.copy()
    other[:3] = ~other[:3]
    after = moved_by_others(x, other, groups, kind="line")
    assert after[:3].tolist() == before[:3].tolist()
    assert (after != before).any()


def test_nothing_runs_away() -> None:
    x = np.linspace(-1, 1, 100)
    assert fitted_move(x, x > 0, "line").slope <= 20
    assert Move("none").of(x).tolist() == x.tolist()
