"""Many looks at one set of cases: p-values, and their correction for how many there are.

Enters: an estimate and its replicates; p-values. Leaves: p-values.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr

from bedside.schema import Array

SIGNIFICANT = 0.05
"""p-values below this are told as differences."""


def two_sided(value: object, replicates: Array) -> float | None:
    """Chance of a difference at least as large where there is none, by its bootstrap error.

    Args:
        value: the difference; None where undefined.
        replicates: (R,) of it, NaN where undefined.

    Returns:
        From 0 to 1; None where the difference or its error is unknown.
    """
    found = replicates[np.isfinite(replicates)]
    error = float(found.std(ddof=1)) if found.size > 1 else 0.0
    if not isinstance(value, float) or error == 0:
        return None
    return float(2 * ndtr(-abs(value) / error))


def corrected(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's correction for as many looks as there are; unknown ones are no looks.

    Source: Holm 1979, "A simple sequentially rejective multiple test procedure",
    Scandinavian Journal of Statistics 6:65-70.
    """
    known = np.array([p for p in p_values if p is not None], dtype=np.float64)
    order = np.argsort(known, kind="stable")
    looks_left = np.arange(known.size, 0, -1)
    adjusted = np.empty_like(known)
    # none may be smaller than one that was smaller before
    adjusted[order] = np.minimum(np.maximum.accumulate(looks_left * known[order]), 1.0)
    found = iter(adjusted.tolist())
    return [None if p is None else next(found) for p in p_values]
