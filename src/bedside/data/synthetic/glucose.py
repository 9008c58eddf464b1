"""Virtual people with type 1 diabetes, an insulin pump and a glucose sensor.

Enters: how many, for how long, and a seed. Leaves: a `SyntheticCohort` whose table is a
long one, a row every five minutes: ``patient, time, glucose`` (the sensor's, mg/dL, blank
in gaps), ``carbohydrate`` (g of meals, as their eater counted them: what can be planned),
``rescue`` (g eaten against a low value: what cannot), ``insulin`` (U, basal and bolus),
``plasma_glucose`` (mg/dL, the truth that no sensor sees) and ``weight_kg``.

The bodies are those of `glucose_model`. Meals: times, sizes and chances of three meals
and three snacks as in the open simulator simglucose (Xie 2018). The pump's basal rate
keeps its wearer level at the target; boluses follow the rules of 500 and 1800 (Davidson
et al. 2008, doi:10.4158/EP.14.9.1095) from carbohydrate that is counted with an error of
about a fifth (Brazeau et al. 2013, doi:10.1016/j.diabres.2012.11.024), and some are
forgotten. Who sees a low value and is awake eats 15 g. The sensor's error is the
autoregressive one of Breton and Kovatchev 2008 (doi:10.1177/193229680800200517).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.interpolate import CubicSpline
from scipy.signal import lfilter

from bedside.data.synthetic import SyntheticCohort
from bedside.data.synthetic.glucose_model import (
    MG_PER_MMOL,
    PER_DL,
    STATES,
    People,
    advanced,
    steady_state,
)
from bedside.schema import Array

EVERY_MINUTES = 5
DAY_STEPS = 24 * 60 // EVERY_MINUTES
FIRST_DAY = np.datetime64("2024-03-04T00:00", "s")
MEALS = (
    # chance, usual minute, its spread, earliest, latest, usual grams, their spread
    (0.95, 7 * 60, 60, 5 * 60, 9 * 60, 45, 10),
    (0.3, 9.5 * 60, 30, 9 * 60, 10 * 60, 10, 5),
    (0.95, 12 * 60, 60, 10 * 60, 14 * 60, 70, 10),
    (0.3, 15 * 60, 30, 14 * 60, 16 * 60, 10, 5),
    (0.95, 18 * 60, 60, 16 * 60, 20 * 60, 80, 10),
    (0.3, 21.5 * 60, 30, 20 * 60, 23 * 60, 10, 5),
)
COUNTING_ERROR, FORGOTTEN = 0.2, 0.07
TOTAL_OF_BASAL = 1.78
"""Daily insulin over basal insulin; source: Resalat et al. 2019, as in `glucose_model`."""
CORRECTED_FROM, CORRECTED_TO, WAIT_STEPS = 200.0, 120.0, 36
LOW, RESCUE_GRAMS, RESCUE_WAIT_STEPS = 70.0, 15.0, 4
AWAKE = (7 * 60, 23 * 60)
NOTICED_ASLEEP = 0.15
DAY_TO_DAY = 0.12
"""Spread of the logarithm of each day's sensitivity: illness, sport, stress; ours."""
NOISE_KEPT, NOISE_SCALE, NOISE_CENTRE = 0.7, 15.9574, -5.47
NOISE_SKEW, NOISE_WIDTH = -0.5444, 1.6898
NOISE_MINUTES = 15
SENSOR = (40.0, 400.0)
"""mg/dL, the least and the most it shows."""
GAP_CHANCE, GAP_STEPS = 1 / 400, 8
"""Chance of a gap at each step, and how long it lasts on average."""
SENSOR_DAYS, WARM_UP_STEPS = 10, 24


