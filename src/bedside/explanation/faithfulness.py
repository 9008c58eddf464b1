"""Are explanations true? Hide what they mark, and look at the answer.

Deletion and insertion (Petsiuk 2018, arXiv:1806.07421): elements are hidden in the order of a
map, most important first, or shown in that order where all was hidden. The control is an
order drawn by lot whose marks are smooth as well (`LOT_SMOOTH`). An explanation that is no
better than the lot, or that looks alike when the network's weights are drawn anew (Adebayo 2018,
arXiv:1810.03292), is unfit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from bedside.evaluation.bootstrap import interval, patient_weights
from bedside.explanation.smoothing import smoothed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedside.explanation.question import Question
    from bedside.explanation.surface import Surface
    from bedside.schema import Array

SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)
"""Of the elements, most important first."""
LOTS = 2
"""Orders drawn by lot for each case."""
LOT_SMOOTH = {"image": 1 / 16, "volume": 1 / 12, "signal": 1 / 24}
"""Standard deviation of the marks drawn by lot, as a share of the side."""
REPLICATES = 1000
CONFIDENCE = 0.95
ALIKE = 0.5
"""Mean rank correlation with the map of drawn weights from which a map is called the same."""


@dataclass(frozen=True)
class Curves:
    """What hiding and showing did, N cases and S shares, as `Asked.shown` reads it.

    Of an answer in a unit, such as a forecast: how far it moved from that to the whole case.

    Args:
        deletion: (N, S) answer with so much hidden in the map's order.
        insertion: (N, S) answer with so much shown in the map's order.
        deletion_lot: (N, S) the same by lot.
        insertion_lot: (N, S) the same by lot.
    """

    deletion: Array
    insertion: Array
    deletion_lot: Array
    insertion_lot: Array

    def gains(self, *, moves: bool) -> dict[str, Array]:
        """(N,) each: how much better than the lot, as areas between the curves.

        Args:
            moves: what stands in the curves is how far the answer moved, either way; else it
                is the answer, which a good deletion lowers.
        """
        sign = -1.0 if moves else 1.0
        return {
            "deletion": sign * (_area(self.deletion_lot) - _area(self.deletion)),
            "insertion": sign * (_area(self.insertion) - _area(self.insertion_lot)),
        }


def lot_curves(
    question: Question,
    arrays: Mapping[str, torch.Tensor],
    surface: Surface,
    *,
    which: torch.Tensor,
    seed: int,
) -> tuple[Array, Array]:
    """(N, S) answers by orders drawn by lot, hidden and shown: the control of every method."""
    there = surface.there(arrays).flatten(1)
    generator = torch.Generator().manual_seed(seed)
    share = LOT_SMOOTH.get(surface.form, 0.0)
    hidden, shown = [], []
    for _ in range(LOTS):
        drawn = torch.rand((len(there), 1, *surface.grid), generator=generator)
        drawn = smoothed(drawn, [share * side for side in surface.grid])[:, 0].to(there.device)
        ranks = _ranks(drawn.flatten(1), there)
        one, other = _answers(question, arrays, surface, which=which, ranks=ranks)
        hidden.append(one)
        shown.append(other)
    return np.mean(hidden, axis=0), np.mean(shown, axis=0)


def measure_curves(
    question: Question,
    arrays: Mapping[str, torch.Tensor],
    surface: Surface,
    *,
    which: torch.Tensor,
    maps: torch.Tensor,
    lots: tuple[Array, Array],
) -> Curves:
    """Hide and show elements in the order of maps (B, *grid), beside `lot_curves`.

    Of an answer in a unit, what speaks against it moves it as well: strength alone counts.
    """
    maps = maps.abs() if question.asked.unit else maps
    ranks = _ranks(maps.flatten(1), surface.there(arrays).flatten(1))
    return Curves(*_answers(question, arrays, surface, which=which, ranks=ranks), *lots)


def _ranks(scores: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
    """(B, n) place of each element by falling score, as a share of those there are; 2 where none.

    Equal scores keep the order of the elements.
    """
    shown = torch.where(there, scores.float(), torch.full_like(scores, -torch.inf).float())
    order = torch.argsort(shown, dim=1, descending=True, stable=True)
    places = torch.arange(scores.shape[1], device=scores.device, dtype=torch.float32)
    ranks = torch.empty_like(shown).scatter_(1, order, places.expand_as(shown).contiguous())
    ranks = (ranks + 0.5) / there.sum(dim=1, keepdim=True).clamp_min(1)
    return torch.where(there, ranks, torch.full_like(ranks, 2.0))


def _answers(
    question: Question,
    arrays: Mapping[str, torch.Tensor],
    surface: Surface,
    *,
    which: torch.Tensor,
    ranks: torch.Tensor,
) -> tuple[Array, Array]:
    """(N, S) answers as shares of the best elements are hidden, and as they are shown."""
    moves = bool(question.asked.unit)
    whole = question.asked.shown(question.look(arrays, which)) if moves else None
    nothing = surface.nothing(arrays)
    deletion: list[Array] = []
    insertion: list[Array] = []
    for share in SHARES:
        best = (ranks <= share).reshape(-1, *surface.grid)
        for kept, found in ((~best, deletion), (best, insertion)):
            left = surface.keeping(arrays, kept, nothing)
            answer = question.asked.shown(question.look(left, which))
            moved = answer if whole is None else (answer - whole).abs()
            found.append(moved.cpu().numpy())
    return np.stack(deletion, axis=1), np.stack(insertion, axis=1)


def _area(curves: Array) -> Array:
    """(N, S) -> (N,): mean height over all shares."""
    return np.asarray(np.trapezoid(curves, np.asarray(SHARES), axis=1))


@dataclass(frozen=True)
class Likeness:
    """How much maps are those of a network with drawn weights.

    Args:
        each: (N,) rank correlation of each case's two maps, absolute unless these are compared
            with their signs; of maps without any difference between elements 0.
    """

    each: Array

    @property
    def mean(self) -> float:
        """Over cases."""
        return float(self.each.mean())


def likeness(
    maps: torch.Tensor, others: torch.Tensor, there: torch.Tensor, *, signed: bool = False
) -> Likeness:
    """Compare maps (B, *grid) with those of drawn weights, by how strongly they mark.

    `signed`: what speaks for the answer is told from what speaks against it, and maps that say the
    opposite are not alike. Of a table, a cell far from the usual one makes a long bar under any
    weights; where it points is learnt.
    """
    from scipy.stats import rankdata

    found = []
    shape = (len(maps), -1)
    compared = (maps, others) if signed else (maps.abs(), others.abs())
    columns = (each.reshape(shape).cpu().numpy() for each in (*compared, there))
    for ours, theirs, known in zip(*columns, strict=True):
        if not known.any():  # a text without a known word has no marks to compare
            found.append(0.0)
            continue
        own, other = rankdata(ours[known]), rankdata(theirs[known])
        spread = own.std() * other.std()
        centred = ((own - own.mean()) * (other - other.mean())).mean()
        alike = centred / spread if spread > 0 else 0.0
        found.append(alike if signed else abs(alike))
    return Likeness(np.array(found))


@dataclass(frozen=True)
class Verdict:
    """Whether an explanation may be believed, and by what.

    Args:
        gains: ``deletion`` and ``insertion`` -> mean gain over the lot with its interval.
        alike: mean rank correlation with the maps of drawn weights.
        fit: both gains are above 0 with their intervals, and the maps are not alike.
        why: in plain words.
    """

    gains: dict[str, tuple[float, float, float]]
    alike: float
    fit: bool
    why: str


def judge(
    gains: Mapping[str, Array], alike: Likeness, *, groups: Array, seed: int, moves: bool = False
) -> Verdict:
    """Put curves and likeness together.

    Args:
        gains: of `Curves.gains`, (N,) each.
        alike: of the same cases.
        groups: (N,) integers, equal for cases of one patient.
        seed: of the resamples.
        moves: as in `Curves.gains`: what is told is that the answer moves, either way.
    """
    lowers, raises = ("moves", "brings back") if moves else ("lowers", "raises")
    found = {name: _with_interval(own, groups, seed=seed) for name, own in gains.items()}
    faults = []
    # so that what is not a number never passes
    if not found["deletion"][1] > 0:
        faults.append(f"hiding what it marks {lowers} the answer no more than hiding by lot")
    if not found["insertion"][1] > 0:
        faults.append(f"showing what it marks {raises} the answer no more than showing by lot")
    if not alike.mean < ALIKE:
        faults.append("it looks alike when the network's weights are drawn anew")
    why = (
        f"hiding what it marks {lowers} the answer more than hiding by lot, showing it alone "
        "brings the answer back sooner, and it changes when the network's weights are drawn anew"
    )
    return Verdict(found, alike.mean, not faults, "; ".join(faults) or why)


def _with_interval(values: Array, groups: Array, *, seed: int) -> tuple[float, float, float]:
    """Mean and its interval over patients."""
    drawn = [
        (weights @ values) / weights.sum(axis=1)
        for weights in patient_weights(
            groups, replicates=REPLICATES, rng=np.random.default_rng(seed)
        )
    ]
    mean = float(values.mean())
    low, high = interval(np.concatenate(drawn), CONFIDENCE, estimate=mean) or (mean, mean)
    return mean, low, high
