"""Windows as other people could have had them: a network must not learn its cohort by heart.

Enters: training windows of a few patients; later, batches of them. Leaves: how unlike the
patients are, and batches whose windows, with what came after them, were scaled about their
last value and moved up or down by about as much. numpy for the first half, torch for the second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bedside.schema import Array, Rows, State, Targets
from bedside.tasks.lag_regression import blocks

if TYPE_CHECKING:
    import torch

    Tensors = dict[str, torch.Tensor]

KEY = "people"
FEWEST_WINDOWS = 12
"""Of a patient, below which their level and amplitude say little."""
SILVERMAN = (4 / 3) ** 0.2


def unlikeness(targets: Targets) -> State:
    """How far a new patient may lie from the ones there are, in level and in amplitude.

    Between k patients there are gaps, the wider the fewer they are. A smoothed bootstrap
    fills them: a patient is drawn with noise as wide as a kernel estimate of the patients'
    density would have it, sd * (4 / 3k)^(1/5). Of one patient nothing is known of others.
    Sources: Silverman 1986, Density Estimation, equation 3.28; Silverman and Young 1987,
    doi:10.1093/biomet/74.3.469.

    Args:
        targets: of the training windows; ``patient`` says whose each is.

    Returns:
        ``level``, in the series' unit, the width of patients' mean values; ``amplitude``,
        that of the logarithm of how far their values move within the horizon.
    """
    whose: Rows | None = targets.arrays.get("patient")
    if whose is None:
        return {"level": 0.0, "amplitude": 0.0}
    sums = _sums(targets, whose)
    enough = (sums[0] >= FEWEST_WINDOWS) & (sums[2] > 0) & (sums[3] > 0)
    windows, levels, squares, known = sums[:, enough]
    return {
        "level": _width(levels / windows),
        "amplitude": _width(np.log(squares / known) / 2),
    }


def _sums(targets: Targets, whose: Rows) -> Array:
    """(4, patients): windows, sum of last values, of squared moves, and how many were known."""
    arrays = targets.arrays
    patients = 1 + max(int(whose[rows].max()) for rows in blocks(len(whose)))
    sums = np.zeros((4, patients))
    for rows in blocks(len(whose)):
        last = arrays["last"][rows].astype(np.float64)
        known = arrays["known"][rows]
        squares = np.where(known, arrays["truth"][rows] - last[:, None], 0.0) ** 2
        each = (np.ones(len(last)), last, squares.sum(axis=1), known.sum(axis=1))
        own = whose[rows]
        sums += [np.bincount(own, weights=values, minlength=patients) for values in each]
    return sums


def _width(values: Array) -> float:
    """Bandwidth of a normal kernel over k values; 0 for fewer than two."""
    if len(values) < 2:
        return 0.0
    return float(values.std(ddof=1) * SILVERMAN * len(values) ** -0.2)


def as_others(
    inputs: Tensors, targets: Tensors, state: State, *, generator: torch.Generator
) -> tuple[Tensors, Tensors]:
    """A batch in which every window, with what came after it, is another person's.

    Args:
        inputs: of the network, unstandardised; the series is the first channel of its array.
        targets: ``truth`` (B, S) and ``last`` (B,).
        state: of the task, with what `unlikeness` found.
        generator: draws for each window how much larger its swings are, and how much higher
            it lies.
    """
    import torch

    history = inputs[state["series"]]
    last = history[:, :1, -1:]
    drawn = torch.randn((2, len(history), 1, 1), generator=generator).to(history.device)
    times = torch.exp(state[KEY]["amplitude"] * drawn[0])
    moved = last + state[KEY]["level"] * drawn[1]
    own = moved + (history[:, :1] - last) * times
    truth = moved[:, 0] + (targets["truth"] - last[:, 0]) * times[:, 0]
    return (
        {**inputs, state["series"]: torch.cat([own, history[:, 1:]], dim=1)},
        {**targets, "truth": truth, "last": moved[:, 0, 0]},
    )