def make_glucose(*, patients: int, seed: int, days: int = 14) -> SyntheticCohort:
    """Let people live for some days and read their sensors.

    Args:
        patients: how many.
        seed: the same seed and number give the same people and days.
        days: how many days each.
    """
    rng = np.random.default_rng([seed, patients])
    people = People.draw(patients, rng)
    sensor_error = sensor_noise(patients, days * DAY_STEPS, rng)
    life = _Life(people, rng, sensor_error)
    for day in range(days):
        life.live(day)
    shown = np.where(gaps(patients, days * DAY_STEPS, rng), np.nan, np.stack(life.shown, axis=1))
    return SyntheticCohort(_table(life, people, shown), arrays={})


def _table(life: _Life, people: People, shown: Array) -> pd.DataFrame:
    """One row for each person and step, a person's rows together."""
    patients, steps = shown.shape
    width = max(3, len(str(patients)))
    names = pd.Categorical.from_codes(
        np.repeat(np.arange(patients, dtype=np.int32), steps),
        categories=pd.Index([f"p{number + 1:0{width}d}" for number in range(patients)]),
    )
    times = FIRST_DAY + np.arange(steps) * np.timedelta64(60 * EVERY_MINUTES, "s")
    lived = {
        "carbohydrate": life.counted, "rescue": life.rescued, "insulin": life.injected,
        "plasma_glucose": life.true,
    }  # fmt: skip
    columns = {name: np.stack(values, axis=1).reshape(-1) for name, values in lived.items()}
    return pd.DataFrame(
        {
            "patient": names,
            "time": np.tile(times, patients),
            "glucose": shown.reshape(-1).astype(np.float32),
            **columns,
            "weight_kg": np.repeat(people.weight_kg.round().astype(np.int16), steps),
        }
    )


class _Life:
    """The state of all people, and what happened to them so far."""

    def __init__(self, people: People, rng: np.random.Generator, sensor_error: Array) -> None:
        count = len(people.weight_kg)
        self.people, self.rng, self.sensor_error = people, rng, sensor_error
        self.target = np.clip(rng.normal(125, 12, count), 100, 160)
        self.state, self.basal = steady_state(people, self.target / PER_DL)
        total = np.maximum(TOTAL_OF_BASAL * self.basal * 24 * 60 / 1000, 8.0)  # U a day
        self.grams_a_unit, self.fall_a_unit = 500 / total, 1800 / total
        self.since_bolus = np.full(count, WAIT_STEPS)
        self.since_rescue = np.full(count, RESCUE_WAIT_STEPS)
        self.shown: list[Array] = []
        self.true: list[Array] = []
        self.counted: list[Array] = []
        self.rescued: list[Array] = []
        self.injected: list[Array] = []

    def live(self, day: int) -> None:
        """One day of everyone."""
        eaten = day_of_meals(len(self.target), self.rng)
        today = np.exp(self.rng.normal(0, DAY_TO_DAY, len(self.target)))
        for step in range(DAY_STEPS):
            self._step(day * DAY_STEPS + step, eaten[:, step], today)

    def _step(self, step: int, meal: Array, today: Array) -> None:
        """Five minutes: read the sensor, eat, inject, and let the body go on."""
        minute = step % DAY_STEPS * EVERY_MINUTES
        plasma = self.state[STATES.index("q1")] / self.people.glucose_volume() * PER_DL
        tissue = self.state[STATES.index("tissue")] * PER_DL
        shown = np.clip(np.round(tissue + self.sensor_error[:, step]), *SENSOR)
        rescue = self._rescue(shown, minute)
        counted = np.round(meal * np.exp(self.rng.normal(0, COUNTING_ERROR, len(meal))))
        counted = np.where(self.rng.random(len(meal)) < FORGOTTEN, 0.0, counted)
        bolus = self._bolus(shown, counted, awake=AWAKE[0] <= minute < AWAKE[1])
        injected = self.basal + bolus * 1000 / EVERY_MINUTES
        mmol = (meal + rescue) * 1000 / MG_PER_MMOL / EVERY_MINUTES
        factor = self.people.sensitivity_at(minute) * today
        self.state = advanced(
            self.state, self.people, (injected, mmol, factor), minutes=EVERY_MINUTES
        )
        self.shown.append(shown.astype(np.float32))
        self.true.append(plasma.astype(np.float32))
        self.counted.append(counted.astype(np.float32))
        self.rescued.append(rescue.astype(np.float32))
        self.injected.append((injected * EVERY_MINUTES / 1000).astype(np.float32))

    def _rescue(self, shown: Array, minute: int) -> Array:
        """(P,) grams eaten against a low value."""
        self.since_rescue += 1
        awake = AWAKE[0] <= minute < AWAKE[1]
        noticed = self.rng.random(len(shown)) < (0.7 if awake else NOTICED_ASLEEP)
        eats = (shown < LOW) & (self.since_rescue >= RESCUE_WAIT_STEPS) & noticed
        self.since_rescue[eats] = 0
        return np.where(eats, RESCUE_GRAMS, 0.0)

    def _bolus(self, shown: Array, counted: Array, *, awake: bool) -> Array:
        """(P,) units for what was counted, and for a high value unless one was given lately."""
        self.since_bolus += 1
        high = (shown > CORRECTED_FROM) & (self.since_bolus >= WAIT_STEPS) & awake
        excess = np.where(high | (counted > 0), shown - CORRECTED_TO, 0.0)
        excess = np.where(self.since_bolus < WAIT_STEPS, np.minimum(excess, 0.0), excess)
        units = counted / self.grams_a_unit + excess / self.fall_a_unit
        units = np.where(high | (counted > 0), np.maximum(units, 0.0), 0.0)
        self.since_bolus[units > 0] = 0
        return np.asarray(np.round(units, 1))


