"""Forecasts of one model on one part, read back from a run.

Enters: ``predictions/windows-<part>.npz`` and ``predictions/<model>-<part>.npz``.
Leaves: `Forecasts`, arrays without ids.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from bedside.errors import RunError, sentence
from bedside.evaluation.windows import Windows

if TYPE_CHECKING:
    from pathlib import Path

    from bedside.schema import Array, Arrays

NEEDED = ("truth", "known", "last", "minute", "row", "patient")


@dataclass(frozen=True)
class Forecasts:
    """N windows with S steps ahead.

    Args:
        truth: (N, S) what came; meaningless where not known.
        known: (N, S) bool.
        last: (N,) the last value before the forecast.
        minute: (N,) its clock time in minutes.
        row: (N,) rows of the cohort; windows of one row are of one series.
        patient: (N,) integers, equal for windows of one patient.
        point: (N, S) the forecast.
        quantiles: (N, S, Q) rising.
        levels: (Q,) of the quantiles.
        unit: of all values.
        minutes: (S,) minutes ahead of each step.
    """

    truth: Array
    known: Array
    last: Array
    minute: Array
    row: Array
    patient: Array
    point: Array
    quantiles: Array
    levels: tuple[float, ...]
    unit: str
    minutes: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.last)

    @property
    def every(self) -> int:
        """Minutes from step to step."""
        return self.minutes[0]

    def windows(self) -> Windows:
        """The same as metrics see them."""
        return Windows(
            truth=self.truth,
            known=self.known,
            point=self.point,
            quantiles=self.quantiles,
            levels=self.levels,
            unit=self.unit,
            minutes=self.minutes,
            steps=tuple(range(len(self.minutes))),
            patient=np.unique(self.patient, return_inverse=True)[1],
            segment=self.row,
            last=self.last,
            minute=self.minute,
        )

    def within(self, known: Array) -> Forecasts:
        """The windows of which anything is known when no more than this (N, S) counts as known."""
        rows = np.flatnonzero(known.any(axis=1))
        taken = {
            name: getattr(self, name)[rows]
            for name in ("truth", "last", "minute", "row", "patient", "point", "quantiles")
        }
        return replace(self, **taken, known=known[rows])

    def quantile(self, level: float) -> Array | None:
        """(N, S) of one level, None where it was not predicted."""
        for index, own in enumerate(self.levels):
            if abs(own - level) < 1e-9:
                return np.asarray(self.quantiles[:, :, index])
        return None

    def before(self, window: int, *, steps: int) -> Array:
        """(steps + 1,) values up to the last one before a window's forecast; NaN where unknown.

        They are put together from what other windows of the same series say of these times.
        """
        values = np.full(steps + 1, np.nan)
        own = np.flatnonzero(self.row == self.row[window])
        place = (self.minute[own] - self.minute[window]) // self.every + steps
        for ahead, known in enumerate(self.known[own].T, start=1):
            there = known & (place + ahead >= 0) & (place + ahead <= steps)
            values[place[there] + ahead] = self.truth[own[there], ahead - 1]
        inside = (place >= 0) & (place <= steps)
        values[place[inside]] = self.last[own[inside]]
        return values


@dataclass(frozen=True)
class Scale:
    """What numbers of a forecast mean: levels of quantiles, unit, minutes from step to step."""

    levels: tuple[float, ...]
    unit: str
    every: int


def read_forecasts(folder: Path, model: str, part: str, *, scale: Scale) -> Forecasts | None:
    """Read what was kept of a model on a part, or None where there is nothing.

    Args:
        folder: ``predictions/`` of the run.
        model: whose.
        part: on what.
        scale: as ``metrics.json`` has it.

    Raises:
        RunError: a file is damaged, or the two do not belong together.
    """
    paths = folder / f"windows-{part}.npz", folder / f"{model}-{part}.npz"
    if not all(path.exists() for path in paths):
        return None
    windows, answered = _arrays(paths[0], NEEDED), _arrays(paths[1], ("point", "quantiles"))
    steps = windows["truth"].shape[1]
    fits = answered["quantiles"].shape == (*windows["truth"].shape, len(scale.levels))
    if not fits:
        raise RunError(
            sentence(
                paths[1].name,
                expected=f"forecasts of {windows['truth'].shape[0]} windows",
                got=f"shape {answered['quantiles'].shape}",
                remedy="Repeat the run with --resume",
            )
        )
    return Forecasts(
        **windows,
        **answered,
        levels=scale.levels,
        unit=scale.unit,
        minutes=tuple(scale.every * (step + 1) for step in range(steps)),
    )


def _arrays(path: Path, needed: tuple[str, ...]) -> Arrays:
    try:
        with np.load(path, allow_pickle=False) as kept:
            return {name: kept[name] for name in needed}
    except (OSError, ValueError, KeyError, BadZipFile):
        raise RunError(f"{path.name}: damaged. Repeat the run with --resume.") from None
