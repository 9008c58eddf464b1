"""The bootstrap over patients.

Enters: which patient each case belongs to. Leaves: how often each case counts in
each resample, and intervals from replicates.

Patients, not cases, are drawn with replacement, since the cases of one patient
resemble each other and an interval that ignores that is too narrow (Field and
Welsh 2007, doi:10.1111/j.1467-9868.2007.00593.x). Patients are not stratified by
outcome: the number of positives varies from resample to resample, as it would
from one study to the next. Intervals are percentile intervals (Efron 1979). They shrink
to a point where an estimate is 0 or 1: `edge` has the interval for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bedside.schema import Array

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK_ENTRIES = 2**20
"""Entries of one block of weights: 8 MB, so that memory does not grow with the replicates."""


def patient_weights(groups: Array, *, replicates: int, rng: np.random.Generator) -> Iterator[Array]:
    """Draw patients with replacement, block by block.

    Args:
        groups: (N,) integers, equal for cases of one patient.
        replicates: R, number of resamples.
        rng: the same generator state and groups give the same resamples,
            whatever the size of the blocks.

    Yields:
        (r, N) float64, how often each case counts; the r add up to R.
    """
    _, patient = np.unique(np.asarray(groups), return_inverse=True)
    patients = int(patient.max()) + 1
    rows = max(1, BLOCK_ENTRIES // patient.size)
    for start in range(0, replicates, rows):
        block = np.empty((min(rows, replicates - start), patient.size))
        for row in block:
            drawn = np.bincount(rng.integers(patients, size=patients), minlength=patients)
            row[:] = drawn[patient]
        yield block


def interval(
    values: Array, confidence: float, *, estimate: float | None = None
) -> tuple[float, float] | None:
    """Percentile interval of the replicates that are defined.

    Args:
        values: (R,) replicates, NaN where undefined.
        confidence: such as 0.95.
        estimate: the value the replicates belong to. The interval is widened to hold it:
            resampling inflates a calibration error that is near zero, so that the
            percentiles alone may lie wholly above the value they are to surround.

    Returns:
        (low, high), or None where fewer than half of the replicates are defined.
    """
    finite = values[np.isfinite(values)]
    if not finite.size or 2 * finite.size < values.size:
        return None
    tail = (1 - confidence) / 2
    low, high = np.quantile(finite, [tail, 1 - tail])
    if estimate is not None:
        low, high = min(low, estimate), max(high, estimate)
    return float(low), float(high)
