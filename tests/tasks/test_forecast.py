"""Task `forecast`: targets, calibration, alarms, loss, rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.special import ndtr, ndtri

from bedside.data.cohort import Cohort
from bedside.errors import StudyError
from bedside.models.features import Features
from bedside.schema import Prediction, State, Targets
from bedside.study import parse_options
from bedside.tasks.alarms import probability_below
from bedside.tasks.conformal import fit_stretch, stretched
from bedside.tasks.forecast import LEVELS, Forecast
from bedside.tasks.lag_regression import fit_lags

from ..series_made import lesson, series_of, with_series


def task(**words: Any) -> Forecast:
    made: Forecast = parse_options(Forecast, {"task": "forecast", **words}, where="target.")
    return made


def windowed(own: Forecast, values: list[float], starts: list[int], history: int) -> Targets:
    series = series_of(np.array(values))
    places, segments = np.array(starts), np.zeros(len(starts), np.int32)
    return own.windowed(series, places, segments, history=history, unit="mg/dL")


def test_targets_are_what_comes_after_the_history() -> None:
    targets = windowed(task(horizon_minutes=10), [10, 20, 30, 40, 50, 60], [0, 2], 2)
    assert targets.names == ("5", "10")
    assert targets.arrays["truth"][:].tolist() == [[30, 40], [50, 60]]
    assert targets.arrays["known"][:].tolist() == [[True, True]] * 2
    assert targets.arrays["last"][:].tolist() == [20, 40]
    assert targets.arrays["minute"][:].tolist() == [605, 615]
    assert targets.facts == {"unit": "mg/dL", "every_minutes": 5, "history_steps": 2}


@pytest.mark.parametrize(("words", "known"), [({}, False), ({"count_filled": True}, True)])
def test_points_without_a_reading_count_only_if_said(words: dict[str, Any], known: bool) -> None:
    from bedside.data.series import Channel, Grid, Series, Stretch, cut

    grid = Grid(5, 20, 1, (Channel("gl"),))
    stretch = Stretch(np.array([0, 5, 20, 25]), np.array([[1.0], [2], [5], [6]]))
    series = Series.joined(list(cut(stretch, grid)), grid)
    own = task(horizon_minutes=10, **words)
    places = np.array([0])
    targets = own.windowed(series, places, places.astype(np.int32), history=2, unit="mg/dL")
    assert targets.arrays["known"][:].tolist() == [[known, known]]
    assert targets.arrays["truth"][:].tolist() == [[3, 4]]


def test_the_state_holds_how_far_values_move() -> None:
    values = [100, 110, 100, 110, 100, 110, 100, 110]
    targets = with_series(windowed(task(horizon_minutes=10), values, [0, 1, 2, 3], 2))
    state = task(horizon_minutes=10).fit(targets)
    assert state["scale"] == pytest.approx(np.sqrt(50))  # half the moves are 10, half 0
    assert state["level"] == pytest.approx(105)
    moves = np.array(state["moves"]) * state["scale"]
    assert moves.shape == (2, 5)
    assert moves[1] == pytest.approx(0)
    assert moves[0][[0, 4]] == pytest.approx([-10, 10])
    assert (state["unit"], state["every_minutes"], state["names"]) == ("mg/dL", 5, ["5", "10"])


def test_the_loss_is_the_pinball_loss_of_what_is_known() -> None:
    own, state = task(levels=[0.1, 0.5, 0.9]), {"scale": 10.0, "levels": [0.1, 0.5, 0.9]}
    quantiles = torch.tensor([[[90.0, 100, 110], [0, 0, 0]]])
    targets = {
        "truth": torch.tensor([[120.0, 999.0]]),
        "known": torch.tensor([[True, False]]),
    }
    wanted = 2 * (0.1 * 3 + 0.5 * 2 + 0.9 * 1) / 3
    assert float(own.loss({"quantiles": quantiles}, targets, state)) == pytest.approx(wanted)
    below = {**targets, "truth": torch.tensor([[80.0, 999.0]])}
    wanted = 2 * (0.9 * 1 + 0.5 * 2 + 0.1 * 3) / 3
    assert float(own.loss({"quantiles": quantiles}, below, state)) == pytest.approx(wanted)
    unknown = {**targets, "known": torch.zeros(1, 2, dtype=torch.bool)}
    assert float(own.loss({"quantiles": quantiles}, unknown, state)) == 0


def answers(rng: np.random.Generator, windows: int, *, width: float) -> tuple[Any, Targets]:
    """Quantiles `width` times as wide as the truth's spread, which differs by window."""
    spread = rng.uniform(1, 20, size=(windows, 2))
    middle = rng.uniform(80, 200, size=(windows, 2))
    truth = (middle + spread * rng.normal(size=spread.shape)).astype(np.float32)
    fan = width * spread[:, :, None] * ndtri(LEVELS)
    arrays = {"truth": truth, "known": np.ones(truth.shape, bool)}
    return middle[:, :, None] + fan, Targets(arrays, ("5", "10"), "forecast")


def of_patients(targets: Targets, patient: Any) -> Targets:
    return Targets({**targets.arrays, "patient": patient}, targets.names, targets.kind)


