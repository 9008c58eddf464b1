"""All metrics of one model on one part, each with its interval.

Enters: targets, prediction, and which patient each case belongs to. Leaves:
`Scores`: a table for `metrics.json` and the replicates behind it, so that two
models scored with the same seed are compared on the same resamples.

Several classes or labels: the plain name is the macro mean, ``<metric>_<class>``
one class against the rest. A class that the sample does not hold is left out of
the mean; a metric that is undefined for another reason (a class that was never
called has no positive predictive value) makes the mean undefined.

An estimate of exactly 0 or 1 that no resample moves has the exact interval of `edge`
instead of the bootstrap's, which would claim certainty. Replicates stay as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from bedside.errors import DataError, Problems
from bedside.evaluation import OF_CLASSES, REGISTRY, metric_names
from bedside.evaluation.bootstrap import interval, patient_weights
from bedside.evaluation.classification import Column, share
from bedside.evaluation.edge import Evidence
from bedside.schema import Array, Arrays, Kind, Prediction, Targets

Entry: TypeAlias = dict[str, float | None]
Measure: TypeAlias = Callable[[Array], Arrays]
"""Weights (R, N) -> name of a metric -> (R,)."""


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
    targets: Targets,
    prediction: Prediction,
    *,
    kind: Kind,
    groups: Array,
    confidence: float = 0.95,
    replicates: int = 1000,
    seed: int,
) -> Scores:
    """Measure a prediction, with a bootstrap interval over patients for each metric.

    Args:
        targets: ``truth`` (N, K) 0/1 and ``known`` (N, K); unknown entries count nowhere.
        prediction: ``probability`` (N, K) calibrated and ``decision`` (N, K).
        kind: ``binary`` (K=1), ``classes`` (one-hot) or ``labels`` (independent).
        groups: (N,) integers, equal for cases of one patient.
        confidence: of the intervals.
        replicates: R, number of bootstrap resamples.
        seed: the same seed, groups and truth give the same resamples for every model.

    Raises:
        DataError: shapes disagree, there is no case, or a probability is not in [0, 1].
    """
    check(targets, prediction, groups, kind=kind)
    measure = measurer(targets, prediction, kind=kind, metrics=metric_names())
    evidence = Evidence(targets, prediction, kind, groups)
    table, drawn = tabulate(
        measure, evidence, confidence=confidence, replicates=replicates, seed=seed
    )
    return Scores(table, drawn, _fingerprint(targets, groups, replicates=replicates, seed=seed))


def check(targets: Targets, prediction: Prediction, groups: Array, *, kind: Kind) -> None:
    """Refuse what cannot be scored.

    Raises:
        DataError: shapes disagree, there is no case, or a probability is not in [0, 1].
    """
    problems = Problems(DataError)
    shape = targets.arrays["truth"].shape
    cases, width = shape if len(shape) == 2 else (0, 0)
    wanted = {"binary": width == 1, "classes": width >= 2, "labels": width >= 1}
    if not cases or not wanted[kind]:
        problems.add(
            "scoring",
            expected=f"truth of shape (cases, columns) for kind '{kind}'",
            got=f"shape {shape}",
            remedy="Check the target and that the part holds cases",
        )
    shapes = {
        "known": targets.arrays["known"].shape,
        "probability": prediction.arrays["probability"].shape,
        "decision": prediction.arrays["decision"].shape,
        "groups": (*np.shape(groups), *shape[1:]),
    }
    for name, got in shapes.items():
        if got != shape:
            problems.add(
                f"scoring, {name}",
                expected=f"one entry for each of truth's, shape {shape}",
                got=f"shape {got}",
                remedy="Score the same cases that were predicted",
            )
    probability = prediction.arrays["probability"]
    wrong = int((~((probability >= 0) & (probability <= 1))).sum())
    if wrong:
        problems.add(
            "scoring, probability",
            expected="numbers from 0 to 1",
            got=f"{wrong} entries that are not",
            remedy="Check the model's outputs for NaN and its calibration",
        )
    problems.raise_if_any()


def tabulate(
    measure: Measure, evidence: Evidence, *, confidence: float, replicates: int, seed: int
) -> tuple[dict[str, Entry], Arrays]:
    """Point estimates, intervals and replicates of every metric that `measure` answers.

    Args:
        measure: of the cases of `evidence`.
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


def _fingerprint(targets: Targets, groups: Array, *, replicates: int, seed: int) -> str:
    digest = hashlib.sha256(f"{seed} {replicates} {targets.arrays['truth'].shape}".encode())
    for array in (targets.arrays["truth"] > 0.5, targets.arrays["known"], groups):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def measurer(
    targets: Targets,
    prediction: Prediction,
    *,
    kind: Kind,
    metrics: Iterable[str],
    each_class: bool = True,
) -> Measure:
    """Prepare cases once, so that many weightings of them can be measured.

    Args:
        targets: as in `score`.
        prediction: as in `score`.
        kind: as in `score`.
        metrics: names in the registry of metrics.
        each_class: also measure each class or label by itself.
    """
    columns = _columns(targets, prediction)
    functions = {name: REGISTRY.load(name) for name in metrics}
    together = _of_classes(targets, prediction, metrics=functions) if kind == "classes" else {}

    def measure(weights: Array) -> Arrays:
        plain: Arrays = {}
        single: Arrays = {}
        views = [(column, weights[:, rows]) for column, rows in columns]
        there = np.stack([column.has_both(view) for column, view in views])
        for name, function in functions.items():
            if name in together and not each_class:
                plain[name] = together[name](weights)
                continue
            values = np.stack([function(column, view) for column, view in views])
            plain[name] = together[name](weights) if name in together else _macro(values, there)
            single |= {f"{name}_{c}": v for c, v in zip(targets.names, values, strict=False)}
        return plain if kind == "binary" or not each_class else plain | single

    return measure


def _columns(targets: Targets, prediction: Prediction) -> list[tuple[Column, Array]]:
    """The known cases of each class or label by rising score, and their rows."""
    columns = []
    for k in range(targets.arrays["truth"].shape[1]):
        rows = np.flatnonzero(targets.arrays["known"][:, k])
        rows = rows[np.argsort(prediction.arrays["probability"][rows, k], kind="stable")]
        column = Column.of(
            targets.arrays["truth"][rows, k],
            prediction.arrays["probability"][rows, k],
            prediction.arrays["decision"][rows, k],
        )
        columns.append((column, rows))
    return columns


def _of_classes(
    targets: Targets, prediction: Prediction, *, metrics: Iterable[str]
) -> dict[str, Callable[[Array], Array]]:
    """Metrics that look at all classes of a case; a case counts where all are known."""
    rows = np.flatnonzero(targets.arrays["known"].all(axis=1))
    known = targets.take(rows)
    answers = Prediction({k: v[rows] for k, v in prediction.arrays.items()}, prediction.names)

    def over_rows(name: str) -> Callable[[Array], Array]:
        function = OF_CLASSES.load(name)
        return lambda weights: function(known, answers, weights[:, rows])

    table = OF_CLASSES.names()
    return {name: over_rows(name) for name in metrics if name in table}


def _macro(values: Array, there: Array) -> Array:
    """Mean over classes (K, R) -> (R,), without those that the sample does not hold."""
    left_out = np.isnan(values) & ~there
    total = np.where(left_out, 0.0, values).sum(axis=0)
    return share(total, (~left_out).sum(axis=0))
