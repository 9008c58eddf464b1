"""Boosted trees that forecast: one ensemble a step, on the last values and the time of day.

Enters: windows. Leaves: forecasts. Trees learn how far a value moves from the last one,
since they cannot reach beyond the values they have seen.
"""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np

from bedside.baselines.contract import FittedForecaster, Lesson
from bedside.baselines.spread import history_of, with_spread
from bedside.schema import Array, Arrays, State
from bedside.tasks.lag_regression import blocks, lags, series_of

MOST_WINDOWS = 100_000
"""Training windows at most, spread evenly."""
MOST_HELD = 20_000
MOST_TREES = 400
PATIENCE = 20


def fit_trees(
    training: Lesson, *, validation: Lesson, state: State, seed: int, threads: int
) -> FittedForecaster:
    """Grow one ensemble a step until its error on validation stops falling."""
    features, moves, known = _table(training, state, most=MOST_WINDOWS)
    held_features, held_moves, held_known = _table(validation, state, most=MOST_HELD)
    settings = _settings(len(features), seed=seed, threads=threads)
    boosters = []
    for step in range(moves.shape[1]):
        rows, held = np.flatnonzero(known[:, step]), np.flatnonzero(held_known[:, step])
        own = lightgbm.Dataset(features[rows], moves[rows, step], params=settings)
        other = lightgbm.Dataset(
            held_features[held], held_moves[held, step], reference=own, params=settings
        )
        stop = lightgbm.early_stopping(PATIENCE, verbose=False)
        boosters.append(
            lightgbm.train(settings, own, MOST_TREES, valid_sets=[other], callbacks=[stop])
        )

    def points(arrays: Arrays) -> Array:
        table = _features(arrays, state)
        last = series_of(history_of(arrays, state)[:])[:, -1:]
        moved = [np.asarray(b.predict(table, num_threads=threads)) for b in boosters]
        return np.asarray(last + state["scale"] * np.stack(moved, axis=1))

    return with_spread(points, training, state=state)


def _table(lesson: Lesson, state: State, *, most: int) -> tuple[Array, Array, Array]:
    """Features (n, F), moves (n, S) in units of scale, known (n, S) of at most `most` windows."""
    found: list[tuple[Array, Array, Array]] = []
    targets = lesson.targets.arrays
    for rows in blocks(len(lesson), most=most):
        own = {name: values[rows] for name, values in lesson.arrays.items()}
        move = (targets["truth"][rows] - targets["last"][rows][:, None]) / state["scale"]
        found.append((_features(own, state), move, targets["known"][rows]))
    features, moves, known = zip(*found, strict=True)
    return np.concatenate(features), np.concatenate(moves), np.concatenate(known)


def _features(arrays: Arrays, state: State) -> Array:
    """(n, F) float32: lags and level, then whatever else the windows hold."""
    history = history_of(arrays, state)[:]
    columns = [lags(series_of(history), scale=state["scale"], level=state["level"])]
    if history.ndim == 3 and history.shape[1] > 1:
        columns.append(history[:, 1:].reshape(len(history), -1))
    others = sorted(name for name in arrays if name != state["series"])
    columns += [arrays[name].reshape(len(history), -1) for name in others]
    return np.concatenate(columns, axis=1).astype(np.float32)


def _settings(windows: int, *, seed: int, threads: int) -> dict[str, Any]:
    return {
        "objective": "regression",
        "metric": "l2",
        "learning_rate": 0.05,
        "num_leaves": 31,
        # neighbouring windows are all but copies: a leaf needs many to be more than one hour
        "min_data_in_leaf": int(np.clip(windows // 200, 5, 100)),
        "max_bin": 63,
        "feature_fraction": 0.5,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "lambda_l2": 1.0,
        "seed": seed % 2**31,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads,
        "verbosity": -1,
    }
