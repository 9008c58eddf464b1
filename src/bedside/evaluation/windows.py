"""Forecasts as their metrics see them: many windows, of few patients.

Enters: the `Answers` of a forecast. Leaves: `Windows`, which reads them a block at a
time, reduces each window to a number and sums that by patient. What is drawn anew in
each resample is patients, so 1,000 resamples of 100,000 windows of 200 patients cost
one pass over the windows and one (1,000, 200) product for each metric.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np

from bedside.evaluation.classification import share
from bedside.schema import Array, Rows

if TYPE_CHECKING:
    from bedside.evaluation.kinds import Answers

BLOCK_ENTRIES = 2**20
"""Entries (windows x steps x quantiles) that are in memory as float64 at a time."""
Kept = TypeVar("Kept")
Each: TypeAlias = "Callable[[Block], Array]"
"""A block of n windows -> (n,) or (n, M) numbers of each window, NaN where it has none."""


@dataclass(frozen=True)
class Block:
    """Some windows with their answers, in memory.

    Args:
        truth: (n, S) in `unit`; meaningless where not known.
        known: (n, S) bool.
        point: (n, S) in `unit`.
        quantiles: (n, S, Q) rising, in `unit`.
        levels: (Q,) of the quantiles.
        unit: of all values.
    """

    truth: Array
    known: Array
    point: Array
    quantiles: Array
    levels: tuple[float, ...]
    unit: str

    @property
    def error(self) -> Array:
        """(n, S) point minus truth."""
        return self.point - self.truth

    def quantile(self, level: float) -> Array | None:
        """(n, S) of one level, None where it was not predicted."""
        for index, own in enumerate(self.levels):
            if abs(own - level) < 1e-9:
                return np.asarray(self.quantiles[:, :, index])
        return None

    def over_steps(self, values: Array) -> Array:
        """(n, S) or (n, S, M) -> (n,) or (n, M), the mean over each window's known steps."""
        known = self.known.reshape(self.known.shape + (1,) * (values.ndim - 2))
        return share(np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1))


