"""Explain a network: choose cases, draw maps with every method, test them, keep the best.

Enters: a question, prepared cases of validation (for the tests) and of test (to show).
Leaves: an `Explained` for each input that can be explained. How much is done depends on the
sizes of the data alone, never on the clock, so that the same run says the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from bedside.errors import StudyError, sentence
from bedside.explanation import ORDER
from bedside.explanation import REGISTRY as METHODS
from bedside.explanation.faithfulness import (
    Curves,
    Verdict,
    judge,
    likeness,
    lot_curves,
    measure_curves,
)
from bedside.explanation.question import at_once

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bedside.explanation.question import Question, Tensors
    from bedside.explanation.surface import Surface
    from bedside.schema import Array, Rows

TESTED = 24
"""Cases on which a method is tested."""
FEWEST_TESTED = 6
PLAIN_ELEMENTS = 2**14
"""Of inputs with more elements fewer cases are tested."""
AT_ONCE = 8
"""Cases whose maps are drawn together."""
MOST_LOOKED_AT, BLOCK = 2_000, 64
"""Cases among which the surest are looked for, and how many of them are in memory at a time."""


@dataclass(frozen=True)
class Tested:
    """A method on one input, and its test.

    Args:
        name: of the method.
        curves: what hiding and showing did.
        verdict: whether it may be believed.
        cases: on which it was tested.
    """

    name: str
    curves: Curves
    verdict: Verdict
    cases: int


@dataclass(frozen=True)
class Look:
    """What the network looked at in one case.

    Args:
        case: place among the cases of the part.
        which: number that is explained.
        answer: that number, as people read it.
        map: (*grid) how much each element speaks for it, below 0 against it.
    """

    case: int
    which: int
    answer: float
    map: Array


@dataclass(frozen=True)
class Explained:
    """All of one input.

    Args:
        surface: what maps are drawn on.
        method: name of the one that is shown.
        tested: every method that was tested, the one that is shown among them.
        looks: cases that are shown.
        cohort: (n, *grid) maps of cases that the view of the cohort is made of.
        cohort_cases: (n,) which.
        cohort_which: (n,) number of each that is explained.
    """

    surface: Surface
    method: str
    tested: Sequence[Tested]
    looks: Sequence[Look]
    cohort: Array
    cohort_cases: Array
    cohort_which: Array


def explain_input(
    questions: tuple[Question, Question],
    surface: Surface,
    *,
    tests: Mapping[str, Rows],
    groups: Array,
    shown: Mapping[str, Rows],
    cases: Sequence[int],
    method: str = "auto",
    seed: int = 7,
) -> Explained:
    """Test the methods that suit an input, and explain some cases by the best of them.

    Args:
        questions: what is explained; the same question to a network with weights drawn anew.
        surface: the input.
        tests: prepared cases on which methods are tested.
        groups: integers, equal for cases of one patient, of all of them.
        shown: prepared cases of which some are explained.
        cases: which.
        method: by name, or ``auto``: the first that passes, else the first.
        seed: of the test's lots.

    Raises:
        StudyError: the method does not suit the input.
    """
    question, _ = questions
    names = suiting(question, surface, method=method)
    rows = chosen_for_tests(question, tests, surface)
    arrays = taken(tests, rows, question)
    which = question.asked.chosen(question.look(arrays))
    lots = lot_curves(question, arrays, surface, which=which, seed=seed)
    tested: list[Tested] = []
    for name in names:
        if METHODS.load(name).costly and any(one.verdict.fit for one in tested):
            continue
        tested.append(
            _tested(name, questions, surface, arrays=arrays, which=which,
                    groups=groups[rows], lots=lots, seed=seed)
        )  # fmt: skip
    best = next((one.name for one in tested if one.verdict.fit), names[0])
    looks = look_at(question, surface, shown, cases=cases, method=best)
    many = chosen_for_tests(question, shown, surface)
    own = taken(shown, many, question)
    asked = question.asked.chosen(question.look(own))
    cohort = draw_maps(question, own, surface, which=asked, method=best)
    return Explained(surface, best, tested, looks, cohort.cpu().numpy(), many, asked.cpu().numpy())


def suiting(question: Question, surface: Surface, *, method: str = "auto") -> list[str]:
    """Names of the methods that can explain an input, the best first; or the one asked for.

    Raises:
        StudyError: that one is unknown, or does not suit it; or none does.
    """
    among = ORDER[surface.form] if method == "auto" else (method,)
    found = [name for name in among if METHODS.load(name).suits(question, surface)]
    if not found:
        raise StudyError(
            sentence(
                "explanation.method",
                expected=f"one that suits a {surface.form}: {', '.join(ORDER[surface.form])}",
                got=method,
                remedy="Name another, or auto",
            )
        )
    return found


def chosen_for_tests(question: Question, arrays: Mapping[str, Rows], surface: Surface) -> Array:
    """Rows of the cases on which methods are tested: those of which the answer is surest.

    An explanation of "nothing is there" marks nothing, so there is nothing to hide. Of answers
    in a unit none is surer than another: cases are spread evenly.
    """
    count = len(next(iter(arrays.values())))
    wanted = max(FEWEST_TESTED, min(TESTED, TESTED * PLAIN_ELEMENTS // surface.elements))
    if question.asked.unit:
        return np.unique(np.linspace(0, count - 1, min(wanted, count)).astype(int))
    looked = np.arange(min(count, MOST_LOOKED_AT))
    blocks = np.array_split(looked, -(-len(looked) // BLOCK))
    found = [question.look(taken(arrays, rows, question)).amax(dim=1) for rows in blocks]
    best = np.argsort(-torch.cat(found).cpu().numpy(), kind="stable")[:wanted]
    return np.asarray(np.sort(best))


def taken(arrays: Mapping[str, Rows], rows: Array, question: Question) -> Tensors:
    """Some cases as tensors, where the network is."""
    device = next(question.network.parameters()).device
    return {name: torch.from_numpy(own[rows].copy()).to(device) for name, own in arrays.items()}


def draw_maps(
    question: Question,
    arrays: Mapping[str, torch.Tensor],
    surface: Surface,
    *,
    which: torch.Tensor,
    method: str,
) -> torch.Tensor:
    """(B, *grid) maps by a method, some cases at a time."""
    attribute = METHODS.load(method).attribute
    parts, step = [], min(AT_ONCE, at_once(arrays))
    for start in range(0, len(which), step):
        rows = slice(start, start + step)
        own = {name: values[rows] for name, values in arrays.items()}
        parts.append(attribute(question, own, surface, which=which[rows]).detach().float())
    return torch.cat(parts)


def look_at(
    question: Question,
    surface: Surface,
    arrays: Mapping[str, Rows],
    *,
    cases: Sequence[int],
    method: str,
) -> list[Look]:
    """Explain some cases."""
    if not len(cases):
        return []
    own = taken(arrays, np.asarray(cases), question)
    scores = question.look(own)
    which = question.asked.chosen(scores)
    answers = question.asked.shown(scores.gather(1, which[:, None])[:, 0])
    maps = draw_maps(question, own, surface, which=which, method=method)
    return [
        Look(int(case), int(which[i]), float(answers[i]), maps[i].cpu().numpy())
        for i, case in enumerate(cases)
    ]


def _tested(
    name: str,
    questions: tuple[Question, Question],
    surface: Surface,
    *,
    arrays: Tensors,
    which: torch.Tensor,
    groups: Array,
    lots: tuple[Array, Array],
    seed: int,
) -> Tested:
    question, drawn = questions
    maps = draw_maps(question, arrays, surface, which=which, method=name)
    others = draw_maps(drawn, arrays, surface, which=which, method=name)
    curves = measure_curves(question, arrays, surface, which=which, maps=maps, lots=lots)
    alike = likeness(maps, others, surface.there(arrays), signed=surface.form == "table")
    moves = bool(question.asked.unit)
    verdict = judge(curves.gains(moves=moves), alike, groups=groups, seed=seed, moves=moves)
    return Tested(name, curves, verdict, len(which))
