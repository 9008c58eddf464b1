"""The chosen network of a finished run, with its weights, as it was judged.

Enters: the run folder's checkpoint and study, and the fitted states that its package holds.
Leaves: the network in evaluation mode; nothing is trained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedside.errors import RunError, StudyError, sentence
from bedside.models.network import InputPlan, StudyNetwork
from bedside.run_folder import RunFolder, read_json
from bedside.training.checkpoint import load_checkpoint
from bedside.training.loop import CHECKPOINT
from bedside.training.origin import PLAN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedside.schema import State, Task


def reopen_network(
    folder: RunFolder,
    *,
    task: Task,
    state: State,
    states: Mapping[str, State],
) -> StudyNetwork:
    """Build the network that a run chose, and give it the weights of its best epoch.

    Args:
        folder: of a finished run.
        task: what it predicts.
        state: of the task, calibrated.
        states: input -> state of its modality.

    Raises:
        RunError: the checkpoint is missing, damaged, or another network's.
        StudyError: the network is not one that a study builds.
    """
    model = str(read_json(folder.metrics)["deep"])
    place = folder.checkpoint / model
    plan = read_json(place / PLAN)
    if set(plan["inputs"]) != set(states):
        raise _refusal(model)
    plans = {
        name: InputPlan(
            own["encoder"],
            {array: tuple(shape) for array, shape in own["shapes"].items()},
            states[name],
        )
        for name, own in plan["inputs"].items()
    }
    try:
        network = StudyNetwork(
            plans,
            fusion=plan["fusion"],
            head=lambda width: task.head(width, state),
            needs=task.needs,
        )
    except StudyError:
        raise _refusal(model) from None
    found = load_checkpoint(place / CHECKPOINT)
    if found is None:
        raise _refusal(model)
    try:
        network.load_state_dict(found.group("best"))
    except RuntimeError:
        raise _refusal(model) from None
    network.head.carry(state)  # type: ignore[operator]
    return network.eval()


def _refusal(model: str) -> RunError:
    return RunError(
        sentence(
            f"checkpoint/{model}",
            expected="the network of this run, with its weights",
            got="another or none",
            remedy="Run the study again",
        )
    )