@dataclass(frozen=True)
class Windows:
    """N windows of P patients, prepared so that many weightings are measured at once.

    Args:
        truth, known: (N, S) rows; `schema.Targets` says what they hold.
        point, quantiles: (N, S) and (N, S, Q) rows; `schema.Prediction` says what they hold.
        levels: (Q,) of the quantiles.
        unit: of all values.
        minutes: (S,) minutes ahead of each step.
        steps: which of the S steps are looked at.
        patient: (N,) integers from 0 to P - 1.
        segment: (N,) integers, equal for windows of one unbroken series.
        last: (N,) the last observed value.
        minute: (N,) its clock time in minutes.
    """

    truth: Rows
    known: Rows
    point: Rows
    quantiles: Rows
    levels: tuple[float, ...]
    unit: str
    minutes: tuple[int, ...]
    steps: tuple[int, ...]
    patient: Array
    segment: Array
    last: Array
    minute: Array
    _totals: dict[Each, tuple[Array, Array]] = field(default_factory=dict, repr=False)
    _values: dict[Each, Array] = field(default_factory=dict, repr=False)
    _kept: dict[Callable[[Windows], Any], Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, answers: Answers) -> Windows:
        """Prepare a model's answers."""
        targets, answered, state = answers.targets, answers.prediction.arrays, answers.state
        _, patient = np.unique(answers.groups, return_inverse=True)
        minutes = tuple(int(name) for name in targets.names)
        return cls(
            truth=targets.arrays["truth"],
            known=targets.arrays["known"],
            point=answered["point"],
            quantiles=answered["quantiles"],
            levels=tuple(state["levels"]),
            unit=state["unit"],
            minutes=minutes,
            steps=tuple(range(len(minutes))),
            patient=patient,
            segment=answers.rows,
            last=targets.arrays["last"][:],
            minute=targets.arrays["minute"][:],
        )

    def __len__(self) -> int:
        return len(self.patient)

    @property
    def patients(self) -> int:
        """P."""
        return int(self.patient.max()) + 1

    def at(self, minutes: int) -> Windows | None:
        """The same windows at one step ahead, None where the horizon has no such step."""
        if minutes not in self.minutes:
            return None
        return replace(self, steps=(self.minutes.index(minutes),), _totals={}, _values={}, _kept={})

    def blocks(self) -> Iterator[Block]:
        """All windows in order, as many at a time as fit."""
        size = max(1, len(self.minutes) * len(self.levels))
        step = max(1, BLOCK_ENTRIES // size)
        steps: Sequence[int] = list(self.steps)
        for start in range(0, len(self), step):
            rows = slice(start, start + step)
            yield Block(
                self.truth[rows][:, steps].astype(np.float64),
                self.known[rows][:, steps].astype(bool),
                self.point[rows][:, steps].astype(np.float64),
                self.quantiles[rows][:, steps].astype(np.float64),
                self.levels,
                self.unit,
            )

    def each(self, function: Each) -> Array:
        """(N,) or (N, M) numbers of each window; a function is asked once."""
        if function not in self._values:
            self._values[function] = np.concatenate([function(block) for block in self.blocks()])
        return self._values[function]

    def kept(self, function: Callable[[Windows], Kept]) -> Kept:
        """What a function makes of these windows; it is asked once."""
        if function not in self._kept:
            self._kept[function] = function(self)
        found: Kept = self._kept[function]
        return found

    def mean(self, function: Each, weights: Array) -> Array:
        """Mean over windows of a number of each window; windows without one are left out.

        Args:
            function: block -> (n,) or (n, M).
            weights: (R, P), how often each patient counts.

        Returns:
            (R,) or (R, M), NaN where no window has the number.
        """
        if function not in self._totals:
            sums, counts = zip(*self._summed(function), strict=True)
            self._totals[function] = np.sum(sums, axis=0), np.sum(counts, axis=0)
        total, count = self._totals[function]
        return share(weights @ total, weights @ count)

    def _summed(self, function: Each) -> Iterator[tuple[Array, Array]]:
        """For each block: (P,) or (P, M) sums by patient, and how many windows they are of."""
        start = 0
        for block in self.blocks():
            values = function(block)
            patient = self.patient[start : start + len(values)]
            start += len(values)
            there = np.isfinite(values)
            yield (
                self.by_patient(np.where(there, values, 0.0), patient),
                self.by_patient(there.astype(np.float64), patient),
            )

    def by_patient(self, values: Array, patient: Array) -> Array:
        """(n,) or (n, M) numbers -> (P,) or (P, M) sums; `patient` (n,) says whose they are."""
        if values.ndim == 1:
            return np.bincount(patient, weights=values, minlength=self.patients)
        columns = [np.bincount(patient, weights=v, minlength=self.patients) for v in values.T]
        return np.stack(columns, axis=1)

    def median(self, function: Each, weights: Array) -> Array:
        """Median over windows of a number of each window, each counted as often as its patient.

        Args:
            function: block -> (n,).
            weights: (R, P), how often each patient counts.

        Returns:
            (R,): the middle number, or the mean of the two middle ones; NaN without any.
        """
        values = self.each(function)
        there = np.flatnonzero(np.isfinite(values))
        order = there[np.argsort(values[there], kind="stable")]
        return weighted_median(values[order], self.patient[order], weights)


def weighted_median(rising: Array, patient: Array, weights: Array) -> Array:
    """Medians of one sorted sample under many weightings.

    The middle is sought among about sqrt(n) groups of neighbours first, whose weights are
    one product of counts, then within the group: R sqrt(n) steps instead of R n.

    Args:
        rising: (n,) sorted.
        patient: (n,) from 0 to P - 1.
        weights: (R, P) whole numbers.

    Returns:
        (R,), NaN where all weights are 0.
    """
    if not rising.size:
        return np.full(len(weights), np.nan)
    size = int(np.ceil(np.sqrt(rising.size)))
    groups = int(np.ceil(rising.size / size))
    place = np.arange(rising.size) // size
    cells = patient * groups + place
    counts = np.bincount(cells, minlength=weights.shape[1] * groups).reshape(-1, groups)
    reached = np.cumsum(weights @ counts, axis=1)
    total = reached[:, -1]
    lower = _at_weight(rising, patient, weights, reached=reached, wanted=np.ceil(total / 2))
    upper = _at_weight(rising, patient, weights, reached=reached, wanted=np.floor(total / 2) + 1)
    return np.where(total > 0, (lower + upper) / 2, np.nan)


def _at_weight(
    rising: Array, patient: Array, weights: Array, *, reached: Array, wanted: Array
) -> Array:
    """(R,) the first value at which so much weight is reached; `reached` (R, G) by groups."""
    size = int(np.ceil(np.sqrt(rising.size)))
    rows = np.arange(len(weights))
    wanted = np.minimum(wanted, reached[:, -1])
    group = (reached < wanted[:, None]).sum(axis=1)
    group = np.minimum(group, reached.shape[1] - 1)
    before = np.where(group > 0, reached[rows, np.maximum(group - 1, 0)], 0.0)
    inside = np.minimum(group[:, None] * size + np.arange(size), rising.size - 1)
    climbed = before[:, None] + np.cumsum(weights[rows[:, None], patient[inside]], axis=1)
    step = np.minimum((climbed < wanted[:, None]).sum(axis=1), size - 1)
    return np.asarray(rising[inside[rows, step]])
