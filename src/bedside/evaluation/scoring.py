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
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from bedside.evaluation.bootstrap import interval, patient_weights
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
        resamples: fingerprint of truth, patients and seed; equal for models
            whose replicates may be compared one by one.
    """

    table: dict[str, Entry]
    replicates: Mapping[str, Array]
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
    table, drawn = tabulate(
        kind.measurer(answers),
        kind.evidence(answers),
        confidence=confidence,
        replicates=replicates,
        seed=seed,
    )
    return Scores(table, drawn, _fingerprint(answers, replicates=replicates, seed=seed))


def tabulate(
    measure: Measure, evidence: Evidence, *, confidence: float, replicates: int, seed: int
) -> tuple[dict[str, Entry], Arrays]:
    """Point estimates, intervals and replicates of every metric that `measure` answers.

    Args:
        measure: of the units of `evidence`.
        evidence: whose patients are drawn, and how far the truth may be from 0 or 1.
        confidence: of the intervals.
        replicates: R, number of resamples.
        seed: of the resamples.

    Returns:
        The table of `Scores`, and metric -> (R,) replicates.
    """
    groups = evidence.groups
    point = measure(np.ones((1, len(groups))))
    drawn: dict[str, list[Array]] = {name: [] for name in point}
    rng = np.random.default_rng(seed)
    for weights in patient_weights(groups, replicates=replicates, rng=rng):
        for name, values in measure(weights).items():
            drawn[name].append(values)
    joined = {name: np.concatenate(parts) for name, parts in drawn.items()}
    if np.unique(groups).size < 2:  # one patient resampled is the same patient: no spread to show
        joined = {name: np.full(replicates, np.nan) for name in joined}
    table: dict[str, Entry] = {}
    for name, one in point.items():
        value = float(one[0])
        low, high = _ends(name, value, joined[name], evidence=evidence, confidence=confidence)
        table[name] = {"value": value if np.isfinite(value) else None, "low": low, "high": high}
    return table, joined


def _ends(
    name: str, value: float, replicates: Array, *, evidence: Evidence, confidence: float
) -> tuple[float | None, float | None]:
    """Interval of one metric; without a value there is none either.

    Replicates that never leave 0 or 1 show no uncertainty, though there is some. Other
    values without spread are kept: a constant score has an AUROC of one half, always.
    """
    ends = interval(replicates, confidence, estimate=value) if np.isfinite(value) else None
    if ends is None:
        return None, None
    if value not in (0.0, 1.0) or ends != (value, value):
        return ends
    far = evidence.far_end(name, edge=value, tail=(1 - confidence) / 2)
    if far is None:
        return None, None
    return min(far, value), max(far, value)


def _fingerprint(answers: Answers, *, replicates: int, seed: int) -> str:
    targets = answers.targets
    digest = hashlib.sha256(f"{seed} {replicates} {targets.arrays['truth'].shape}".encode())
    for array in (*kind_of(targets).truth(targets), answers.groups):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
