"""Personalise: a forecasting package, adapted to one patient and judged on later days.

Enters: a package and a table of one patient's readings. Leaves: a package that is served
like any other, the same network with a correction in the task's state, and what it
changed on days it did not learn from. The package it comes from is not touched. No torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.deployment.adapting import BLOCK_HORIZONS, CONFIDENT, Days, adapt
from bedside.deployment.later_days import judge_later
from bedside.deployment.patient import SOURCE, Past, forecast_past
from bedside.deployment.personal_words import card_words
from bedside.deployment.predictor import load
from bedside.deployment.rewriting import refuse_output, write_changed
from bedside.errors import DataError, PackageError, StudyError, sentence
from bedside.tasks.correction import MEDIAN, PERSONAL, TERMS, design

if TYPE_CHECKING:
    from bedside.schema import Array, State

RECORD = "personal.json"
SHARE = 0.6
"""Of the patient's time, learnt from where no number of days is given."""
WINDOWS_A_TERM = 10
"""Windows that share no horizon, for each number that is fitted at each step."""
FEWEST_BLOCKS = 8
"""Blocks that are judged on, below which resampling them says little."""
DAY = 24 * 60


@dataclass(frozen=True)
class Personalised:
    """A package for one patient.

    Args:
        folder: where it stands.
        record: the decision, and what changed on later days; ``personal.json``.
    """

    folder: Path
    record: dict[str, Any]


def personalise(
    package: str | Path,
    table: str | Path,
    output: str | Path,
    *,
    days: float | None = None,
    threads: int | None = None,
) -> Personalised:
    """Adapt a forecasting package to one patient, if the first days say so, and judge it later.

    Args:
        package: folder of the package; it stays as it is.
        table: CSV of the patient's readings, in the form that the package was trained on.
        output: new folder for the patient's package.
        days: how many days' worth of forecasts to learn from; 60 % of all if not given.
        threads: for the engine; None takes what the machine has.

    Raises:
        PackageError: the package is damaged, makes no forecasts, or is one patient's.
        DataError: the readings cannot be read or are too few; how many days are needed
            is said.
        StudyError: the output is there already.
    """
    source, folder = Path(package), Path(output)
    refuse_output(folder, source)
    if days is not None and not (np.isfinite(days) and days > 0):
        raise StudyError("--days: expected a number of days above 0, got another. Correct it.")
    predictor = load(source, threads=threads)
    contents = predictor.package.contents
    if PERSONAL in contents.task_state:
        raise PackageError(
            sentence(
                "PACKAGE",
                expected="one that was trained on many patients",
                got="one that is one patient's",
                remedy="Give the package it was made from",
            )
        )
    past = forecast_past(contents, predictor.networks, Path(table))
    made = _terms(past, contents.task_state)
    first, later = split_days(past, made.shape[1], days=days)
    adaptation = adapt(_days(past, made, first, state=contents.task_state))
    metrics = judge_later(past, made, adaptation, rows=later, state=contents.task_state)
    record = {
        "decision": "adapted" if adaptation.used else "kept as it was",
        "rule": f"adapted only if days left out of learning are forecast better in "
        f"{CONFIDENT:.0%} of resamples",
        "asked": CONFIDENT,
        "better_in": round(adaptation.certain, 3),
        "days": {
            "learnt_from": round(_worth(past, first), 2),
            "judged_on": round(_worth(past, later), 2),
        },
        "unit": contents.task_state["unit"],
        "intervals_by": f"bootstrap over blocks of {_block_hours(past):g} hours of one patient",
        "metrics": metrics,
        "package": predictor.package.version,
    }
    state = dict(contents.task_state)
    if adaptation.used:
        state[PERSONAL] = {"terms": list(TERMS), "weights": adaptation.weights.tolist()}
    write_changed(
        folder, source, predictor.package,
        state=state, record=(RECORD, record), card=card_words(record),
    )  # fmt: skip
    return Personalised(folder, record)


def split_days(past: Past, terms: int, *, days: float | None) -> tuple[Array, Array]:
    """Rows of the first days, and those of later days whose forecasts lie after all of them.

    Args:
        past: the patient's forecasts.
        terms: F, numbers that are fitted for each step.
        days: days' worth of forecasts to learn from; 60 % of all if None.

    Raises:
        DataError: there are too few of either; how many are needed is said.
    """
    to_learn = WINDOWS_A_TERM * terms * past.horizon_minutes / DAY
    to_judge = FEWEST_BLOCKS * BLOCK_HORIZONS * past.horizon_minutes / DAY
    between = past.horizon_minutes / DAY
    wanted = (
        days
        if days is not None
        else min(max(SHARE * past.days, to_learn), past.days - to_judge - between)
    )
    count = min(max(round(wanted * DAY / past.every_minutes), 0), len(past))
    rows = np.arange(len(past))
    after = past.minute >= past.minute[max(count - 1, 0)] + past.horizon_minutes
    first, later = rows[:count], rows[(rows >= count) & after]
    short = past.every_minutes / DAY  # of rounding
    enough = _worth(past, first) >= to_learn - short and _worth(past, later) >= to_judge - short
    if not enough:
        needed = max(to_learn, days or 0.0) + to_judge + between
        missing = needed - past.days
        raise DataError(
            sentence(
                SOURCE,
                expected=f"{needed:.1f} days' worth of forecasts, {max(to_learn, days or 0):.1f} "
                f"to learn from and {to_judge:.1f} to judge by",
                got=f"{past.days:.1f}",
                remedy=f"Give about {max(missing, 0.1):.1f} more days of readings"
                if missing > 0
                else f"Set --days to {to_learn:.1f} or more",
            )
        )
    return first, later


def _terms(past: Past, state: State) -> Array:
    """(N, F), a block of windows at a time."""
    middle = list(state["levels"]).index(MEDIAN)
    history = past.arrays[state["series"]]
    blocks = (slice(start, start + 4096) for start in range(0, len(past), 4096))
    return np.concatenate(
        [design(history[rows], past.quantiles[rows, :, middle], state) for rows in blocks]
    )


def _days(past: Past, made: Array, rows: Array, *, state: State) -> Days:
    middle = list(state["levels"]).index(MEDIAN)
    truth = past.targets.arrays["truth"][rows].astype(np.float64)
    return Days(
        made=made[rows],
        error=(truth - past.quantiles[rows, :, middle]) / float(state["scale"]),
        known=past.targets.arrays["known"][rows],
        minute=past.minute[rows],
        horizon=past.horizon_minutes,
    )


def _worth(past: Past, rows: Array) -> float:
    """How many days' worth of forecasts some rows are."""
    return len(rows) * past.every_minutes / DAY


def _block_hours(past: Past) -> float:
    return BLOCK_HORIZONS * past.horizon_minutes / 60
