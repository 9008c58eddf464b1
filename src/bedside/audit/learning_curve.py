"""What twice the data would bring: the learning curve of a cheap model, and where it leads.

Enters: features, answers and patients outside the test part. Leaves: the mean AUROC by number of
training patients, the curve through it, and the gain of twice as many with its interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bedside.audit.linear_reading import auroc_of, fit_ridge
from bedside.schema import Array

SHARES = (1 / 8, 1 / 4, 1 / 2, 3 / 4, 1.0)
"""Of the patients that are learnt from; smaller sets are parts of larger ones."""
DRAWS, HELD_OUT = 16, 0.25
RESAMPLES = 400
EXPONENTS = np.linspace(0.1, 1.5, 29)
FEWEST = 10
"""Cases of each side that are held out, without which an answer is not judged."""


@dataclass(frozen=True)
class Curve:
    """A learning curve, ``auroc = ceiling - loss * patients ** -exponent``.

    Args:
        patients: (S,) learnt from, ascending.
        auroc: (S,) means over draws and answers.
        low, high: (S,) ends of their 95 % intervals.
        fit: ceiling, loss, exponent.
        now: patients that a model of all training data learns from.
        gain: AUROC that twice as many would add.
        gain_low, gain_high: the ends of its 95 % interval.
    """

    patients: tuple[int, ...]
    auroc: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    fit: tuple[float, float, float]
    now: int
    gain: float
    gain_low: float
    gain_high: float

    def to_json(self) -> dict[str, Any]:
        """Plain lists and numbers."""
        names = ("patients", "auroc", "low", "high", "fit")
        lists = {name: list(getattr(self, name)) for name in names}
        gain = {"value": self.gain, "low": self.gain_low, "high": self.gain_high}
        return {**lists, "now": self.now, "gain": gain}


def draw_curve(
    features: Array, answers: Array, groups: Array, *, now: int, seed: int
) -> Curve | None:
    """Learn from more and more patients, judge by others, and follow the curve on.

    Of each draw a quarter of the patients is held out. The intervals are those of the mean of
    draws that share patients: Nadeau and Bengio 2003, doi:10.1023/A:1024068626366. The inverse
    power law: Figueroa et al. 2012, doi:10.1186/1472-6947-12-8.

    Args:
        features: (n, F), F a few hundred at most.
        answers: (n, T) 0 and 1, NaN where unknown; judged by the mean over answers.
        groups: (n,) integers, equal for cases of one patient.
        now: patients of the training part.
        seed: of the draws.

    Returns:
        None where too few cases are held out to judge any answer.
    """
    rng = np.random.default_rng(seed)
    names, which = np.unique(groups, return_inverse=True)
    held = round(HELD_OUT * names.size)
    sizes = [max(2, round(share * (names.size - held))) for share in SHARES]
    kept = _judgeable(answers)
    if not kept.any() or len(set(sizes)) < len(sizes):
        return None
    draws = []
    for _ in range(DRAWS):
        place = rng.permutation(names.size)[which]
        judged = place >= names.size - held
        row = []
        for size in sizes:
            learnt = place < size
            scores = fit_ridge(features[learnt], answers[learnt][:, kept])(features[judged])
            row.append(_mean_auroc(scores, answers[judged][:, kept]))
        draws.append(row)
    found = np.array(draws)
    found = found[np.isfinite(found).all(axis=1)]
    return _followed(sizes, found, now=now, rng=rng) if len(found) >= DRAWS // 2 else None


def fit_power_law(patients: Array, auroc: Array) -> tuple[float, float, float]:
    """Ceiling, loss and exponent of the curve nearest to points of a learning curve.

    The loss is never negative and the ceiling at most 1: more data do no harm.
    """
    best: tuple[float, tuple[float, float, float]] | None = None
    for exponent in EXPONENTS:
        falling = patients ** -float(exponent)
        spread = falling - falling.mean()
        loss = max(0.0, -float((spread * auroc).sum() / (spread**2).sum()))
        ceiling = float(auroc.mean() + loss * falling.mean())
        if ceiling > 1:
            ceiling = 1.0
            loss = float(((1 - auroc) * falling).sum() / (falling**2).sum())
        rest = float(((ceiling - loss * falling - auroc) ** 2).sum())
        if best is None or rest < best[0]:
            best = rest, (ceiling, loss, float(exponent))
    return best[1] if best else (float(auroc.mean()), 0.0, 1.0)


def gain_of_twice(fit: tuple[float, float, float], now: int) -> float:
    """AUROC that the curve rises between so many patients and twice as many."""
    _, loss, exponent = fit
    return float(loss * (now**-exponent - (2 * now) ** -exponent))


def _followed(sizes: list[int], draws: Array, *, now: int, rng: np.random.Generator) -> Curve:
    mean, patients = draws.mean(axis=0), np.array(sizes, dtype=float)
    # Draws share patients: their mean is surer than the draws say by this factor.
    wider = np.sqrt(1 + len(draws) * HELD_OUT / (1 - HELD_OUT))
    fit = fit_power_law(patients, mean)
    gains, means = [], []
    for _ in range(RESAMPLES):
        again = draws[rng.integers(len(draws), size=len(draws))].mean(axis=0)
        means.append(mean + wider * (again - mean))
        gains.append(gain_of_twice(fit_power_law(patients, means[-1]), now))
    ends = np.clip(np.quantile(means, (0.025, 0.975), axis=0), 0, 1)
    low, high = np.quantile(gains, (0.025, 0.975))
    return Curve(
        tuple(sizes),
        tuple(float(value) for value in mean),
        tuple(float(value) for value in ends[0]),
        tuple(float(value) for value in ends[1]),
        fit,
        now,
        gain_of_twice(fit, now),
        float(low),
        float(high),
    )


def _judgeable(answers: Array) -> Array:
    """(T,) bool: answers of which enough cases of both kinds are held out."""
    known = [answers[np.isfinite(answers[:, t]), t] for t in range(answers.shape[1])]
    rarer = [min(int((own == 1).sum()), int((own == 0).sum())) for own in known]
    return np.array([HELD_OUT * count >= FEWEST for count in rarer])


def _mean_auroc(scores: Array, answers: Array) -> float:
    found = []
    for column in range(answers.shape[1]):
        known = np.isfinite(answers[:, column])
        found.append(auroc_of(scores[known, column], answers[known, column] == 1))
    return float(np.mean(found))
