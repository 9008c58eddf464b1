"""A patient's correction: its terms by hand, its fit, and how it is applied."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.errors import PackageError
from bedside.tasks.correction import TERMS, corrected, design, fit_line

STATE = {"series": "g.values", "scale": 10.0, "level": 100.0, "levels": [0.1, 0.5, 0.9]}


def test_the_terms_of_one_window_by_hand() -> None:
    history = np.array([[[80.0, 90, 95, 100, 110, 115, 117, 120]]])
    made = design(history, np.array([[121.0, 130.0]]), STATE)
    assert made.shape == (1, len(TERMS))
    # constant, (120 - 100), (130 - 120), then rises over 1, 3 and 6 steps, all over 10
    np.testing.assert_allclose(made[0], [1.0, 2.0, 1.0, 0.3, 1.0, 3.0])
    np.testing.assert_allclose(design(history[:, 0], np.array([[121.0, 130.0]]), STATE), made)


def test_a_history_shorter_than_a_slope_takes_what_there_is() -> None:
    made = design(np.array([[90.0, 100.0]]), np.array([[100.0]]), STATE)
    np.testing.assert_allclose(made[0, 3:], 1.0)


def test_the_fit_finds_the_line_of_each_step_and_leaves_out_what_is_not_known() -> None:
    rng = np.random.default_rng(0)
    made = np.column_stack([np.ones(4000), rng.normal(size=4000)])
    truth = np.array([[0.2, -0.3], [0.5, 0.0]])
    error = made @ truth + 0.05 * rng.normal(size=(4000, 2))
    known = rng.random((4000, 2)) < 0.8
    error[~known] = 1e6
    np.testing.assert_allclose(fit_line(made, error, known, ridge=1e-3), truth, atol=0.01)


def test_a_few_wild_errors_hardly_move_it_and_the_penalty_shrinks_it() -> None:
    rng = np.random.default_rng(0)
    made = np.ones((600, 1))
    error = 0.3 + 0.1 * rng.normal(size=(600, 1))
    known = np.ones((600, 1), dtype=bool)
    error[:30] += 20.0  # the mean is 1.3 now
    assert fit_line(made, error, known, ridge=1e-3)[0, 0] == pytest.approx(0.33, abs=0.03)
    shrunk = [fit_line(made, error, known, ridge=ridge)[0, 0] for ridge in (1.0, 600.0, np.inf)]
    assert shrunk[0] > shrunk[1] > shrunk[2] == 0.0
    # with six steps to a window, six windows count as one against the penalty
    wide = np.repeat(error, 6, axis=1)
    assert fit_line(made, wide, np.repeat(known, 6, axis=1), ridge=100.0)[0, 0] == pytest.approx(
        fit_line(made, error, known, ridge=600.0)[0, 0]
    )


def test_all_quantiles_of_a_step_move_alike() -> None:
    quantiles = np.array([[[90.0, 100.0, 120.0], [80.0, 100.0, 130.0]]], dtype=np.float32)
    arrays = {"g.values": np.full((1, 1, 8), 110.0, dtype=np.float32)}
    assert corrected(quantiles, arrays, STATE) is quantiles
    weights = np.zeros((len(TERMS), 2))
    weights[0], weights[1] = [0.1, 0.2], [0.0, 1.0]  # the level term is (110 - 100) / 10
    own = {**STATE, "personal": {"terms": list(TERMS), "weights": weights.tolist()}}
    moved = corrected(quantiles, arrays, own)
    np.testing.assert_allclose(moved - quantiles, [[[1.0] * 3, [12.0] * 3]], atol=1e-4)
    assert moved.dtype == np.float32


@pytest.mark.parametrize("fault", ["terms", "weights"])
def test_a_correction_of_other_terms_is_refused(fault: str) -> None:
    own = {"terms": list(TERMS), "weights": np.zeros((len(TERMS), 2)).tolist()}
    own[fault] = own[fault][:-1]
    arrays = {"g.values": np.full((1, 1, 8), 110.0)}
    with pytest.raises(PackageError, match="expected weights of the terms constant, level"):
        corrected(np.ones((1, 2, 3)), arrays, {**STATE, "personal": own})
