"""Is one model better than another?

Enters: the `Scores` of two models on the same cases, measured on the same
resamples. Leaves: the paired difference with its interval, and the verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, cast

import numpy as np

from bedside.errors import DataError, nearest, sentence
from bedside.evaluation import PRIMARY, lower_is_better
from bedside.evaluation.bootstrap import interval
from bedside.evaluation.scoring import Entry, Scores
from bedside.schema import Array

Difference: TypeAlias = dict[str, str | float | None]


def compare(a: Scores, b: Scores, *, metric: str = PRIMARY, confidence: float = 0.95) -> Difference:
    """Paired bootstrap difference a - b, signed so that positive means that a is better.

    Both models meet the same patients in each resample, so what makes a resample
    easy or hard cancels out (Efron and Tibshirani 1993, ISBN 0412042312).

    Returns:
        ``{"metric", "value", "low", "high"}``, None where undefined.

    Raises:
        DataError: the two were not scored on the same resamples, or one lacks the metric.
    """
    if a.resamples != b.resamples:
        raise DataError(
            sentence(
                "comparison",
                expected="two models scored on the same cases, patients, seed and resamples",
                got="different ones",
                remedy="Score both again with the same seed",
            )
        )
    for scores in (a, b):
        if metric not in scores.table:
            raise DataError(f"comparison: no metric '{metric}'. {nearest(metric, scores.table)}")
    sign = -1.0 if lower_is_better(metric) else 1.0
    ours, theirs = a.table[metric]["value"], b.table[metric]["value"]
    if ours is None or theirs is None:
        return {"metric": metric, "value": None, "low": None, "high": None}
    drawn = sign * (a.replicates[metric] - b.replicates[metric])
    value = sign * (ours - theirs)
    left_out = sign * (a.left_out[metric] - b.left_out[metric])
    low, high = interval(drawn, confidence, estimate=value, left_out=left_out) or (None, None)
    if low == high and not any(_varies(scores.replicates[metric]) for scores in (a, b)):
        low, high = _apart(a.table[metric], b.table[metric], sign=sign)
    return {"metric": metric, "value": value, "low": low, "high": high}


def _varies(replicates: Array) -> bool:
    found = replicates[np.isfinite(replicates)]
    return bool(found.size and found.min() < found.max())


def _apart(ours: Entry, theirs: Entry, *, sign: float) -> tuple[float | None, float | None]:
    """How far two may lie apart that no resample moves, by their own intervals.

    Two perfect scores on a few patients differ by 0 in each resample, which shows how few
    they are and not that the models are equal. Conservative: it takes each at its worst.
    """
    if None in (ours["low"], ours["high"], theirs["low"], theirs["high"]):
        return None, None
    ends = (
        sign * (cast("float", ours["low"]) - cast("float", theirs["high"])),
        sign * (cast("float", ours["high"]) - cast("float", theirs["low"])),
    )
    return min(ends), max(ends)


def verdict(difference: Mapping[str, str | float | None]) -> str:
    """Say what the interval of deep minus baseline shows.

    Returns:
        ``deep better`` where the whole interval is above zero, ``deep worse`` where
        it is below, otherwise (or where undefined) ``deep not shown better``.
    """
    low, high = difference["low"], difference["high"]
    if isinstance(low, float) and low > 0:
        return "deep better"
    if isinstance(high, float) and high < 0:
        return "deep worse"
    return "deep not shown better"
