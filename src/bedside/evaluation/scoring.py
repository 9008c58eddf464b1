"""All metrics of one model on one part, each with its interval.

Enters: the `Answers` of a model. Leaves: `Scores`: a table for `metrics.json` and
the replicates behind it, so that two models scored with the same seed are compared
on the same resamples. What is measured is the kind's own.

An estimate of exactly 0 or 1 that no resample moves has the exact interval of its
kind's `Evidence` instead of the bootstrap's, which would claim certainty. Replicates
stay as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from bedside.evaluation import raised_by_noise
from bedside.evaluation.bootstrap import (
    interval,
    leave_out_weights,
    patient_weights,
    reflected_interval,
)
from bedside.evaluation.kinds import kind_of
from bedside.schema import Array, Arrays

if TYPE_CHECKING:
    from bedside.evaluation.kinds import Answers, Evidence, Measure

Entry: TypeAlias = dict[str, float | None]


@dataclass(frozen=True)
class Scores:
    """What one model scored.

    Args:
        table: metric -> ``{"value", "low", "high"}``, None where undefined.
        replicates: metric -> (R,) bootstrap replicates, NaN where undefined.
        left_out: metric -> (B,) its value without each block of patients, as
            `leave_out_weights` has them.
        resamples: fingerprint of truth, patients and seed; equal for models
            whose replicates may be compared one by one.
    """

    table: dict[str, Entry]
    replicates: Mapping[str, Array]
    left_out: Mapping[str, Array]
    resamples: str


def score(
    answers: Answers, *, confidence: float = 0.95, replicates: int = 1000, seed: int
) -> Scores:
    """Measure a model, with a bootstrap interval over patients for each metric.

    Args:
        answers: of the model; unknown targets count nowhere.
        confidence: of the intervals.
        replicates: R, number of bootstrap resamples.
        seed: the same seed, groups and truth give the same resamples for every model.

    Raises:
        DataError: shapes disagree, there is no case, or an answer is no answer.
    """
    kind = kind_of(answers.targets)
    kind.check(answers)
    table, drawn, left_out = tabulate(
        kind.measurer(answers),
        kind.evidence(answers),
        confidence=confidence,
        replicates=replicates,
        seed=seed,
    )
    return Scores(table, drawn, left_out, _fingerprint(answers, replicates=replicates, seed=seed))


def tabulate(
    measure: Measure, evidence: Evidence, *, confidence: float, replicates: int, seed: int
) -> tuple[dict[str, Entry], Arrays, Arrays]:
    """Point estimates, intervals and replicates of every metric that `measure` answers.

    Args:
        measure: of the units of `evidence`.
        evidence: whose patients are drawn, and how far the truth may be from 0 or 1.
        confidence: of the intervals.
        replicates: R, number of resamples.
        seed: of the resamples.

    Returns:
        The table, the replicates and the left-out values of `Scores`.
    """
    groups = evidence.groups
    point = measure(np.ones((1, len(groups))))
    rng = np.random.default_rng(seed)
    joined = _under(measure, patient_weights(groups, replicates=replicates, rng=rng))
    left_out = _under(measure, leave_out_weights(groups))
    if np.unique(groups).size < 2:  # one patient resampled is the same patient: no spread to show
        joined = {name: np.full(replicates, np.nan) for name in joined}
    table: dict[str, Entry] = {}
    for name, one in point.items():
        value = float(one[0])
        draws = (joined[name], left_out[name])
        low, high = _ends(name, value, draws, evidence=evidence, confidence=confidence)
        table[name] = {"value": value if np.isfinite(value) else None, "low": low, "high": high}
    return table, joined, left_out


def _under(measure: Measure, blocks: Iterable[Array]) -> Arrays:
    """Every metric under all weightings of some blocks of them."""
    found: dict[str, list[Array]] = {}
    for weights in blocks:
        for name, values in measure(weights).items():
            found.setdefault(name, []).append(values)
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _ends(
    name: str,
    value: float,
    draws: tuple[Array, Array],
    *,
    evidence: Evidence,
    confidence: float,
) -> tuple[float | None, float | None]:
    """Interval of one metric; without a value there is none either.

    Replicates that never leave 0 or 1 show no uncertainty, though there is some. Other
    values without spread are kept: a constant score has an AUROC of one half, always.
    """
    ends = interval_of(name, value, draws, confidence=confidence)
    if ends is None:
        return None, None
    if value not in (0.0, 1.0) or ends != (value, value):
        return ends
    far = evidence.far_end(name, edge=value, tail=(1 - confidence) / 2)
    if far is None:
        return None, None
    return min(far, value), max(far, value)


def interval_of(
    name: str, value: float | None, draws: tuple[Array, Array], *, confidence: float
) -> tuple[float, float] | None:
    """The bootstrap's interval of one metric; None where it or its value is undefined.

    Args:
        name: of the metric: what noise raises has mirrored percentiles, all others BCa.
        value: estimated on the cases as they are.
        draws: its replicates, and its values without each block of patients.
        confidence: such as 0.95.
    """
    replicates, left_out = draws
    if value is None or not np.isfinite(value):
        return None
    if raised_by_noise(name):
        return reflected_interval(replicates, confidence, estimate=value)
    return interval(replicates, confidence, estimate=value, left_out=left_out)


def _fingerprint(answers: Answers, *, replicates: int, seed: int) -> str:
    targets = answers.targets
    digest = hashlib.sha256(f"{seed} {replicates} {targets.arrays['truth'].shape}".encode())
    for array in (*kind_of(targets).truth(targets), answers.groups):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