@pytest.mark.parametrize("width", [0.4, 1.0, 2.5])
def test_calibrated_intervals_cover_what_they_say(rng: np.random.Generator, width: float) -> None:
    own = task(horizon_minutes=10)
    quantiles, validation = answers(rng, 4000, width=width)
    validation = of_patients(validation, np.arange(4000) // 8)
    state = own.calibrate({"quantiles": quantiles}, validation, {"levels": LEVELS})
    outer = np.delete(np.array(state["stretch"]), 2, axis=1)
    assert outer == pytest.approx(1 / width, rel=0.12)
    fresh, test = answers(rng, 4000, width=width)
    found = own.calibrated({"quantiles": fresh}, state)["quantiles"]
    truth = test.arrays["truth"]
    for low, high, wanted in ((0, 4, 0.95), (1, 3, 0.8)):
        inside = (found[:, :, low] <= truth) & (truth <= found[:, :, high])
        assert inside.mean() == pytest.approx(wanted, abs=0.015)
    assert np.array_equal(found[:, :, 2], fresh[:, :, 2])


@pytest.mark.parametrize("patients", [None, 1, 8])
def test_a_few_patients_widen_but_do_not_narrow(
    rng: np.random.Generator, patients: int | None
) -> None:
    """8 patients and one at infinity: 8 / 9 is less than 0.9, so nothing holds for a new one."""
    for width in (0.4, 2.5):
        quantiles, targets = answers(rng, 4000, width=width)
        if patients is not None:
            targets = of_patients(targets, np.arange(4000) % patients)
        found = np.delete(fit_stretch(quantiles, targets, levels=LEVELS), 2, axis=1)
        assert np.isfinite(found).all()
        assert found == pytest.approx(1 if width == 2.5 else 2.5, rel=0.12)


def test_narrowing_holds_for_a_new_patient() -> None:
    """20 patients alike, worked by hand: the 0.9 of 21 patients is the 18.9th of 20 scores."""
    patient = np.repeat(np.arange(20), 2)
    score = np.where(np.arange(40) % 2, 0.02, 0.05) * (patient + 1)
    truth = (100 + 10 * score)[:, None].astype(np.float32)
    quantiles = np.broadcast_to([90.0, 100.0, 110.0], (40, 1, 3))
    arrays = {"truth": truth, "known": np.ones((40, 1), bool), "patient": patient}
    targets = Targets(arrays, ("5",), "forecast")
    (found,) = fit_stretch(quantiles, targets, levels=[0.1, 0.5, 0.9])
    mass = (np.arange(40) + 1) / 2 / 21
    wanted = np.sort(score)[np.argmax(mass >= 0.9)]
    assert found[2] == pytest.approx(wanted, abs=1e-5)
    assert wanted > np.quantile(score, 0.9 * 41 / 40, method="higher")
    # one patient's many windows count as much as another's two
    heavy = np.where(patient == 0, 20, 1)
    many = {name: np.repeat(values, heavy, axis=0) for name, values in arrays.items()}
    more = Targets(many, ("5",), "forecast")
    (same,) = fit_stretch(np.repeat(quantiles, heavy, axis=0), more, levels=[0.1, 0.5, 0.9])
    assert same[2] == pytest.approx(wanted, abs=1e-5)


def test_a_step_with_few_known_values_takes_the_factor_of_all(rng: np.random.Generator) -> None:
    quantiles, targets = answers(rng, 300, width=0.5)
    known = np.ones((300, 2), bool)
    known[10:, 1] = False
    few = Targets({**targets.arrays, "known": known}, targets.names, "forecast")
    stretch = fit_stretch(quantiles, few, levels=LEVELS)
    whole = fit_stretch(
        quantiles, Targets({**few.arrays, "known": known}, ("5", "10"), "forecast"), levels=LEVELS
    )
    assert np.array_equal(stretch, whole)
    assert stretch[1] == pytest.approx(stretch[0], rel=0.2)
    nothing = Targets({**few.arrays, "known": known & False}, ("5", "10"), "forecast")
    assert np.array_equal(fit_stretch(quantiles, nothing, levels=LEVELS), np.ones((2, 5)))
    assert np.array_equal(stretched(quantiles, np.ones((2, 5)), middle=2), quantiles)


def test_a_normal_forecast_gives_its_own_probabilities_back() -> None:
    mean, spread = np.array([[90.0, 150.0, 60.0]]), 12.0
    quantiles = mean[:, :, None] + spread * ndtri(LEVELS)
    for threshold in (40.0, 70.0, 90.0, 180.0):
        found = probability_below(quantiles, threshold, levels=LEVELS)
        assert found == pytest.approx(ndtr((threshold - mean) / spread), abs=1e-9)


def test_a_forecast_of_one_value_gives_zero_or_one() -> None:
    certain = np.full((1, 2, 5), 100.0)
    assert probability_below(certain, 70, levels=LEVELS) == pytest.approx(0, abs=1e-9)
    assert probability_below(certain, 130, levels=LEVELS) == pytest.approx(1, abs=1e-9)


STATE: State = {"levels": LEVELS, "unit": "mg/dL", "names": ["5", "10"]}


def test_rows_hold_a_line_for_each_step() -> None:
    quantiles = np.arange(20, dtype=float).reshape(2, 2, 5) * 10
    own = task(horizon_minutes=10)
    answered = own.infer({"network": lambda _: {"quantiles": quantiles[:, :, ::-1]}}, {}, STATE)
    assert np.array_equal(answered.arrays["quantiles"], quantiles)
    assert answered.arrays["point"].tolist() == [[20, 70], [120, 170]]
    rows = own.rows(answered, STATE)
    assert list(rows) == [
        "minutes_ahead", "forecast", "low_95", "low_80", "high_80", "high_95",
        "probability_below_70", "probability_above_180",
    ]  # fmt: skip
    assert rows["minutes_ahead"].tolist() == [5, 10, 5, 10]
    assert rows["forecast"].tolist() == [20, 70, 120, 170]
    assert rows["high_80"].tolist() == [30, 80, 130, 180]
    assert rows["probability_below_70"][1] == pytest.approx(0.5)
    assert rows["probability_above_180"][3] == pytest.approx(0.1)
    millimoles = own.rows(Prediction(answered.arrays, ("5", "10")), {**STATE, "unit": "mmol/L"})
    assert list(millimoles)[-2:] == ["probability_below_3.9", "probability_above_10"]


def test_truth_rows_are_blank_where_nothing_is_known() -> None:
    own = task(horizon_minutes=10)
    targets = windowed(own, [100, 110, 121.5, 130], [0], 2)
    arrays = {**targets.arrays, "known": np.array([[True, False]])}
    rows = own.truth_rows(Targets(arrays, targets.names, "forecast"))
    assert rows["truth"].tolist() == ["121.5", ""]
    assert rows["last"].tolist() == [110, 110]
    assert rows["time"].tolist() == ["1970-01-01T10:05"] * 2


def test_a_started_head_forecasts_as_least_squares_does() -> None:
    training, state = lesson(windows=200)
    own = task(horizon_minutes=15)
    head = own.head(7, state).eval()
    own.start(head, training.arrays, training.targets)
    history = training.arrays["glucose.values"][:]
    features = Features(torch.zeros(200, 7))
    with torch.no_grad():
        answer = head(features, {"glucose.values": torch.from_numpy(history)})["quantiles"]
    truth, known = training.targets.arrays["truth"], training.targets.arrays["known"]
    reference = fit_lags(history, truth, known, scale=state["scale"], level=state["level"])
    wanted = reference.forecast(history[:, 0].astype(np.float64))
    assert answer[:, :, 2].numpy() == pytest.approx(wanted, abs=0.05)


def test_quantiles_of_a_head_never_cross_and_calibration_waits_for_evaluation() -> None:
    _, state = lesson(windows=100)
    state = {**state, "stretch": [[2.0] * 5] * 3}
    torch.manual_seed(0)
    head = task(horizon_minutes=15).head(7, state)
    torch.nn.init.normal_(head.gaps.weight, std=5.0)
    features = Features(torch.randn(50, 7))
    inputs = {"glucose.values": 100 + 10 * torch.randn(50, 1, 12)}
    raw = head.train()(features, inputs)["quantiles"]
    assert (raw.diff(dim=2) >= 0).all()
    wide = head.eval()(features, inputs)["quantiles"]
    torch.testing.assert_close(wide - wide[:, :, 2:3], 2 * (raw - raw[:, :, 2:3]))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"levels": [0.1, 0.5, 0.8]}, "expected rising levels with 0.5 and, for each, one minus"),
        ({"levels": [0.1, 0.4, 0.6, 0.9]}, "expected rising levels with 0.5"),
        ({"levels": [0.5]}, "with at least 3 entries"),
        ({"horizon_minutes": 0}, "horizon_minutes"),
        ({"unit": "mg"}, "expected 'mg/dL' or 'mmol/L'"),
    ],
)
def test_words_that_do_not_fit_are_refused(words: dict[str, Any], told: str) -> None:
    with pytest.raises(StudyError, match=told):
        task(**words)


def test_what_is_no_series_is_refused() -> None:
    cohort = Cohort(pd.DataFrame({"case_id": ["a"]}), "cases.csv")
    with pytest.raises(StudyError) as error:
        task().targets(cohort)
    assert str(error.value) == (
        "target.task: expected classify, since data and inputs are no series, got 'forecast'. "
        "Give a long table of readings and an input of modality signal."
    )
    series = series_of(np.arange(30.0))
    table = pd.DataFrame({"case_id": ["a"]})
    whole = Cohort(table, "readings.csv", series=series)
    assert task(horizon_minutes=10).targets(whole).names == ("5", "10")
    with pytest.raises(StudyError, match=r"target.column: expected the signal's column, 'gl'"):
        task(column="glu").targets(whole)
    with pytest.raises(
        StudyError, match=r"target.horizon_minutes: expected a multiple of every_mi"
    ):
        task(horizon_minutes=12).targets(whole)
