"""What is asked of a task that writes or outlines its answer, and of one that does not.

Enters: a task with its network. Leaves: the cases as the network learns from them, its parts,
and its raw outputs; for most tasks a network is one part and its outputs are what it answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from bedside.abilities import Asker, Outliner, Writer
from bedside.models.network import as_callable
from bedside.schema import Arrays, Rows, State, Task

if TYPE_CHECKING:
    from torch import nn

    from bedside.training.loader import Prepared
    from bedside.training.preparation import Preparation

Answering: TypeAlias = Callable[[Mapping[str, Rows]], Arrays]
MAIN = "network"
"""The one part of most networks."""


def fitted(task: Task, preparation: Preparation, state: State, *, carry_cases: bool) -> State:
    """The task's state with what it learns from the inputs of training cases too."""
    if not isinstance(task, Asker) or not preparation.states:
        return state  # where no input was prepared, peers alone are judged
    training = preparation.parts["train"]
    return task.fit_inputs(
        (training.arrays, training.targets),
        state,
        states=preparation.states,
        carry_cases=carry_cases,
    )


def as_learnt(task: Task, part: Prepared, state: State, *, seed: int | None) -> Prepared:
    """A part as a network learns from it: with the answers among its arrays, or as patches.

    Args:
        task: of the network.
        part: its cases.
        state: of the task.
        seed: of where patches lie; None where the part is measured on.
    """
    if isinstance(task, Outliner):
        arrays, targets = task.patches(part.arrays, part.targets, state, seed=seed)
        return replace(part, arrays=arrays, targets=targets, rows=np.arange(count_of(arrays)))
    if not isinstance(task, Writer):
        return part
    return replace(part, arrays={**part.arrays, **task.told(part.targets, state)})


def parts_of(task: Task, network: nn.Module) -> dict[str, nn.Module]:
    """What a package holds of a trained network, by name."""
    return task.networks(network) if isinstance(task, Asker) else {MAIN: network}


def raw_outputs(task: Task, network: nn.Module, state: State) -> Answering:
    """A trained network as arrays of cases -> raw outputs, as a task calibrates and infers."""
    networks = {name: as_callable(part) for name, part in parts_of(task, network).items()}
    if not isinstance(task, Asker):
        return networks[MAIN]
    return lambda arrays: task.write(networks, arrays, state)


def count_of(arrays: Mapping[str, Rows]) -> int:
    """How many rows arrays have."""
    return len(next(iter(arrays.values())))
