"""One window of a series, named by its segment and the time of its last reading.

Enters: a cohort of segments and a time as ``predictions.csv`` writes it. Leaves: the segment cut
off after that window, as a modality prepares it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bedside.data.clock import parse_seconds
from bedside.errors import StudyError, sentence

if TYPE_CHECKING:
    from bedside.data.cohort import Cohort
    from bedside.data.series import Series
    from bedside.schema import Array, Sample, State

OPTION = "--time"


def time_words(minute: int) -> str:
    """Local clock minutes since 1970-01-01 -> ``2015-06-17T20:50``, as predictions are written."""
    return str(np.datetime_as_string(np.datetime64(minute, "m")))


def last_step(cohort: Cohort, row: int, time: str | None) -> int | None:
    """Step of a segment at which a window ends; None where cases are no segments.

    Args:
        cohort: of the run.
        row: of the segment.
        time: of the window's last reading, or None where none was named.

    Raises:
        StudyError: a time is missing, needless, or not one of the segment's.
    """
    if cohort.series is None:
        if time is not None:
            raise StudyError(
                sentence(OPTION, expected="none, since every case is explained whole", got="one",
                         remedy="Leave it out")
            )  # fmt: skip
        return None
    if time is None:
        raise StudyError(
            sentence(OPTION, expected="the time of a window's last reading", got="none",
                     remedy="Take case_id and time of a row of predictions.csv in the run's folder")
        )  # fmt: skip
    step = _step_at(cohort.series, row, time)
    if step is None:
        raise StudyError(
            sentence(
                OPTION,
                expected=f"a step of {cohort.where(row)}, every "
                f"{cohort.series.every_minutes} minutes, such as 2026-01-31T07:45",
                got="another",
                remedy="Take case_id and time of one row of predictions.csv in the run's folder",
            )
        )
    return step


def _step_at(series: Series, row: int, time: str) -> int | None:
    seconds, readable = parse_seconds([time])
    step, rest = divmod(int(seconds[0]) - 60 * int(series.minutes[row]), 60 * series.every_minutes)
    inside = 0 <= step < int(series.lengths[row])
    return step if bool(readable[0]) and rest == 0 and inside else None


def cut_after(sample: Sample, step: int, state: State) -> Sample:
    """A segment whose last window ends at a step.

    A window needs as many points after it as the forecast reaches ahead, of which only what is
    planned is looked at: beyond the segment's end they are blank.
    """
    if not isinstance(sample.values, np.ndarray):
        raise TypeError("a segment is an array")
    end = step + 1 + int(state["horizon_steps"])
    values: Array = sample.values[:end]
    blank = np.full((end - len(values), values.shape[1]), np.nan, dtype=values.dtype)
    return replace(sample, values=np.concatenate([values, blank]))
