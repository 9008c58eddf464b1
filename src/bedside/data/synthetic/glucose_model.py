"""The glucose and insulin of virtual people with type 1 diabetes: a published minimal model.

Enters: parameters of P people, what they eat and inject. Leaves: their state some
minutes later, solved by scipy for all people at once.

The model is that of Hovorka et al. 2004 (doi:10.1088/0967-3334/25/4/010): glucose in two
compartments, three remote effects of insulin, insulin under the skin in two compartments,
and the gut in two. Its means are used throughout. How people differ: insulin
sensitivities and weight after Resalat et al. 2019 (doi:10.1371/journal.pone.0217301),
who scaled them to people with type 1 diabetes and let the three sensitivities go
together; of absorption and production of glucose, which they left equal, a spread of
our own (`SPREADS`). Sensitivity falls and rises within the day, lowest in the early
morning (dawn phenomenon; Visentin et al. 2015, doi:10.1089/dia.2014.0192). The sensor
sits in tissue that lags the blood by about six minutes (Basu et al. 2013,
doi:10.2337/db13-1132).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from scipy.integrate import solve_ivp

from bedside.schema import Array

MG_PER_MMOL = 180.16
"""Molar mass of glucose."""
PER_DL = MG_PER_MMOL / 10
"""mg/dL of 1 mmol/L."""
K12, KA1, KA2, KA3, KE = 0.066, 0.006, 0.06, 0.03, 0.138
"""Rates per minute: glucose back from tissue; onset of the three effects; insulin's loss."""
VOLUME_GLUCOSE, VOLUME_INSULIN = 0.16, 0.12
"""L/kg."""
BIOAVAILABLE = 0.8
RENAL_FROM, RENAL_RATE, LOW_FLUX_FROM = 9.0, 0.003, 4.5
"""mmol/L from which glucose is lost in urine, per minute; below which the brain takes less."""
TISSUE_MINUTES = 6.0
MEANS = {"egp0": 0.0161, "f01": 0.0097, "gut_minutes": 40.0, "skin_minutes": 55.0}
"""mmol/kg/min made by the liver and taken by the brain; time to the peak of absorption."""
SPREADS = {"egp0": 0.1, "f01": 0.1, "gut_minutes": 0.25, "skin_minutes": 0.2}
"""Standard deviation of the logarithm: ours, in want of a published one for this population."""
SENSITIVITY = {"transport": (0.00512, 0.00144), "disposal": (0.00082, 0.00032),
               "liver": (0.052, 0.01375)}  # fmt: skip
OWN_PART = {"transport": 0.25, "disposal": 0.0, "liver": 0.75}
TYPE_1 = 0.4
"""Of people without diabetes: mean and standard deviation of three sensitivities, how much
each goes its own way, and the share that type 1 diabetes leaves (Resalat et al. 2019)."""
WEIGHT_KG = (76.3, 15.9)
STATES = ("skin1", "skin2", "insulin", "x1", "x2", "x3", "gut1", "gut2", "q1", "q2", "tissue")
LARGEST = 300.0
"""mU/L, above any insulin a steady state needs."""
LEVEL, BASAL = 6.9, (0.2, 2.5)
"""mmol/L at which a usual pump's basal rate, in U/h, must keep a person level."""


