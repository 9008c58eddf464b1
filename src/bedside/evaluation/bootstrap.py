"""The bootstrap over patients.

Enters: which patient each case belongs to. Leaves: how often each case counts in
each resample, and intervals from replicates.

Patients, not cases, are drawn with replacement, since the cases of one patient
resemble each other and an interval that ignores that is too narrow (Field and
Welsh 2007, doi:10.1111/j.1467-9868.2007.00593.x). Patients are not stratified by
outcome: the number of positives varies from resample to resample, as it would
from one study to the next. Intervals are bias-corrected and accelerated (BCa, Efron
1987, doi:10.1080/01621459.1987.10478410), since most metrics are skewed near 1, where
the percentile interval (Efron 1979) misses the truth more often than it says. They
shrink to a point where an estimate is 0 or 1: `edge` has the interval for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from bedside.schema import Array

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK_ENTRIES = 2**20
"""Entries of one block of weights: 8 MB, so that memory does not grow with the replicates."""
MOST_LEFT_OUT = 200
"""Weightings of the jackknife: with more patients than this, several are left out at once."""


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


def leave_out_weights(groups: Array) -> Iterator[Array]:
    """Leave out each patient once, or blocks of patients where there are very many.

    The skewness of blocks, divided by their number, is that of patients by theirs, so
    that the acceleration of an interval is the same on average.

    Args:
        groups: (N,) integers, equal for cases of one patient.

    Yields:
        (r, N) float64 of zeros and ones; the r add up to at most `MOST_LEFT_OUT`.
    """
    _, patient = np.unique(np.asarray(groups), return_inverse=True)
    blocks = min(int(patient.max()) + 1, MOST_LEFT_OUT)
    block = patient % blocks
    rows = max(1, BLOCK_ENTRIES // patient.size)
    for start in range(0, blocks, rows):
        out = np.arange(start, min(start + rows, blocks))
        yield (block[None, :] != out[:, None]).astype(np.float64)


def interval(
    values: Array,
    confidence: float,
    *,
    estimate: float | None = None,
    left_out: Array | None = None,
) -> tuple[float, float] | None:
    """Interval of the replicates that are defined: BCa with `left_out`, else by percentiles.

    Args:
        values: (R,) replicates, NaN where undefined.
        confidence: such as 0.95.
        estimate: the value the replicates belong to. The interval is widened to hold it:
            resampling inflates a calibration error that is near zero, so that the
            percentiles alone may lie wholly above the value they are to surround.
        left_out: (B,) the value under each row of `leave_out_weights`.

    Returns:
        (low, high), or None where fewer than half of the replicates are defined.
    """
    finite = values[np.isfinite(values)]
    if not finite.size or 2 * finite.size < values.size:
        return None
    tails = np.array([(1 - confidence) / 2, (1 + confidence) / 2])
    if left_out is not None and estimate is not None:
        tails = _corrected(tails, finite, estimate, left_out=left_out)
    low, high = np.quantile(finite, tails)
    if estimate is not None:
        low, high = min(low, estimate), max(high, estimate)
    return float(low), float(high)


def reflected_interval(
    values: Array, confidence: float, *, estimate: float
) -> tuple[float, float] | None:
    """Interval of a metric that noise can only raise: percentiles mirrored at the estimate.

    A calibration error in bins is too large by what chance puts into each bin, and its
    replicates are too large by that once more: mirrored, the two cancel (the basic
    interval, Davison and Hinkley 1997, ISBN 0521574714, section 5.2). It ends at 0.
    """
    found = interval(values, confidence)
    if found is None:
        return None
    low, high = 2 * estimate - found[1], 2 * estimate - found[0]
    return float(np.clip(low, 0, estimate)), float(max(high, estimate))


def _corrected(tails: Array, values: Array, estimate: float, *, left_out: Array) -> Array:
    """Shares of the replicates that bound a BCa interval; unchanged where it is undefined."""
    below = (np.mean(values < estimate) + np.mean(values <= estimate)) / 2
    apart = left_out[np.isfinite(left_out)]
    if not 0 < below < 1 or apart.size < 2:
        return tails
    apart = apart.mean() - apart
    scale = float((apart**2).sum()) ** 1.5
    skew = float((apart**3).sum()) / (6 * scale) if scale > 0 else 0.0
    bias = ndtri(below)
    shifted = bias + ndtri(tails)
    corrected: Array = ndtr(bias + shifted / (1 - skew * shifted))
    return corrected if np.isfinite(corrected).all() else tails