def day_of_meals(count: int, rng: np.random.Generator) -> Array:
    """(count, steps of a day) grams of carbohydrate eaten."""
    eaten = np.zeros((count, DAY_STEPS))
    for chance, usual, spread, earliest, latest, grams, own in MEALS:
        minute = np.clip(rng.normal(usual, spread, count), earliest, latest - 1)
        amount = np.maximum(np.round(rng.normal(grams, own, count)), 0.0)
        amount = np.where(rng.random(count) < chance, amount, 0.0)
        np.add.at(eaten, (np.arange(count), (minute // EVERY_MINUTES).astype(int)), amount)
    return eaten


def sensor_noise(count: int, steps: int, rng: np.random.Generator) -> Array:
    """(count, steps) mg/dL of the sensor's own error; see the module for its source.

    Autoregressive at 15 minutes, bent by Johnson's unbounded transform, a cubic between.
    """
    knots = steps * EVERY_MINUTES // NOISE_MINUTES + 2
    drawn = rng.normal(size=(count, knots))
    plain = lfilter([NOISE_KEPT], [1, -NOISE_KEPT], drawn, axis=1)
    bent = NOISE_CENTRE + NOISE_SCALE * np.sinh((plain - NOISE_SKEW) / NOISE_WIDTH)
    at = np.arange(steps) * EVERY_MINUTES
    return np.asarray(CubicSpline(np.arange(knots) * NOISE_MINUTES, bent, axis=1)(at), np.float32)


def gaps(count: int, steps: int, rng: np.random.Generator) -> Array:
    """(count, steps) bool: lost signal now and then, and the warm-up of each new sensor."""
    missing = np.zeros((count, steps + 1), dtype=np.int32)
    person, start = np.nonzero(rng.random((count, steps)) < GAP_CHANCE)
    end = np.minimum(start + rng.geometric(1 / GAP_STEPS, len(start)), steps)
    np.add.at(missing, (person, start), 1)
    np.add.at(missing, (person, end), -1)
    lost = np.cumsum(missing, axis=1)[:, :steps] > 0
    age = (np.arange(steps) + rng.integers(0, SENSOR_DAYS * DAY_STEPS, count)[:, None]) % (
        SENSOR_DAYS * DAY_STEPS
    )
    return np.asarray(lost | (age < WARM_UP_STEPS))
