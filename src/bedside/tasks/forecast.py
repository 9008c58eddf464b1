"""Task `forecast`: the next values of a series, several steps at once, with intervals.

Enters: windows over a series; quantiles of a network or a baseline, in the series' own
unit. Leaves: quantiles that were corrected on validation (conformal prediction), the
median as the point, and the probability of low and high glucose. The base half needs
numpy and scipy alone; head and loss import torch when called.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from bedside.data.units import Unit
from bedside.data.windows import Clock, Picked, Windows
from bedside.errors import StudyError, sentence
from bedside.schema import Array, Arrays, Network, Prediction, State, Targets
from bedside.tasks.alarms import ALARMS, probability_below
from bedside.tasks.conformal import fit_stretch, stretched
from bedside.tasks.correction import corrected
from bedside.tasks.lag_regression import blocks, fit_lags
from bedside.tasks.other_people import KEY, as_others, unlikeness
from bedside.tasks.outside import foreign, foreign_columns

if TYPE_CHECKING:
    import torch
    from torch import nn

    from bedside.data.cohort import Cohort
    from bedside.data.series import Series
    from bedside.schema import Modality, Rows

Level = Annotated[float, Field(gt=0, lt=1)]
Minutes = Annotated[int, Field(strict=True, ge=1)]

LEVELS = [0.025, 0.1, 0.5, 0.9, 0.975]
MEDIAN = 0.5
SMALLEST_SCALE = 1e-3


class Forecast(BaseModel):
    """The words of ``target`` for this task.

    Args:
        column: the series to forecast; the signal's own column where not given.
        horizon_minutes: how far ahead, in steps of the signal's ``every_minutes``.
        unit: of the answer, mg/dL or mmol/L; the signal's own where not given.
        levels: of the quantiles, rising, the median among them, each with its mirror
            image: 0.025 and 0.975 are the ends of a 95 % interval.
        score_every_minutes: how often a forecast is scored on the test parts; ``auto`` is
            every step, or less often where there are very many, as on validation always.
        count_filled: whether points that were filled by straight lines count as known.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    needs: ClassVar[str] = "pooled"
    encoders: ClassVar[Mapping[str, str]] = {}
    primary: ClassVar[str] = "rmse_pooled"
    baselines: ClassVar[tuple[str, ...]] = (
        "persistence",
        "least-squares",
        "boosted-trees",
        "exponential-smoothing",
    )

    task: Literal["forecast"] = "forecast"
    column: str | None = None
    horizon_minutes: Minutes = 60
    unit: Unit | None = None
    levels: list[Level] = Field(default_factory=lambda: list(LEVELS), min_length=3)
    score_every_minutes: Minutes | Literal["auto"] = "auto"
    count_filled: bool = False

    @model_validator(mode="after")
    def _mirrored(self) -> Self:
        levels = np.asarray(self.levels)
        mirrored = np.allclose(levels, 1 - levels[::-1])
        if not (mirrored and (np.diff(levels) > 0).all() and MEDIAN in self.levels):
            raise ValueError(
                "expected rising levels with 0.5 and, for each, one minus it, got others"
            )
        return self

    def horizon_steps(self, every_minutes: int) -> int:
        """S, steps ahead.

        Raises:
            StudyError: the horizon is not a whole number of steps.
        """
        if self.horizon_minutes % every_minutes:
            raise StudyError(
                sentence(
                    "target.horizon_minutes",
                    expected=f"a multiple of every_minutes, {every_minutes}",
                    got=str(self.horizon_minutes),
                    remedy="Change one of the two",
                )
            )
        return self.horizon_minutes // every_minutes

    def columns_used(self) -> list[str]:
        """The series' column, where the study names it."""
        return [] if self.column is None else [self.column]

    def check_inputs(self, inputs: Mapping[str, tuple[str, Modality]]) -> None:
        """Nothing to refuse here: `targets` asks for a series."""

    def targets(self, cohort: Cohort) -> Targets:
        """What is known before windows are made: the steps, and that every segment has some.

        Raises:
            StudyError: the data are no series, or `column` is not the series.
        """
        if cohort.series is None:
            raise StudyError(
                sentence(
                    "target.task",
                    expected="classify, since data and inputs are no series",
                    got="'forecast'",
                    remedy="Give a long table of readings and an input of modality signal",
                )
            )
        series = cohort.series
        if self.column not in (None, series.columns[0]):
            raise StudyError(
                sentence(
                    "target.column",
                    expected=f"the signal's column, '{series.columns[0]}'",
                    got=f"'{self.column}'",
                    remedy="Make it the column of the input, or leave it out",
                )
            )
        steps = self.horizon_steps(series.every_minutes)
        shape = (len(cohort), steps)
        arrays = {"truth": np.zeros(shape, np.float32), "known": np.ones(shape, dtype=bool)}
        return Targets(arrays, self._names(series), "forecast")

    def _names(self, series: Series) -> tuple[str, ...]:
        steps = self.horizon_steps(series.every_minutes)
        return tuple(str((step + 1) * series.every_minutes) for step in range(steps))

    def windowed(
        self, series: Series, starts: Array, segments: Array, *, history: int, unit: str
    ) -> Targets:
        """The targets of N windows, looked up when asked for.

        Args:
            series: what they are windows over.
            starts: (N,) where each history begins in the series.
            segments: (N,) which segment each lies in.
            history: steps of a history.
            unit: of the values.
        """
        steps = self.horizon_steps(series.every_minutes)
        values = series.values[:, 0]
        known = np.ones(len(values), dtype=bool) if self.count_filled else series.observed
        zeros = series.minutes - series.begins[:-1] * series.every_minutes
        arrays = {
            "truth": Windows(values, starts, steps, offset=history),
            "known": Windows(known, starts, steps, offset=history),
            "last": Picked(values, starts, offset=history - 1),
            "minute": Clock(zeros, segments, starts, history - 1, series.every_minutes),
        }
        facts = {"unit": unit, "every_minutes": series.every_minutes, "history_steps": history}
        return Targets(arrays, self._names(series), "forecast", facts)

    def strata(self, targets: Targets) -> Array:
        """Nothing to keep even: -1 for every segment."""
        return np.full(len(targets.arrays["known"]), -1)

    def fit(self, targets: Targets, *, balance: bool = True) -> State:
        """How far values move from the last one, and how unlike patients are, from training."""
        del balance  # there are no classes
        squares, levels, count, windows = 0.0, 0.0, 0, 0
        changes = []
        for rows in blocks(len(targets.arrays["last"])):
            last = targets.arrays["last"][rows].astype(np.float64)
            change = targets.arrays["truth"][rows] - last[:, None]
            known = targets.arrays["known"][rows]
            squares += float((change[known] ** 2).sum())
            count += int(known.sum())
            levels += float(last.sum())
            windows += len(rows)
            changes.append(np.where(known, change, np.nan)[:: max(1, len(rows) // 512)])
        scale = max(float(np.sqrt(squares / max(count, 1))), SMALLEST_SCALE)
        moves = np.nan_to_num(np.nanquantile(np.concatenate(changes), self.levels, axis=0).T)
        steps, facts = len(targets.names), targets.facts
        return {
            "kind": targets.kind,
            "names": list(targets.names),
            "levels": list(self.levels),
            "unit": facts["unit"],
            "every_minutes": facts["every_minutes"],
            "history_steps": facts["history_steps"],
            "series": facts["series"],
            "scale": scale,
            "level": levels / max(windows, 1),
            "moves": (moves / scale).tolist(),
            KEY: unlikeness(targets),
            "stretch": np.ones((steps, len(self.levels))).tolist(),
        }

    def calibrate(self, outputs: Arrays, targets: Targets, state: State) -> State:
        """Fit on validation how far each quantile must stand from the median to be met."""
        stretch = fit_stretch(outputs["quantiles"], targets, levels=state["levels"])
        return {**state, "stretch": stretch.tolist()}

    def calibrated(self, outputs: Arrays, state: State) -> Arrays:
        """Quantiles with their distance from the median stretched, as the head does in eval."""
        middle = state["levels"].index(MEDIAN)
        return {
            **outputs,
            "quantiles": stretched(
                outputs["quantiles"], np.asarray(state["stretch"]), middle=middle
            ),
        }

    def infer(self, networks: Mapping[str, Network], arrays: Arrays, state: State) -> Prediction:
        """Calibrated quantiles -> ``quantiles`` (N, S, Q) rising, ``point`` (N, S) the median.

        A package that was personalised moves them by what it learnt of the patient. Of a network
        that knows its training windows also ``strangeness`` and ``outside`` (N,).
        """
        outputs = networks["network"](arrays)
        quantiles = np.sort(outputs["quantiles"], axis=2)
        quantiles = corrected(quantiles, arrays, state)
        point = quantiles[:, :, state["levels"].index(MEDIAN)]
        found = {"point": point, "quantiles": quantiles, **foreign(outputs, state)}
        return Prediction(found, tuple(state["names"]))

    def rows(self, prediction: Prediction, state: State) -> dict[str, Array]:
        """Columns (N * S,): minutes ahead, forecast, ends of the intervals, alarm probabilities."""
        point, quantiles = prediction.arrays["point"], prediction.arrays["quantiles"]
        levels = state["levels"]
        windows = len(point)
        columns = {
            "minutes_ahead": np.tile(np.asarray(state["names"], dtype=np.int64), windows),
            "forecast": point.reshape(-1),
        }
        for place, level in enumerate(levels):
            if level != MEDIAN:
                covers = f"{100 * abs(1 - 2 * level):g}"
                end = "low" if level < MEDIAN else "high"
                columns[f"{end}_{covers}"] = quantiles[:, :, place].reshape(-1)
        alarms = ALARMS.get(state["unit"])
        if alarms is not None:
            low, high = alarms
            below = probability_below(quantiles, low, levels=levels)
            above = 1 - probability_below(quantiles, high, levels=levels)
            columns[f"probability_below_{low:g}"] = below.reshape(-1)
            columns[f"probability_above_{high:g}"] = above.reshape(-1)
        return columns | foreign_columns(prediction, lines=len(state["names"]))

    def truth_rows(self, targets: Targets) -> dict[str, Array]:
        """Columns (N * S,): clock time of the last value, that value, and what came; or blank."""
        arrays, steps = targets.arrays, len(targets.names)
        minutes = arrays["minute"][:].astype("datetime64[m]")
        truth, known = arrays["truth"][:], arrays["known"][:]
        text = np.array([f"{value:.6g}" for value in truth.reshape(-1)], dtype=object)
        return {
            "time": np.repeat(np.datetime_as_string(minutes), steps),
            "last": np.repeat(arrays["last"][:], steps),
            "truth": np.where(known.reshape(-1), text, ""),
        }

    def head(self, width: int, state: State) -> nn.Module:
        """A linear skip on the lags plus what the features add, and quantiles about it."""
        from bedside.models.forecast_head import ForecastHead

        return ForecastHead(width, state)

    def start(self, head: nn.Module, arrays: Mapping[str, Rows], targets: Targets) -> None:
        """Start the head's skip from least squares on training windows."""
        known, truth = targets.arrays["known"], targets.arrays["truth"]
        history = arrays[head.series]  # type: ignore[index]
        fitted = fit_lags(history, truth, known, scale=head.scale, level=head.level)  # type: ignore[arg-type]
        head.start(fitted.weights)  # type: ignore[operator]

    def vary(
        self,
        inputs: dict[str, torch.Tensor],
        targets: dict[str, torch.Tensor],
        state: State,
        *,
        generator: torch.Generator,
    ) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        """Windows, with what came after, as other people could have had them."""
        return as_others(inputs, targets, state, generator=generator)

    def unweighted(self, state: State) -> State:
        """The state as it is: nothing is weighted."""
        return state

    def loss(
        self, outputs: dict[str, torch.Tensor], targets: dict[str, torch.Tensor], state: State
    ) -> torch.Tensor:
        """Pinball loss over steps and levels, in units of `scale`, mean over what is known.

        Source: Koenker and Bassett 1978, doi:10.2307/1913643.
        """
        import torch

        quantiles = outputs["quantiles"]
        levels = quantiles.new_tensor(state["levels"])
        known = targets["known"].to(quantiles.dtype)[:, :, None]
        error = (targets["truth"][:, :, None] - quantiles) / state["scale"]
        each = levels * error + torch.relu(-error)  # the larger of both slopes, in fewer calls
        loss: torch.Tensor = 2 * (each * known).sum() / (known.sum() * len(levels)).clamp_min(1.0)
        return loss
