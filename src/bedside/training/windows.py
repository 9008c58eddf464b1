"""Windows of series become the parts that networks and baselines see.

Enters: a cohort of segments, their samples, and the spans of a split. Leaves: a
`Preparation` whose arrays are looked up when asked for. A window belongs to a part if
all it forecasts lies there; a training window lies in training time as a whole.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.data.windows import Picked, Windows
from bedside.errors import DataError, Problems, StudyError, sentence
from bedside.schema import Array, Sample, State
from bedside.training.loader import Prepared
from bedside.training.preparation import Preparation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bedside.data.cohort import Cohort
    from bedside.data.series import Series
    from bedside.data.split import Split
    from bedside.schema import Modality, Part, Rows, Task

MOST_SCORED = 50_000
"""Windows of one part that are scored where the study says ``auto``."""


def prepare_windows(
    modalities: Mapping[str, Modality],
    samples: Mapping[str, Sequence[Sample | None]],
    *,
    cohort: Cohort,
    task: Task,
    split: Split,
) -> Preparation:
    """Fit on training time, then make the windows of every part.

    Raises:
        DataError: a part has no window with a known value.
    """
    if cohort.series is None or split.spans is None:
        raise TypeError("windows are made of series that were split by spans")
    ((name, signal),) = modalities.items()
    own: Any = signal  # a signal: it has `series` and `reach` beside a modality's methods
    forecast: Any = task
    series, every = cohort.series, cohort.series.every_minutes
    state: State = {
        **signal.fit(_stretches(samples[name], split.spans["train"])),
        "horizon_steps": forecast.horizon_steps(every),
        "patient_column": cohort.patient,
        "time_column": cohort.time,
    }
    whole = _end_to_end(own, samples[name], state, series=series)
    groups = cohort.groups().astype(np.int32)
    steps = (state["history_steps"], state["horizon_steps"])
    parts: dict[Part, Prepared] = {}
    for part, spans in split.spans.items():
        stride = _stride(forecast, series, spans, steps=steps, part=part)
        starts, segments = window_places(
            series, spans, steps=steps, stride=stride, inside=part == "train"
        )
        targets = forecast.windowed(
            series, starts, segments, history=steps[0], unit=_unit(signal, task)
        )
        truth = {**targets.arrays, "patient": groups[segments]}
        facts = {**targets.facts, "series": f"{name}.values"}
        arrays: dict[str, Rows] = {}
        for key, points in whole.items():
            begin, end = own.reach(state)[key]
            arrays[f"{name}.{key}"] = (
                Picked(points, starts, begin)
                if end - begin == 1
                else Windows(points, starts, end - begin, begin)
            )
        parts[part] = Prepared(arrays, replace(targets, arrays=truth, facts=facts), segments)  # type: ignore[index]
    _raise_if_empty(parts)
    return Preparation({name: state}, parts)


def window_places(
    series: Series, spans: Array, *, steps: tuple[int, int], stride: int, inside: bool
) -> tuple[Array, Array]:
    """Where the windows of a part begin.

    Args:
        series: all segments.
        spans: (n, 3) segment, first step, step after the last.
        steps: of the history and of the horizon.
        stride: steps from one window to the next, counted from the first that fits.
        inside: whether the history must lie in the span, too.

    Returns:
        (N,) int64 places in the series; (N,) int32 segments.
    """
    history, horizon = steps
    starts, segments = [np.zeros(0, np.int64)], [np.zeros(0, np.int32)]
    for segment, begin, end in spans.tolist():
        first = begin + history if inside else max(begin, history)
        ahead = np.arange(first, end - horizon + 1, stride, dtype=np.int64)
        starts.append(series.begins[segment] + ahead - history)
        segments.append(np.full(len(ahead), segment, dtype=np.int32))
    return np.concatenate(starts), np.concatenate(segments)


def _stride(
    forecast: Any, series: Series, spans: Array, *, steps: tuple[int, int], part: str
) -> int:
    """Steps between two windows of a part; validation is cheap and tells more if it is dense."""
    every = forecast.score_every_minutes
    if part == "train":
        return 1
    if every != "auto" and part != "validation":
        if every % series.every_minutes:
            raise StudyError(
                sentence(
                    "target.score_every_minutes",
                    expected=f"a multiple of every_minutes, {series.every_minutes}",
                    got=str(every),
                    remedy="Change one of the two",
                )
            )
        return int(every // series.every_minutes)
    count = len(window_places(series, spans, steps=steps, stride=1, inside=False)[0])
    return max(1, -(-count // MOST_SCORED))


def _stretches(samples: Sequence[Sample | None], spans: Array) -> Iterator[Sample]:
    """The training stretches of the samples."""
    for segment, begin, end in spans.tolist():
        sample = samples[segment]
        if sample is not None:
            yield replace(sample, values=sample.values[begin:end])


def _end_to_end(
    signal: Any, samples: Sequence[Sample | None], state: State, *, series: Series
) -> dict[str, Array]:
    """Prepared arrays of all segments, (T, ...) each, as the series has them."""
    whole: dict[str, Array] = {}
    for segment, sample in enumerate(samples):
        if sample is None:
            continue
        for key, values in signal.series(sample, state).items():
            if key not in whole:
                whole[key] = np.empty((len(series.values), *values.shape[1:]), values.dtype)
            whole[key][series.rows(segment)] = values
    return whole


def _unit(signal: Any, task: Any) -> str:
    return str(task.unit or signal.unit)


def _raise_if_empty(parts: Mapping[Part, Prepared]) -> None:
    problems = Problems(DataError)
    for part, own in parts.items():
        known = own.targets.arrays["known"]
        if not len(own) or not any(known[r : r + 4096].any() for r in range(0, len(own), 4096)):
            problems.add(
                f"{part.replace('_', ' ')} part",
                expected="at least one window with a known value ahead",
                got="none",
                remedy="Shorten inputs.<name>.history_minutes or target.horizon_minutes, or "
                "give that part more time or patients",
            )
    problems.raise_if_any()
