"""Calibration as a line: against statsmodels, and a planted miscalibration found again."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit

from bedside.evaluation import calibration_line
from bedside.evaluation.calibration_line import calibration_intercept, calibration_slope
from bedside.evaluation.classification import Column
from bedside.schema import Array


def column(truth: Array, score: Array) -> Column:
    return Column.of(truth, score, score >= 0.5)


def reference(truth: Array, score: Array, weights: Array) -> tuple[float, float]:
    x = logit(score)
    family = sm.families.Binomial()
    line = sm.GLM(truth, sm.add_constant(x), family=family, freq_weights=weights).fit()
    large = sm.GLM(truth, np.ones_like(x), family=family, freq_weights=weights, offset=x).fit()
    return float(line.params[1]), float(large.params[0])


def test_agrees_with_an_independent_fit_under_every_weighting(rng: np.random.Generator) -> None:
    x = rng.normal(size=200)
    truth = rng.random(200) < expit(0.6 * x - 0.3)
    weights = rng.integers(0, 4, (4, 200)).astype(float)
    found = column(truth, expit(x))
    expected = np.array([reference(truth.astype(float), expit(x), w) for w in weights])
    np.testing.assert_allclose(calibration_slope(found, weights), expected[:, 0], atol=1e-6)
    np.testing.assert_allclose(calibration_intercept(found, weights), expected[:, 1], atol=1e-6)


@pytest.mark.parametrize(("slope", "shift"), [(0.5, 0.0), (1.0, -0.7), (2.0, 0.4)])
def test_a_planted_miscalibration_is_found_again(
    slope: float, shift: float, rng: np.random.Generator
) -> None:
    x = rng.normal(size=60_000)
    truth = rng.random(x.size) < expit(slope * x + shift)
    one = np.ones((1, x.size))
    assert calibration_slope(column(truth, expit(x)), one)[0] == pytest.approx(slope, abs=0.05)
    right = column(truth, expit(slope * x + shift))
    assert calibration_slope(right, one)[0] == pytest.approx(1, abs=0.04)
    assert calibration_intercept(right, one)[0] == pytest.approx(0, abs=0.03)
    shifted = column(truth, expit(slope * x))
    assert calibration_intercept(shifted, one)[0] == pytest.approx(shift, abs=0.05)


def test_one_step_for_many_cases_is_nearly_the_whole_fit(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = rng.normal(size=4000)
    found = column(rng.random(x.size) < expit(0.8 * x), expit(x))
    weights = rng.multinomial(x.size, np.full(x.size, 1 / x.size), 50).astype(float)
    whole = calibration_slope(found, weights)
    monkeypatch.setattr(calibration_line, "FEW", 1)
    quick = calibration_slope(found, weights)
    assert not np.array_equal(quick, whole)
    assert np.abs(quick - whole).max() < 0.1 * whole.std()


def test_what_has_no_line_is_undefined() -> None:
    truth, one = np.arange(20) < 10, np.ones((1, 20))
    apart = column(truth, np.where(truth, 0.8, 0.2))
    assert np.isnan(calibration_slope(apart, one)).all()  # ever steeper fits ever better
    assert calibration_intercept(apart, one)[0] == pytest.approx(0, abs=1e-9)
    constant = column(truth, np.full(20, 0.3))
    assert np.isnan(calibration_slope(constant, one)).all()
    assert calibration_intercept(constant, one)[0] == pytest.approx(logit(0.5) - logit(0.3))
    assert np.isfinite(calibration_intercept(column(truth, truth * 1.0), one)).all()
