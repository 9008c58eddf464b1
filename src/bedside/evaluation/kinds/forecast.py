"""How the next values of a series are judged.

Each metric stands under its plain name for the whole horizon, and as
``<metric>_<n>min`` at 15, 30 and 60 minutes where the horizon has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.errors import DataError, Problems
from bedside.evaluation import OF_FORECASTS, OF_GLUCOSE, OF_GLUCOSE_EVENTS, metric_names
from bedside.evaluation.glucose import UNITS
from bedside.evaluation.glucose_events import count_high, count_low
from bedside.evaluation.kinds import Grouping
from bedside.evaluation.predictions import write_predictions_table
from bedside.evaluation.promises import limit_of_familiar
from bedside.evaluation.windows import Windows
from bedside.run_folder import atomic
from bedside.schema import Array, Arrays, Prediction, State, Targets

if TYPE_CHECKING:
    from pathlib import Path

    from bedside.data.cohort import Cohort
    from bedside.evaluation import ForecastMetric
    from bedside.evaluation.kinds import Answers, Evidence, Measure, Place
    from bedside.registry import Registry
    from bedside.schema import Task
    from bedside.study import EvaluationSection

SHOWN_MINUTES = (15, 30, 60)
HOUR = 60
DAY = 24 * HOUR
HOURS_A_BAND = 3
SHARES = ("coverage_", "clarke_", "parkes_")
"""Metrics that are shares of windows, and so have exact bounds at 0 and 1."""
OF_EVENTS = {
    "hypo_sensitivity": (count_low, "events"),
    "hypo_ppv": (count_low, "warnings"),
    "hyper_sensitivity": (count_high, "events"),
    "hyper_ppv": (count_high, "warnings"),
}
"""Metrics that are shares of events or warnings, and how those are counted."""


@dataclass(frozen=True)
class Patients:
    """Whole patients are drawn; an estimate of 0 or 1 proves as much as they are many."""

    answers: Answers

    @property
    def groups(self) -> Array:
        """(P,) the patients, in the order of `Windows`."""
        return np.unique(self.answers.groups)

    def far_end(self, name: str, *, edge: float, tail: float) -> float | None:
        """Clopper and Pearson's bound with patients as its n, as `edge.far_end` has it.

        Patients without any event prove nothing of how many are found, nor those without
        a warning how many are right.
        """
        if name.startswith(SHARES):
            patients = len(self.groups)
        elif name in OF_EVENTS:
            count, whole = OF_EVENTS[name]
            patients = int((getattr(count(Windows.of(self.answers)), whole) > 0).sum())
        else:
            return None
        low = float(tail ** (1 / patients)) if patients else 0.0
        return low if edge == 1 else 1 - low


@dataclass(frozen=True)
class Forecast:
    """The kind of `forecast`."""

    summary: tuple[str, ...] = ("rmse_pooled", "mae_pooled", "coverage_80", "width_80")

    def ready(self, targets: Targets, section: EvaluationSection) -> Targets:  # noqa: ARG002
        """The targets as they are: the truth is all that is needed."""
        return targets

    def check(self, answers: Answers) -> None:
        """Refuse what cannot be scored.

        Raises:
            DataError: shapes disagree, there is no window, or a forecast is not a number.
        """
        problems = Problems(DataError)
        truth, answered = answers.targets.arrays, answers.prediction.arrays
        windows, steps = truth["truth"].shape
        if not windows or steps != len(answers.targets.names):
            problems.add(
                "scoring",
                expected="windows with one true value for each step",
                got=f"shape {(windows, steps)} for {len(answers.targets.names)} steps",
                remedy="Check the target and that the part holds windows",
            )
        wanted = {
            "known": (truth["known"].shape, (windows, steps)),
            "last": (truth["last"].shape, (windows,)),
            "minute": (truth["minute"].shape, (windows,)),
            "point": (answered["point"].shape, (windows, steps)),
            "quantiles": (
                answered["quantiles"].shape,
                (windows, steps, len(answers.state["levels"])),
            ),
            "groups": (np.shape(answers.groups), (windows,)),
            "rows": (np.shape(answers.rows), (windows,)),
        }
        for name, (got, shape) in wanted.items():
            if tuple(got) != shape:
                problems.add(
                    f"scoring, {name}",
                    expected=f"shape {shape}",
                    got=f"shape {tuple(got)}",
                    remedy="Score the same windows that were predicted",
                )
        problems.raise_if_any()
        for name in ("point", "quantiles"):
            wrong = int((~np.isfinite(answered[name])).sum())
            if wrong:
                problems.add(
                    f"scoring, {name}",
                    expected="finite numbers",
                    got=f"{wrong} entries that are not",
                    remedy="Check the model's outputs",
                )
        problems.raise_if_any()

    def measurer(
        self, answers: Answers, *, metrics: Sequence[str] | None = None, brief: bool = False
    ) -> Measure:
        """Metrics over the whole horizon and at some steps; units are patients."""
        whole = Windows.of(answers)
        tables = [(table, metric_names(table)) for table in _tables(whole.unit)]
        wanted = [name for _, own in tables for name in own] if metrics is None else metrics
        functions = {
            name: (table.load(name), table)
            for name in wanted
            for table, own in tables
            if name in own
        }
        views = {"": whole}
        for minutes in () if brief else SHOWN_MINUTES:
            if (view := whole.at(minutes)) is not None:
                views[f"_{minutes}min"] = view
        measured = {
            f"{name}{suffix}": partial(function, view)
            for suffix, view in views.items()
            for name, (function, table) in functions.items()
            if not suffix or table is not OF_GLUCOSE_EVENTS
        }

        def measure(weights: Array) -> Arrays:
            return {name: function(weights) for name, function in measured.items()}

        return measure

    def evidence(self, answers: Answers) -> Evidence:
        """The patients, in the order of `Windows`."""
        return Patients(answers)

    def truth(self, targets: Targets) -> Sequence[Array]:
        """What came, where it is known, and when."""
        arrays = targets.arrays
        return arrays["truth"][:], arrays["known"][:], arrays["minute"][:]

    def refuse_unjudgeable(self, validation: Targets, section: EvaluationSection) -> None:
        """Nothing is chosen by a rule that could fail."""

    def decided(self, validation: Answers, section: EvaluationSection) -> State:  # noqa: ARG002
        """The calibrated state, and from where on a window is foreign; there is no decision."""
        return {**validation.state, **limit_of_familiar(validation)}

    def tells_apart(self, prediction: Prediction) -> bool:
        """Whether two windows have two forecasts."""
        return bool((np.ptp(prediction.arrays["point"], axis=0) > 0).any())

    def counts(self, targets: Targets) -> dict[str, Any]:  # noqa: ARG002
        """Windows and patients say it all."""
        return {}

    def measurable(self, targets: Targets) -> bool:
        """Whether any value is known."""
        return bool(targets.arrays["known"][:].any())

    def groupings(self, targets: Targets, state: State) -> Mapping[str, Grouping]:  # noqa: ARG002
        """By the hour of the last value."""
        hour = targets.arrays["minute"][:] // HOUR % 24
        names = [f"{h:02d}-{h + HOURS_A_BAND - 1:02d}" for h in range(0, 24, HOURS_A_BAND)]
        labels = np.asarray(names)[hour // HOURS_A_BAND]
        return {"hour of day": Grouping(labels, [n for n in names if n in set(labels.tolist())])}

    def facts(self, targets: Targets, state: State, section: EvaluationSection) -> dict[str, Any]:  # noqa: ARG002
        """Unit, steps, and the levels of the quantiles."""
        return {
            "unit": state["unit"],
            "horizon_minutes": int(targets.names[-1]),
            "every_minutes": state["every_minutes"],
            "levels": [float(level) for level in state["levels"]],
        }

    def names(self, ids: Array, targets: Targets) -> Array:
        """Each series with its first and last window: another stretch is another look."""
        minute = targets.arrays["minute"][:]
        series, place = np.unique(ids, return_inverse=True)
        first = np.full(len(series), np.iinfo(np.int64).max)
        last = np.full(len(series), np.iinfo(np.int64).min)
        np.minimum.at(first, place, minute)
        np.maximum.at(last, place, minute)
        count = np.bincount(place, minlength=len(series))
        ends = zip(series, first, last, count, strict=True)
        return np.asarray([f"{name} {a} {b} {n}" for name, a, b, n in ends], dtype=str)

    def write(self, place: Place, answers: Answers, *, task: Task, cohort: Cohort) -> None:
        """Arrays of each model and part, and a CSV of the deep model's test part."""
        truth = answers.targets.arrays
        windows = {name: truth[name][:] for name in ("truth", "known", "last", "minute")}
        patient = np.unique(answers.groups, return_inverse=True)[1]
        _write_arrays(
            place.folder / f"windows-{place.part}.npz",
            {**windows, "row": answers.rows, "patient": patient},
        )
        answered = answers.prediction.arrays
        _write_arrays(
            place.folder / f"{place.model}-{place.part}.npz",
            {name: np.asarray(answered[name], dtype=np.float32) for name in ("point", "quantiles")},
        )
        if place.table is not None:
            write_predictions_table(place.table, answers, task=task, cohort=cohort)


FORECAST = Forecast()


def _tables(unit: str) -> list[Registry[ForecastMetric]]:
    """The tables of metrics that series of such a unit are measured by."""
    return [OF_FORECASTS, *((OF_GLUCOSE, OF_GLUCOSE_EVENTS) if unit in UNITS else ())]


def _write_arrays(path: Path, arrays: Arrays) -> None:
    with atomic(path) as partial_path, partial_path.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)
