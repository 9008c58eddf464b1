"""Learn a patient's correction from first days, and decide whether to use it.

Enters: a patient's forecasts of the first days and what came. Leaves: an `Adaptation`:
weights, and whether they are used. The rule stands before any patient is seen: what is
learnt on four fifths of the first days is tried on the fifth left out, in turn, and used
only if it was better there by an interval. numpy alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bedside.evaluation.bootstrap import patient_weights
from bedside.schema import Array
from bedside.tasks.correction import fit_line

RIDGES = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, np.inf)
"""Penalties that are tried, in independent windows; the infinite one is the model as it is."""
PIECES = 5
GAP_HORIZONS = 2
"""Windows nearer to a piece left out are not learnt from while it is."""
CONFIDENT = 0.8
"""Share of resamples in which the days left out must be forecast better."""
REPLICATES = 1000
BLOCK_HORIZONS = 6
"""Errors of forecasts nearer than their horizon are alike; a block is six horizons."""


@dataclass(frozen=True)
class Days:
    """N forecasts of one patient in the order of time.

    Args:
        made: (N, F), from `correction.design`.
        error: (N, S) truth minus median, in units of the task's scale.
        known: (N, S) bool.
        minute: (N,) local clock minutes.
        horizon: minutes.
    """

    made: Array
    error: Array
    known: Array
    minute: Array
    horizon: int


@dataclass(frozen=True)
class Adaptation:
    """What was learnt and whether it is used.

    Args:
        weights: (F, S), zeros where the model stays as it is.
        ridge: the penalty that was best on days left out; infinite is the model as it is.
        certain: share of resamples in which days left out were forecast better.
    """

    weights: Array
    ridge: float
    certain: float

    @property
    def used(self) -> bool:
        """Whether anything is other than in the package."""
        return bool(self.weights.any())


def adapt(days: Days) -> Adaptation:
    """Learn from first days what a patient's forecasts need, and decide whether to use it."""
    pieces = np.arange(len(days.minute)) * PIECES // len(days.minute)
    losses = np.stack([_loss(days, _left_out(days, pieces, ridge)) for ridge in RIDGES])
    blocks = block_of(days.minute, days.horizon)
    certain = _share_better(losses[-1], _as_chosen(losses, pieces), blocks)
    ridge = RIDGES[int(losses.mean(axis=1).argmin())]
    used = ridge if certain >= CONFIDENT else np.inf
    return Adaptation(fit_line(days.made, days.error, days.known, ridge=used), ridge, certain)


def block_of(minute: Array, horizon: int) -> Array:
    """(N,) which block of six horizons each forecast lies in, from 0, without a number left out."""
    block = (minute - minute[0]) // (BLOCK_HORIZONS * horizon)
    return np.asarray(np.unique(block, return_inverse=True)[1])


def _left_out(days: Days, pieces: Array, ridge: float) -> Array:
    """(N, S) what a line says of each piece that was fitted without it and what is near."""
    shift = np.zeros_like(days.error)
    if not np.isfinite(ridge):
        return shift
    gap = GAP_HORIZONS * days.horizon
    for piece in range(PIECES):
        own = pieces == piece
        first, last = days.minute[own].min() - gap, days.minute[own].max() + gap
        far = (days.minute < first) | (days.minute > last)
        weights = fit_line(days.made[far], days.error[far], days.known[far], ridge=ridge)
        shift[own] = days.made[own] @ weights
    return shift


def _loss(days: Days, shift: Array) -> Array:
    """(N,) mean squared error of each forecast in units of the scale; 0 where nothing is known."""
    squares = np.where(days.known, (days.error - shift) ** 2, 0.0)
    return np.asarray(squares.sum(axis=1) / np.maximum(days.known.sum(axis=1), 1))


def _as_chosen(losses: Array, pieces: Array) -> Array:
    """(N,) losses of (R, N), for each piece of the penalty that was best on all others."""
    found = np.zeros(losses.shape[1])
    for piece in range(PIECES):
        own = pieces == piece
        found[own] = losses[losses[:, ~own].mean(axis=1).argmin(), own]
    return found


def _share_better(before: Array, after: Array, blocks: Array) -> float:
    """Share of resamples of blocks in which the mean loss fell."""
    rng = np.random.default_rng(0)
    drawn = patient_weights(blocks, replicates=REPLICATES, rng=rng)
    fell = [weights @ (after - before) < 0 for weights in drawn]
    return float(np.concatenate(fell).mean())
