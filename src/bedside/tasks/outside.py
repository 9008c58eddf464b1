"""Is a case unlike all that a network was trained on?

Enters: a network's outputs, and the state that says from where on a case is foreign. Leaves:
``strangeness`` and ``outside``, as arrays and as columns. numpy alone.
"""

from __future__ import annotations

import numpy as np

from bedside.schema import Array, Arrays, Prediction, State

STRANGENESS, OUTSIDE = "strangeness", "outside"


def foreign(outputs: Arrays, state: State) -> Arrays:
    """``strangeness`` (N,) where the network tells it; with a limit also ``outside`` (N,) bool."""
    if STRANGENESS not in outputs:
        return {}
    found = outputs[STRANGENESS].reshape(-1).astype(np.float64)
    if "familiar" not in state:
        return {STRANGENESS: found}
    return {STRANGENESS: found, OUTSIDE: found > state["familiar"]["limit"]}


def foreign_columns(prediction: Prediction, *, lines: int = 1) -> dict[str, Array]:
    """Columns (N * lines,): strangeness, and ``outside`` as yes or no; none where unknown."""
    outside = prediction.arrays.get(OUTSIDE)
    if outside is None:
        return {}
    return {
        STRANGENESS: np.repeat(prediction.arrays[STRANGENESS], lines),
        OUTSIDE: np.repeat(np.where(outside, "yes", "no"), lines),
    }
