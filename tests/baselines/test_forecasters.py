"""What holds for every peer of forecasts, and what is particular to each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bedside.baselines import REGISTRY, Lesson
from bedside.baselines.smoothing import smooth
from bedside.tasks.forecast import Forecast
from bedside.tasks.lag_regression import fit_lags

from ..series_made import lesson

NAMES = [name for name in REGISTRY.names() if hasattr(REGISTRY.load(name), "fit_windows")]


def fitted(name: str, training: Lesson, state: dict[str, Any], *, seed: int = 3) -> Any:
    validation, _ = lesson(windows=120, seed=1)
    maker = REGISTRY.load(name)()
    return maker.fit_windows(training, validation=validation, state=state, seed=seed, threads=1)


@pytest.fixture(scope="module")
def training() -> tuple[Lesson, dict[str, Any]]:
    return lesson()


def test_the_fair_peers_are_there() -> None:
    assert set(Forecast.baselines) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_quantiles_rise_and_the_same_seed_gives_the_same(
    name: str, training: tuple[Lesson, dict[str, Any]]
) -> None:
    lessons, state = training
    test, _ = lesson(windows=40, seed=2)
    first, second = (fitted(name, lessons, state).forecast(test.arrays) for _ in range(2))
    quantiles = first["quantiles"]
    assert quantiles.shape == (40, 3, 5)
    assert quantiles.dtype == np.float32
    assert (np.diff(quantiles, axis=2) >= 0).all()
    assert np.array_equal(quantiles, second["quantiles"])


@pytest.mark.parametrize("name", NAMES)
def test_windows_are_answered_one_by_one_as_together(
    name: str, training: tuple[Lesson, dict[str, Any]]
) -> None:
    lessons, state = training
    model = fitted(name, lessons, state)
    test, _ = lesson(windows=6, seed=2)
    whole = model.forecast(test.arrays)["quantiles"]
    for row in range(6):
        own = {key: rows[row : row + 1] for key, rows in test.arrays.items()}
        assert model.forecast(own)["quantiles"][0] == pytest.approx(whole[row], abs=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_known_changes_nothing(
    name: str, training: tuple[Lesson, dict[str, Any]]
) -> None:
    lessons, state = training
    known = lessons.targets.arrays["known"][:].copy()
    known[40:60, 1] = False
    truth = lessons.targets.arrays["truth"][:].copy()
    answers = []
    for wrong in (0.0, 500.0):
        truth[40:60, 1] = wrong
        arrays = {**lessons.targets.arrays, "truth": truth.copy(), "known": known}
        targets = type(lessons.targets)(arrays, lessons.targets.names, "forecast")
        model = fitted(name, Lesson(lessons.arrays, targets), state)
        answers.append(model.forecast({k: v[:20] for k, v in lessons.arrays.items()})["quantiles"])
    assert np.array_equal(answers[0], answers[1])


@pytest.mark.parametrize("name", ["least-squares", "boosted-trees", "exponential-smoothing"])
def test_what_can_learn_a_swing_beats_the_last_value(
    name: str, training: tuple[Lesson, dict[str, Any]]
) -> None:
    lessons, state = training
    test, _ = lesson(windows=150, seed=2)
    truth = test.targets.arrays["truth"][:]

    def error(which: str) -> float:
        answer = fitted(which, lessons, state).forecast(test.arrays)["quantiles"][:, :, 2]
        return float(np.sqrt(((answer - truth) ** 2).mean()))

    assert error(name) < 0.85 * error("persistence")


def test_persistence_is_the_last_value(training: tuple[Lesson, dict[str, Any]]) -> None:
    lessons, state = training
    answer = fitted("persistence", lessons, state).forecast(lessons.arrays)["quantiles"]
    last = lessons.targets.arrays["last"][:]
    assert np.array_equal(answer[:, :, 2], np.repeat(last[:, None], 3, axis=1))
    moved = lessons.targets.arrays["truth"][:] - last[:, None]
    spread = np.quantile(moved, 0.9, axis=0)
    assert answer[0, :, 3] - answer[0, :, 2] == pytest.approx(spread, abs=1e-3)


def test_least_squares_is_that_of_numpy(training: tuple[Lesson, dict[str, Any]]) -> None:
    lessons, state = training
    history = lessons.arrays["glucose.values"][:][:, 0].astype(np.float64)
    truth, known = lessons.targets.arrays["truth"][:], lessons.targets.arrays["known"][:].copy()
    known[::5, 2] = False
    model = fit_lags(
        lessons.arrays["glucose.values"], truth, known, scale=state["scale"], level=state["level"]
    )
    design = np.column_stack([history, np.ones(len(history))])
    for step in range(3):
        rows = known[:, step]
        weights = np.linalg.lstsq(design[rows], truth[rows, step], rcond=None)[0]
        assert model.forecast(history)[:, step] == pytest.approx(design @ weights, abs=0.05)


def test_smoothing_is_that_of_statsmodels() -> None:
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    values = 100 + np.cumsum(np.random.default_rng(0).normal(size=60))
    reference = ExponentialSmoothing(
        values, trend="add", damped_trend=True, initialization_method="known",
        initial_level=values[0], initial_trend=0.0,
    ).fit(smoothing_level=0.8, smoothing_trend=0.5, damping_trend=0.9, optimized=False)  # fmt: skip
    answer = smooth(values[None], 5, level=0.8, trend=0.5, damping=0.9)
    assert answer[0] == pytest.approx(reference.forecast(5), rel=2e-3)


def test_a_constant_history_is_answered_by_itself() -> None:
    flat, state = lesson(windows=60)
    values = np.full((60, 1, 12), 100.0, np.float32)
    constant = Lesson({"glucose.values": values}, flat.targets)
    model = REGISTRY.load("exponential-smoothing")()
    answer = model.fit_windows(constant, validation=constant, state=state, seed=0, threads=1)
    assert answer.forecast(constant.arrays)["quantiles"][:, :, 2] == pytest.approx(100)
