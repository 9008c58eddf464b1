"""Virtual people with diabetes: the model against closed forms, the life against the clinic."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from bedside.data.synthetic import REGISTRY, SyntheticCohort, make_cohort
from bedside.data.synthetic.glucose import (
    DAY_STEPS,
    EVERY_MINUTES,
    NOISE_CENTRE,
    NOISE_SCALE,
    NOISE_SKEW,
    NOISE_WIDTH,
    day_of_meals,
    gaps,
    make_glucose,
    sensor_noise,
)
from bedside.data.synthetic.glucose_model import (
    BIOAVAILABLE,
    KE,
    STATES,
    VOLUME_INSULIN,
    People,
    advanced,
    change,
    steady_state,
)
from bedside.errors import StudyError
from bedside.schema import Array

PATIENTS, DAYS = 30, 4


@pytest.fixture(scope="module")
def cohort() -> SyntheticCohort:
    return make_glucose(patients=PATIENTS, seed=3, days=DAYS)


@pytest.fixture
def people(rng: np.random.Generator) -> People:
    return People.draw(20, rng)


def column(cohort: SyntheticCohort, name: str) -> Array:
    return np.asarray(cohort.table[name]).reshape(PATIENTS, -1)


def of(state: Array, name: str) -> Array:
    return np.asarray(state[STATES.index(name)])


def lived(state: Array, people: People, inputs: tuple[Array, Array, Array], steps: int) -> Array:
    """States (steps, 11, P) every five minutes."""
    found = []
    for _ in range(steps):
        state = advanced(state, people, inputs, minutes=EVERY_MINUTES)
        found.append(state)
    return np.stack(found)


def test_without_food_the_basal_rate_keeps_everyone_level(people: People) -> None:
    start, basal = steady_state(people, np.full(20, 6.5))
    nothing, plain = np.zeros(20), np.ones(20)
    assert np.abs(change(start, people, (basal, nothing, plain))).max() < 1e-6
    later = lived(start, people, (basal, nothing, plain), 100)[-1]
    assert of(later, "q1") / people.glucose_volume() == pytest.approx(6.5, rel=1e-3)
    wanted = basal / (KE * VOLUME_INSULIN * people.weight_kg)
    assert of(later, "insulin") == pytest.approx(wanted, rel=1e-3)


def test_a_meal_appears_in_the_blood_as_the_closed_form_says(people: People) -> None:
    """Hovorka 2004, equation of the gut: D A t exp(-t/T) / T^2 after D mmol at once."""
    start, basal = steady_state(people, np.full(20, 6.5))
    start[STATES.index("gut1")] = BIOAVAILABLE * 300.0  # mmol, swallowed at once
    states = lived(start, people, (basal, np.zeros(20), np.ones(20)), 60)
    minutes = (np.arange(60) + 1)[:, None] * EVERY_MINUTES
    appears = states[:, STATES.index("gut2")] / people.gut_minutes
    wanted = 300 * BIOAVAILABLE * minutes * np.exp(-minutes / people.gut_minutes)
    assert appears == pytest.approx(wanted / people.gut_minutes**2, rel=5e-3, abs=1e-3)


def test_steps_agree_with_another_solver_at_finer_tolerance(people: People) -> None:
    start, basal = steady_state(people, np.full(20, 7.0))
    inputs = basal * 3, np.full(20, 4.0), np.full(20, 0.9)
    ours = lived(start, people, inputs, 36)[-1]
    theirs = solve_ivp(
        lambda _, flat: change(flat.reshape(start.shape), people, inputs).reshape(-1),
        (0, 36 * EVERY_MINUTES), start.reshape(-1), method="LSODA", rtol=1e-9, atol=1e-9,
    ).y[:, -1].reshape(start.shape)  # fmt: skip
    assert ours == pytest.approx(theirs, rel=2e-3, abs=1e-3)


def test_insulin_lowers_food_raises_and_the_sensitive_fall_further(people: People) -> None:
    start, basal = steady_state(people, np.full(20, 8.0))
    nothing, plain = np.zeros(20), np.ones(20)

    def after(insulin: Array, food: Array, factor: Array) -> Array:
        end = lived(start, people, (insulin, food, factor), 36)[-1]
        return of(end, "q1") / people.glucose_volume()

    level = after(basal, nothing, plain)
    more = after(basal * 2, nothing, plain)
    assert (more < level - 0.1).all()
    assert (after(basal, nothing + 2.0, plain) > level + 1).all()
    assert (after(basal * 2, nothing, plain * 1.3) < more).all()


def test_people_differ_as_published(rng: np.random.Generator) -> None:
    many = People.draw(4000, rng)
    assert many.weight_kg.mean() == pytest.approx(76.3, abs=1.5)
    assert many.disposal.mean() == pytest.approx(0.4 * 0.00082, rel=0.08)
    together = np.corrcoef(many.transport, many.disposal)[0, 1]
    apart = np.corrcoef(many.liver, many.disposal)[0, 1]
    assert together > 0.95
    assert 0.7 < apart < 0.95
    assert np.exp(np.log(many.gut_minutes).mean()) == pytest.approx(40, rel=0.03)
    assert all((getattr(many, field.name) > 0).all() for field in fields(many)[:-1])


def test_sensitivity_is_lowest_in_the_morning(people: People) -> None:
    day = np.stack([people.sensitivity_at(minute) for minute in range(0, 1440, 5)])
    assert day.mean(axis=0) == pytest.approx(1)
    lowest = day.argmin(axis=0) * 5
    assert (np.abs(lowest - people.lowest_minute) <= 5).all()
    still = replace(people, swing=np.zeros(20))
    assert still.sensitivity_at(100) == pytest.approx(1)


def test_the_sensor_errs_as_published(rng: np.random.Generator) -> None:
    noise = sensor_noise(300, 3 * DAY_STEPS, rng)[:, 36:]
    knots = noise[:, ::3]  # every 15 minutes
    bent = NOISE_SKEW + NOISE_WIDTH * np.arcsinh((knots - NOISE_CENTRE) / NOISE_SCALE)
    plain = bent - bent.mean()
    kept = (plain[:, 1:] * plain[:, :-1]).mean() / plain.var()
    assert kept == pytest.approx(0.7, abs=0.01)
    assert plain.var() == pytest.approx(0.49 / 0.51, rel=0.03)  # e = .7 (e + v)
    assert noise.mean() == pytest.approx(0, abs=2)
    between = np.abs(
        noise[:, 1:-1:3] - (noise[:, :-2:3] + noise[:, 2::3][:, : noise.shape[1] // 3])
    )
    assert np.isfinite(between).all()


def test_gaps_are_few_and_each_sensor_warms_up(rng: np.random.Generator) -> None:
    missing = gaps(200, 20 * DAY_STEPS, rng)
    edges = np.diff(missing.astype(int), axis=1, prepend=0, append=0)
    lengths = np.nonzero(edges == -1)[1] - np.nonzero(edges == 1)[1]
    assert 0.02 < missing.mean() < 0.05
    assert (lengths >= 23).sum() >= 200
    assert np.median(lengths) < 12


def test_meals_are_at_their_hours(rng: np.random.Generator) -> None:
    eaten = day_of_meals(3000, rng)
    assert eaten.sum(axis=1).mean() == pytest.approx(0.95 * 195 + 0.3 * 30, rel=0.02)
    by_hour = eaten.reshape(3000, 24, -1).sum(axis=(0, 2))
    assert by_hour[[0, 1, 2, 3, 4, 23]].sum() == 0
    assert by_hour[12] > by_hour[9]


def test_the_table_is_a_long_one(cohort: SyntheticCohort) -> None:
    table = cohort.table
    assert list(table) == [
        *("patient", "time", "glucose", "carbohydrate", "rescue", "insulin"),
        *("plasma_glucose", "weight_kg"),
    ]
    assert len(table) == PATIENTS * DAYS * DAY_STEPS
    assert table["patient"].nunique() == PATIENTS
    first = table[table["patient"] == "p001"]
    assert (np.diff(first["time"].to_numpy()) == np.timedelta64(300, "s")).all()
    shown = table["glucose"].dropna()
    assert shown.between(40, 400).all()
    assert (shown == shown.round()).all()
    assert table[["plasma_glucose", "carbohydrate", "rescue", "insulin"]].notna().all(axis=None)


def test_they_live_as_people_with_diabetes_do(cohort: SyntheticCohort) -> None:
    truth = column(cohort, "plasma_glucose")
    assert 120 < truth.mean() < 190
    assert 0.5 < ((truth >= 70) & (truth <= 180)).mean() < 0.9
    assert 0.002 < (truth < 70).mean() < 0.1
    assert truth.min() > 20
    a_day = column(cohort, "insulin").sum(axis=1) / DAYS
    assert 30 < np.median(a_day) < 60  # Resalat 2019: 42 U
    shown = column(cohort, "glucose")
    assert 0.03 < np.nanmean(np.abs(shown - truth) / truth) < 0.12


def test_what_is_recorded_was_what_happened(cohort: SyntheticCohort) -> None:
    """The largest rises of an hour and a half follow food, and the truth leads the sensor."""
    truth, food = column(cohort, "plasma_glucose"), column(cohort, "carbohydrate")
    rise = truth[:, 18:] - truth[:, :-18]
    eaten = np.stack([food[:, k : food.shape[1] - 18 + k] for k in range(18)]).sum(axis=0)
    steep = rise > np.quantile(rise, 0.95)
    assert eaten[steep].mean() > 3 * eaten.mean()
    shown = np.nan_to_num(column(cohort, "glucose"), nan=150.0)

    def fit(lag: int) -> float:
        return float(
            np.corrcoef(truth[:, 3:-3].ravel(), np.roll(shown, -lag, 1)[:, 3:-3].ravel())[0, 1]
        )

    assert fit(1) > fit(0)
    assert fit(1) > fit(3)


def test_rescues_follow_low_values(cohort: SyntheticCohort) -> None:
    shown, rescue = column(cohort, "glucose"), column(cohort, "rescue")
    seen = shown[(rescue > 0) & np.isfinite(shown)]
    assert len(seen) > 5
    assert (seen < 70).all()
    assert set(np.unique(rescue)) == {0.0, 15.0}


def test_same_seed_same_people(cohort: SyntheticCohort) -> None:
    again = make_glucose(patients=PATIENTS, seed=3, days=DAYS)
    assert again.table.equals(cohort.table)
    other = make_glucose(patients=PATIENTS, seed=4, days=DAYS)
    assert not other.table["plasma_glucose"].equals(cohort.table["plasma_glucose"])


def test_it_is_known_by_name_and_lasts_as_long_as_asked() -> None:
    assert REGISTRY.load("glucose") is make_glucose
    table = make_cohort("glucose", patients=3, seed=1, days=2).table
    assert len(table) == 3 * 2 * DAY_STEPS
    with pytest.raises(StudyError, match=r"^data\.days: expected none with synthetic 'chest-xray'"):
        make_cohort("chest-xray", patients=3, seed=1, days=2)