@dataclass(frozen=True)
class People:
    """P virtual people, (P,) each.

    Args:
        weight_kg: body weight.
        transport, disposal, liver: sensitivities to insulin, L/mU and L/mU/min.
        egp0: glucose the liver makes without insulin, mmol/min.
        f01: glucose taken without insulin, mmol/min.
        gut_minutes, skin_minutes: time to the peak of absorption.
        swing: by how much sensitivity swings within the day, as a fraction.
        lowest_minute: of the day, when it is lowest.
    """

    weight_kg: Array
    transport: Array
    disposal: Array
    liver: Array
    egp0: Array
    f01: Array
    gut_minutes: Array
    skin_minutes: Array
    swing: Array
    lowest_minute: Array

    @classmethod
    def draw(cls, count: int, rng: np.random.Generator) -> Self:
        """Draw people; those whom no usual basal rate would keep level are drawn anew."""
        found: list[Self] = []
        while sum(len(own.weight_kg) for own in found) < count:
            some = cls._drawn(count, rng)
            rate = steady_state(some, np.full(count, LEVEL))[1] * 60 / 1000
            found.append(some._take(np.flatnonzero((rate > BASAL[0]) & (rate < BASAL[1]))))
        joined = {f.name: np.concatenate([getattr(p, f.name) for p in found]) for f in fields(cls)}
        return cls(**{name: values[:count] for name, values in joined.items()})

    def _take(self, rows: Array) -> Self:
        return type(self)(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    @classmethod
    def _drawn(cls, count: int, rng: np.random.Generator) -> Self:
        weight = np.clip(rng.normal(*WEIGHT_KG, count), 45, 130)
        shared = rng.normal(size=count)
        sensitivity = {
            name: TYPE_1 * (mean + spread * (shared + OWN_PART[name] * rng.uniform(-1, 1, count)))
            for name, (mean, spread) in SENSITIVITY.items()
        }
        plain = {name: MEANS[name] * np.exp(rng.normal(0, SPREADS[name], count)) for name in MEANS}
        return cls(
            weight_kg=weight,
            **{name: np.maximum(values, 1e-6) for name, values in sensitivity.items()},
            egp0=plain["egp0"] * weight,
            f01=plain["f01"] * weight,
            gut_minutes=plain["gut_minutes"],
            skin_minutes=plain["skin_minutes"],
            swing=rng.uniform(0.1, 0.35, count),
            lowest_minute=rng.normal(6 * 60, 60, count),
        )

    def glucose_volume(self) -> Array:
        """Litres."""
        return VOLUME_GLUCOSE * self.weight_kg

    def sensitivity_at(self, minute: float) -> Array:
        """Factor on all three sensitivities at a minute of the day."""
        angle = 2 * np.pi * (minute - self.lowest_minute) / (24 * 60)
        return np.asarray(1 - self.swing * np.cos(angle))


def steady_insulin(people: People, glucose: Array) -> Array:
    """(P,) insulin in mU/L that keeps glucose (P,) in mmol/L level.

    The balance falls with insulin, so bisection finds it; who would rise even at the
    largest insulin gets that, who would fall without any gets none.
    """
    low, high = np.zeros_like(glucose), np.full_like(glucose, LARGEST)
    for _ in range(50):
        middle = (low + high) / 2
        rises = _balance(people, glucose, middle) > 0
        low, high = np.where(rises, middle, low), np.where(rises, high, middle)
    return (low + high) / 2


def _balance(people: People, glucose: Array, insulin: Array) -> Array:
    """(P,) mmol/min gained at a steady state of the remote effects."""
    x1, x2, x3 = (
        people.transport * insulin,
        people.disposal * insulin,
        people.liver * insulin,
    )
    q1 = glucose * people.glucose_volume()
    q2 = x1 * q1 / (K12 + x2)
    made = people.egp0 * np.maximum(0, 1 - x3)
    return np.asarray(K12 * q2 - x1 * q1 + made - _lost(people, glucose))


def _lost(people: People, glucose: Array) -> Array:
    """(P,) mmol/min taken by the brain and lost in urine."""
    taken = people.f01 * np.minimum(1, glucose / LOW_FLUX_FROM)
    urine = RENAL_RATE * np.maximum(0, glucose - RENAL_FROM) * people.glucose_volume()
    return np.asarray(taken + urine)


def steady_state(people: People, glucose: Array) -> tuple[Array, Array]:
    """State (11, P) that stays level at glucose (P,) mmol/L, and the basal rate (P,) mU/min."""
    insulin = steady_insulin(people, glucose)
    basal = insulin * KE * VOLUME_INSULIN * people.weight_kg
    x1, x2, x3 = people.transport * insulin, people.disposal * insulin, people.liver * insulin
    q1 = glucose * people.glucose_volume()
    skin = basal * people.skin_minutes
    nothing = np.zeros_like(glucose)
    state = [skin, skin, insulin, x1, x2, x3, nothing, nothing, q1, x1 * q1 / (K12 + x2), glucose]
    return np.stack(state), basal


def change(state: Array, people: People, inputs: tuple[Array, Array, Array]) -> Array:
    """The model's right-hand side.

    Args:
        state: (11, P): insulin under the skin (mU, two), in plasma (mU/L), three effects,
            carbohydrate in the gut (mmol, two), glucose (mmol, two), tissue glucose (mmol/L).
        people: whose.
        inputs: insulin (mU/min), carbohydrate (mmol/min), sensitivity factor; (P,) each.

    Returns:
        (11, P) per minute.
    """
    skin1, skin2, insulin, x1, x2, x3, gut1, gut2, q1, q2, tissue = state
    injected, eaten, factor = inputs
    volume = people.glucose_volume()
    glucose = q1 / volume
    felt = factor * insulin
    made = people.egp0 * np.maximum(0, 1 - x3)
    return np.stack(
        [
            injected - skin1 / people.skin_minutes,
            (skin1 - skin2) / people.skin_minutes,
            skin2 / (people.skin_minutes * VOLUME_INSULIN * people.weight_kg) - KE * insulin,
            KA1 * (people.transport * felt - x1),
            KA2 * (people.disposal * felt - x2),
            KA3 * (people.liver * felt - x3),
            BIOAVAILABLE * eaten - gut1 / people.gut_minutes,
            (gut1 - gut2) / people.gut_minutes,
            gut2 / people.gut_minutes + K12 * q2 - x1 * q1 + made - _lost(people, glucose),
            x1 * q1 - (K12 + x2) * q2,
            (glucose - tissue) / TISSUE_MINUTES,
        ]
    )


def advanced(
    state: Array, people: People, inputs: tuple[Array, Array, Array], *, minutes: float
) -> Array:
    """The state (11, P) some minutes later, with inputs held; adaptive Runge-Kutta 5(4)."""
    shape = state.shape

    def slope(_: float, flat: Array) -> Array:
        return change(flat.reshape(shape), people, inputs).reshape(-1)

    solved = solve_ivp(
        slope, (0.0, minutes), state.reshape(-1), method="RK45", rtol=1e-4, atol=1e-4,
        first_step=minutes,
    )  # fmt: skip
    return np.asarray(solved.y[:, -1].reshape(shape))
