"""Which cases are explained: by rule, the surest and the wrong ones, never by hand.

Enters: prediction and truth of a part. Leaves: cases with the group that each stands for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bedside.schema import Array, Prediction, Targets

YES_NO_TURNS = ("Found", "False alarm", "Missed", "Found", "Left alone", "Least certain")
CLASS_TURNS = ("Named rightly", "Named wrongly", "Named rightly", "Least certain")
"""Groups take turns until there are cases enough."""


@dataclass(frozen=True)
class Choice:
    """A case to explain, and why it was chosen."""

    case: int
    group: str


def choose_cases(prediction: Prediction, targets: Targets, *, count: int) -> list[Choice]:
    """So many cases of a part; of each group the surest, and of a tie the first."""
    if targets.kind in ("binary", "labels", "classes"):
        ranked = _classified(prediction, targets)
        turns = CLASS_TURNS if targets.kind == "classes" else YES_NO_TURNS
        return _in_turns(ranked, turns, count=count)
    known = np.flatnonzero(np.asarray(targets.arrays["known"][:]).any(axis=1))
    if targets.kind == "entities":  # a text in which nothing was found has nothing to explain
        cells = prediction.arrays["entities"]
        known = known[[bool(json.loads(cells[case])) for case in known]]
    places = np.linspace(0, max(len(known) - 1, 0), min(count, len(known))).astype(int)
    return [Choice(int(known[place]), "Evenly spread") for place in places]


def _classified(prediction: Prediction, targets: Targets) -> dict[str, Array]:
    """Group -> its cases, the surest first."""
    probability = np.asarray(prediction.arrays["probability"], dtype=float)
    decision = np.asarray(prediction.arrays["decision"], dtype=bool)
    truth, known = targets.arrays["truth"] > 0.5, targets.arrays["known"].astype(bool)
    rows = np.flatnonzero(known.all(axis=1))
    probability, decision, truth = probability[rows], decision[rows], truth[rows]
    every = np.arange(len(rows))
    named = probability.argmax(axis=1)
    sure = probability[every, named]
    ordered = np.sort(probability, axis=1)
    if targets.kind == "classes":
        right = truth[every, named]
        doubt = ordered[:, -1] - ordered[:, -2]
        groups = {
            "Named rightly": (right, -sure),
            "Named wrongly": (~right, -sure),
            "Least certain": (right | ~right, doubt),
        }
    else:
        yes, said = truth[every, named], decision[every, named]
        doubt = abs(sure - sure[said].min()) if said.any() else -sure
        groups = {
            "Found": (yes & said, -sure),
            "False alarm": (~yes & said, -sure),
            "Missed": (yes & ~said, sure),
            "Left alone": (~yes & ~said, sure),
            "Least certain": (yes | ~yes, doubt),
        }
    return {
        name: rows[[i for i in np.argsort(order, kind="stable") if among[i]]].astype(int)
        for name, (among, order) in groups.items()
    }


def _in_turns(ranked: dict[str, Array], turns: tuple[str, ...], *, count: int) -> list[Choice]:
    waiting = {name: list(cases) for name, cases in ranked.items()}
    chosen: list[Choice] = []
    while len(chosen) < count and any(waiting.values()):
        for name in turns:
            taken = {choice.case for choice in chosen}
            waiting[name] = [case for case in waiting[name] if int(case) not in taken]
            if waiting[name] and len(chosen) < count:
                chosen.append(Choice(int(waiting[name].pop(0)), name))
    order = list(dict.fromkeys(turns))
    return sorted(chosen, key=lambda choice: order.index(choice.group))
