"""How far probabilities must move at another site: as little as its labelled cases demand.

Enters: what a model stated of labelled cases, on the scale of log-odds (of several classes:
log-probabilities), and the truth. Leaves: a `Move`: none, intercepts alone, or intercepts and
slope, by closed testing (Vergouwe et al. 2017, doi:10.1002/sim.7179; of several classes one
slope for all, which is a temperature, and one intercept a class, Van Hoorde et al. 2014,
doi:10.1002/sim.6114).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp
from scipy.stats import chi2

from bedside.schema import Array

SIGNIFICANT = 0.05
FOLDS = 10
FARTHEST = 20.0
LEAST, MOST = 0.02, 20.0
"""Bounds that hold an intercept or a slope which would run away."""


@dataclass(frozen=True)
class Move:
    """``slope * x + intercept``.

    Args:
        kind: ``none``, ``intercept``, ``slope`` (a temperature) or ``line``.
        slope: of all classes.
        intercept: a number; of several classes C, 0 on average.
    """

    kind: str
    slope: float = 1.0
    intercept: float | tuple[float, ...] = 0.0

    def of(self, x: Array) -> Array:
        """What is stated after it, of the shape of `x`."""
        return np.asarray(self.slope * x + np.asarray(self.intercept))


def closed_test(x: Array, truth: Array, *, intercepts: bool = True) -> Move:
    """As little of a change as the cases demand.

    Args:
        x: (n,) log-odds that were stated, or (n, C) log-probabilities of classes.
        truth: (n,) bool, or (n, C) one-hot.
        intercepts: False where some class has too few cases to have its own.
    """
    shifts = (1 if x.ndim == 1 else x.shape[1] - 1) if intercepts else 0
    full = fitted_move(x, truth, "line" if intercepts else "slope")
    best = _likelihood(full.of(x), truth)
    if 2 * (best - _likelihood(x, truth)) < chi2.ppf(1 - SIGNIFICANT, shifts + 1):
        return Move("none")
    if not intercepts:
        return full
    middle = fitted_move(x, truth, "intercept")
    if 2 * (best - _likelihood(middle.of(x), truth)) < chi2.ppf(1 - SIGNIFICANT, 1):
        return middle
    return full


def fitted_move(x: Array, truth: Array, kind: str) -> Move:
    """The move of a kind with the largest likelihood, within bounds."""
    from scipy.optimize import minimize

    if kind == "none":
        return Move("none")
    shifts = 0 if kind == "slope" else 1 if x.ndim == 1 else x.shape[1] - 1
    sloped = kind != "intercept"

    def move(at: Array) -> Move:
        slope = float(at[-1]) if sloped else 1.0
        if x.ndim == 1:
            return Move(kind, slope, float(at[0]) if shifts else 0.0)
        given = np.concatenate([[0.0], at[:shifts], np.zeros(x.shape[1] - 1 - shifts)])
        return Move(kind, slope, tuple((given - given.mean()).tolist()))

    def loss(at: Array) -> float:
        return -_likelihood(move(at).of(x), truth) / len(x)

    start = np.zeros(shifts + sloped)
    start[shifts:] = 1.0
    bounds = [(-FARTHEST, FARTHEST)] * shifts + [(LEAST, MOST)] * sloped
    found = minimize(loss, start, bounds=bounds, method="L-BFGS-B")
    return move(found.x)


def moved_by_others(x: Array, truth: Array, groups: Array, *, kind: str) -> Array:
    """What is stated after moves of a kind that have not seen the case's patient.

    Args:
        x: as in `closed_test`.
        truth: as there.
        groups: (n,) integers, equal for cases of one patient.
        kind: of the move.
    """
    people = np.unique(groups, return_inverse=True)[1]
    fold = np.random.default_rng(0).permutation(people.max() + 1)[people] % FOLDS
    made = x.copy()
    for number in np.unique(fold):
        own = fold == number
        made[own] = fitted_move(x[~own], truth[~own], kind).of(x[own])
    return made


def _likelihood(x: Array, truth: Array) -> float:
    if x.ndim == 1:
        return float(np.sum(truth * x - np.logaddexp(0, x)))
    return float(np.sum(np.where(truth, x, 0.0)) - np.sum(logsumexp(x, axis=1)))
