"""Signals: numbers over time, in one or several channels, on a regular grid.

Enters: segments of a long table (`data.series`), or an array. Leaves: ``values``
(B, C, T), the history of the series and of what is only observed; ``ahead``
(B, K, T + S), planned amounts, known for the time to come as well; ``clock`` (B, 2), the
time of day. Unknown values beside the series carry a mask channel of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from bedside.data.series import Channel
from bedside.data.units import Unit
from bedside.errors import DataError, sentence
from bedside.schema import Array, Arrays, Geometry, Reference, Sample, State

if TYPE_CHECKING:
    import torch

Minutes = Annotated[int, Field(strict=True, ge=1)]

DAY = 24 * 60
SMALLEST_STD = 1e-3
"""Floor of a standard deviation: a constant channel divides by it."""
LONGEST_STEP = 60


class Signal(BaseModel):
    """The words of ``inputs.<name>`` for a signal.

    Args:
        column: of the long table, the series itself.
        unit: of that column, mg/dL or mmol/L.
        every_minutes: step of the grid that readings are brought onto.
        longest_gap_minutes: a longer gap ends a segment; shorter ones are filled by
            straight lines.
        shortest_minutes: shorter segments are dropped; ``auto`` is what one window needs.
        history_minutes: how far back the model sees.
        observed: further columns, known up to now; interpolated like the series.
        known_ahead: columns of planned amounts (carbohydrate, insulin), known for the
            time to come as well; summed over each step, blank is none.
        time_of_day: whether the model is told the time of day.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    default_encoder: ClassVar[str] = "dense"
    suffixes: ClassVar[tuple[str, ...]] = ()
    long_table: ClassVar[bool] = True

    modality: Literal["signal"] = "signal"
    column: str = "value"
    unit: Unit | None = None
    every_minutes: int = Field(default=5, strict=True, ge=1, le=LONGEST_STEP)
    longest_gap_minutes: Minutes = 30
    shortest_minutes: Minutes | Literal["auto"] = "auto"
    history_minutes: Minutes = 360
    observed: list[str] = Field(default_factory=list)
    known_ahead: list[str] = Field(default_factory=list)
    time_of_day: bool = True

    @model_validator(mode="after")
    def _whole_steps(self) -> Self:
        if (
            self.history_minutes % self.every_minutes
            or self.history_minutes < 2 * self.every_minutes
        ):
            raise ValueError("expected history_minutes to be two steps of every_minutes or more")
        if self.longest_gap_minutes < self.every_minutes:
            raise ValueError("expected longest_gap_minutes to be one step of every_minutes or more")
        columns = self.columns_used()
        if len(set(columns)) < len(columns):
            raise ValueError("expected each column once, got one twice")
        return self

    @property
    def history_steps(self) -> int:
        """Grid points that a window sees."""
        return self.history_minutes // self.every_minutes

    def columns_used(self) -> list[str]:
        """The series, then what is observed beside it, then what is known ahead."""
        return [self.column, *self.observed, *self.known_ahead]

    def channels(self) -> tuple[Channel, ...]:
        """The same columns, with how each comes onto the grid."""
        beside = [Channel(name) for name in self.observed]
        planned = [Channel(name, how="summed") for name in self.known_ahead]
        return (Channel(self.column), *beside, *planned)

    def read(self, reference: Reference) -> Sample:
        """A segment of a long table, or an array (T, C), as it stands.

        Returns:
            Values (T, C) in the order of `columns_used`; the geometry holds the step and
            ``first_minute``, the local clock minutes of the first point.

        Raises:
            DataError: another number of channels, or no numbers.
        """
        content: Any = reference.content
        cells = content if isinstance(content, dict) else {"values": content}
        values = cells["values"]
        width = len(self.columns_used())
        if not isinstance(values, np.ndarray) or values.ndim != 2 or values.shape[1] != width:
            raise DataError(
                sentence(
                    reference.where,
                    expected=f"a series of {width} channels (points, {width})",
                    got=f"shape {np.shape(values)}",
                    remedy="Name its columns under inputs, or give the array in that form",
                )
            )
        return _sample(values, int(cells.get("first_minute", 0)), self.every_minutes)

    def fit(self, samples: Iterable[Sample]) -> State:
        """Mean and standard deviation of each channel, in one pass over training samples.

        Raises:
            DataError: there is no value of the series.
        """
        sums = np.zeros((3, len(self.columns_used())))
        for sample in samples:
            values = _numbers(sample).astype(np.float64)
            there = np.isfinite(values)
            filled = np.where(there, values, 0.0)
            sums += np.stack([there.sum(axis=0), filled.sum(axis=0), (filled**2).sum(axis=0)])
        if not sums[0, 0]:
            raise DataError(
                sentence(
                    f"input '{self.column}'",
                    expected="training readings",
                    got="none",
                    remedy="Check the data and the split",
                )
            )
        count = np.maximum(sums[0], 1)
        mean = sums[1] / count
        std = np.sqrt(np.maximum(sums[2] / count - mean**2, 0))
        return self._state(mean, np.maximum(std, SMALLEST_STD))

    def _state(self, mean: Array, std: Array) -> State:
        seen, masks = 1 + len(self.observed), len(self.observed)
        rules = {
            "values": {
                "mean": [*mean[:seen].tolist(), *[0.0] * masks],
                "std": [*std[:seen].tolist(), *[1.0] * masks],
            }
        }
        if self.known_ahead:
            rules["ahead"] = {"mean": mean[seen:].tolist(), "std": std[seen:].tolist()}
        return {
            "history_steps": self.history_steps,
            "horizon_steps": 0,
            "every_minutes": self.every_minutes,
            "fill": mean[:seen].tolist(),
            "standardise": rules,
        }

    def series(self, sample: Sample, state: State) -> Arrays:
        """All of a sample, time first: ``values`` (T, C), ``ahead`` (T, K), ``clock`` (T, 2).

        `reach` says which stretch of each a window takes. What the study does not ask
        for is not there.
        """
        numbers = _numbers(sample)
        seen = 1 + len(self.observed)
        values = numbers[:, :1]
        if self.observed:
            there = np.isfinite(numbers[:, 1:seen])
            filled = np.where(there, numbers[:, 1:seen], np.asarray(state["fill"])[1:])
            values = np.concatenate([values, filled, there], axis=1)
        arrays = {"values": values.astype(np.float32, copy=False)}
        if self.known_ahead:
            arrays["ahead"] = np.nan_to_num(numbers[:, seen:]).astype(np.float32)
        if self.time_of_day:
            first = int(sample.geometry.source["first_minute"])
            minutes = first + np.arange(len(numbers)) * self.every_minutes
            angle = 2 * np.pi * (minutes % DAY) / DAY
            arrays["clock"] = np.stack([np.sin(angle), np.cos(angle)], axis=1).astype(np.float32)
        return arrays

    def reach(self, state: State) -> dict[str, tuple[int, int]]:
        """Array of `series` -> its stretch of a window, in steps from the window's beginning.

        A stretch of one step is a plain vector, without an axis of time.
        """
        history, ahead = state["history_steps"], state["horizon_steps"]
        return {
            "values": (0, history),
            "ahead": (0, history + ahead),
            "clock": (history - 1, history),
        }

    def prepare(self, sample: Sample, state: State) -> Arrays:
        """The last window of a sample: ``values`` (C, T), ``ahead`` (K, T + S), ``clock`` (2,).

        A sample's last `horizon_steps` points are the time to come: of them only what is
        planned is looked at, and the series may be NaN there.

        Raises:
            DataError: the sample is shorter than a window, or the history has blanks.
        """
        history, ahead = state["history_steps"], state["horizon_steps"]
        numbers = _numbers(sample)
        start = len(numbers) - history - ahead
        if start < 0 or not np.isfinite(numbers[start : start + history, 0]).all():
            raise DataError(
                sentence(
                    f"input '{self.column}'",
                    expected=f"{history * self.every_minutes} minutes of readings without a gap "
                    f"of more than {self.longest_gap_minutes}",
                    got=f"{max(0, start + history) * self.every_minutes} minutes",
                    remedy="Give more recent readings",
                )
            )
        window: Arrays = {}
        reach = self.reach(state)
        for name, values in self.series(sample, state).items():
            begin, end = reach[name]
            stretch = values[start + begin : start + end]
            window[name] = np.ascontiguousarray(stretch[0] if end - begin == 1 else stretch.T)
        return window

    def collate(self, prepared: Sequence[Arrays]) -> Arrays:
        """Stack; all windows have one length."""
        return {name: np.stack([arrays[name] for arrays in prepared]) for name in prepared[0]}

    def augment(
        self, batch: dict[str, torch.Tensor], generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """As they are: a scaled glucose has another future, so the task varies both together."""
        del generator
        return batch

    def describe(self, arrays: Arrays) -> Array:
        """History, planned amounts and time of day side by side: (B, F) float32."""
        flat = [values.reshape(len(values), -1) for values in arrays.values()]
        return np.concatenate(flat, axis=1).astype(np.float32)

    def picture(self, sample: Sample) -> Array | None:
        """A series is drawn by the report itself."""
        del sample
        return None

    def fake(self, rng: np.random.Generator, n: int) -> list[Sample]:
        """Slow waves about the series' usual level, long enough for a window and an hour."""
        steps = self.history_steps + LONGEST_STEP
        unit = 1.0 if self.unit != "mmol/L" else 1 / 18
        samples = []
        for _ in range(n):
            walk = np.cumsum(rng.normal(size=steps)) * 3
            series = 140 + 30 * np.sin(np.arange(steps) / 40 + rng.uniform(0, 6)) + walk
            beside = rng.gamma(2.0, 20.0, size=(steps, len(self.observed)))
            planned = rng.gamma(1.0, 10.0, size=(steps, len(self.known_ahead)))
            planned *= rng.random(planned.shape) < 0.05
            values = np.column_stack([np.clip(series, 40, 400) * unit, beside, planned])
            start = int(rng.integers(DAY))
            samples.append(_sample(values.astype(np.float32), start, self.every_minutes))
        return samples


def _sample(values: Array, first_minute: int, every_minutes: int) -> Sample:
    geometry = Geometry(
        shape=values.shape,
        every_seconds=60.0 * every_minutes,
        source={"first_minute": first_minute},
    )
    return Sample(values, geometry)


def _numbers(sample: Sample) -> Array:
    if not isinstance(sample.values, np.ndarray):
        raise TypeError(f"a signal holds an array, not {type(sample.values).__name__}")
    return sample.values
