"""Starting from the network of another run instead of from random weights.

Enters: ``model.start_from`` and the study's fresh network. Leaves: the network with the
other run's encoders, and with its fusion and head where they answer the same question; and
a plain record of what was taken, which the run keeps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedside.data.seen import CONTENTS, Seen, place_of, read_seen
from bedside.errors import StudyError, sentence
from bedside.run_folder import RunFolder, read_json
from bedside.study import Study
from bedside.training.checkpoint import load_checkpoint
from bedside.training.loop import CHECKPOINT

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from torch import nn

    from bedside.models.network import InputPlan
    from bedside.schema import Targets

KEY = "model.start_from"
PLAN = "network.json"
"""Beside each checkpoint: how its network is made and where its weights began."""
AFTER = {"fusion": "fusion", "head": "answer"}
"""What follows the encoders -> the word of the plan that must be the same."""
CALIBRATION = ("head.shift", "head.temperature")
"""Fitted on a study's own validation part."""


@dataclass(frozen=True)
class Origin:
    """A finished run whose networks may be started from.

    Args:
        name: of its folder.
        networks: model -> its plan, the model that the run chose first.
        folder: of the run.
        seen: what its networks have seen.
    """

    name: str
    networks: Mapping[str, dict[str, Any]]
    folder: RunFolder
    seen: Seen


def network_plan(
    plans: Mapping[str, InputPlan], *, study: Study, targets: Targets
) -> dict[str, Any]:
    """How a network is made, plain JSON: enough to say whether weights fit another."""
    return {
        "inputs": {
            name: {
                "encoder": plan.encoder,
                "shapes": {array: list(shape) for array, shape in plan.shapes.items()},
            }
            for name, plan in plans.items()
        },
        "fusion": study.model.fusion,
        "answer": [study.target.task, targets.kind, *targets.names],
    }


def find_origin(study: Study, folder: RunFolder) -> Origin | None:
    """The run that a study starts from, None where it starts from random weights.

    Args:
        study: its `model.start_from` names the folder of a run, or a checkpoint in it.
        folder: of this study's own run.

    Raises:
        StudyError: there is no such run, or it is this very one.
        RunError: it is not finished, damaged, or does not say what its networks have seen.
    """
    given = study.model.start_from
    if given is None:
        return None
    given = given.absolute()
    root = given.parent.parent.parent if given.suffix == ".safetensors" else given
    if root.resolve() == folder.root.resolve():
        raise _refusal(
            "another run", "this run's own folder", "Go on with a run by --resume instead"
        )
    if not given.exists():
        if (folder.checkpoint / CONTENTS).exists():  # what has begun can go on without it
            return None
        raise no_such_run(given)
    run = RunFolder(root)
    if not run.metrics.exists() or not run.study.exists():
        raise _refusal(
            "the folder of a finished run",
            f"'{given.name}' without metrics.json and study.yaml",
            "Name the run's folder, or finish that run with --resume",
        )
    networks = _networks(run, only=given.parent.name if given != root else None)
    seen = read_seen(run, place=place_of(Study.load(run.study).data))
    return Origin(root.name, networks, run, seen)


def no_such_run(given: Path) -> StudyError:
    """The refusal of a run that is not there."""
    return _refusal("the folder of a run", f"no such folder '{given.name}'", "Correct the path")


def _networks(run: RunFolder, *, only: str | None) -> dict[str, dict[str, Any]]:
    """Model -> plan of every network with a checkpoint; the one that the run chose comes first."""
    chosen = read_json(run.metrics).get("deep")
    there = [path.parent.name for path in sorted(run.checkpoint.glob(f"*/{CHECKPOINT}"))]
    names = [name for name in there if only in (None, name)]
    names = sorted(names, key=lambda name: name != chosen)
    if not names:
        raise _refusal(
            f"a run with checkpoint/<network>/{CHECKPOINT}",
            f"run '{run.root.name}' without one",
            "Run its study again, or leave start_from out",
        )
    return {name: read_json(run.checkpoint / name / PLAN) for name in names}


def begin_from(
    origin: Origin, network: nn.Module, plan: Mapping[str, Any]
) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Weights for a fresh network, taken from a run where they fit, and what was taken.

    Every encoder whose input the run knows must fit whole. Inputs are matched by name, or
    where both have exactly one, that one; the encoders of further inputs stay fresh. Fusion
    and head are taken where all inputs are matched and the question is the same. The fitted
    state of the modalities and the calibration stay this study's own.

    Args:
        origin: the run.
        network: freshly made.
        plan: of that network, as `network_plan` tells it.

    Returns:
        A whole state for the network, and a record: ``run``, ``model``, ``inputs``
        (this study's name -> that run's), ``taken`` and ``fresh`` (parts), ``tensors``
        (how many were taken), ``weights`` (their digest).

    Raises:
        StudyError: no input matches, or an encoder or its shapes differ.
        RunError: the checkpoint is damaged.
    """
    model, inputs = _fitting(origin, plan)
    theirs = origin.networks[model]
    best = _best_weights(origin, model)
    state = dict(network.state_dict())
    taken: dict[str, torch.Tensor] = {}
    for name, other in inputs.items():
        ours, source = _encoder_of(plan, name), _encoder_of(theirs, other)
        own = {key.removeprefix(ours): t for key, t in state.items() if key.startswith(ours)}
        there = {key.removeprefix(source): t for key, t in best.items() if key.startswith(source)}
        _refuse_other_shapes(own, there, plans=(plan["inputs"][name], theirs["inputs"][other]))
        taken |= {ours + key: there[key] for key in own}
    whole = list(inputs.values()) == list(theirs["inputs"]) and len(inputs) == len(plan["inputs"])
    also = _also_fitting(state, best, plans=(plan, theirs)) if whole else {}
    for tensors in also.values():
        taken |= tensors
    encoders = {name: f"encoder of {name}" for name in plan["inputs"]}
    record = {
        "run": origin.name,
        "model": model,
        "inputs": inputs,
        "taken": [*(words for name, words in encoders.items() if name in inputs), *also],
        "fresh": [
            *(words for name, words in encoders.items() if name not in inputs),
            *(part for part in AFTER if part not in also and _own_keys(state, part)),
        ],
        "tensors": len(taken),
        "weights": _digest(taken),
    }
    return state | taken, record


def _best_weights(origin: Origin, model: str) -> dict[str, torch.Tensor]:
    found = load_checkpoint(origin.folder.checkpoint / model / CHECKPOINT)
    if found is None:
        raise no_such_run(origin.folder.checkpoint / model / CHECKPOINT)
    return found.group("best")


def _fitting(origin: Origin, plan: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """The first network of the run whose encoders are this one's, and which inputs match."""
    first = next(iter(origin.networks.values()))
    inputs = _matched(list(plan["inputs"]), list(first["inputs"]), run=origin.name)
    for model, theirs in origin.networks.items():
        if all(
            plan["inputs"][name]["encoder"] == theirs["inputs"][other]["encoder"]
            for name, other in inputs.items()
        ):
            return model, inputs
    wanted = [f"'{plan['inputs'][name]['encoder']}' for input '{name}'" for name in inputs]
    raise _refusal(
        f"a network with the encoder {' and '.join(wanted)}",
        f"run '{origin.name}' with {', '.join(origin.networks)}",
        "Name that encoder under model.encoders, or leave start_from out",
    )


def _matched(ours: list[str], theirs: list[str], *, run: str) -> dict[str, str]:
    """Input of this study -> input of the run."""
    matched = {name: name for name in ours if name in theirs}
    if not matched and len(ours) == len(theirs) == 1:
        matched = {ours[0]: theirs[0]}
    if not matched:
        raise _refusal(
            f"an input named {' or '.join(ours)} there too",
            f"run '{run}' with the inputs {', '.join(theirs)}",
            "Give the input the same name in both studies",
        )
    return matched


def _encoder_of(plan: Mapping[str, Any], name: str) -> str:
    """How the tensors of an input's encoder are called; a network holds them in a list."""
    return f"encoders.{list(plan['inputs']).index(name)}."


def _own_keys(state: Mapping[str, torch.Tensor], part: str) -> list[str]:
    return [key for key in state if key.startswith(f"{part}.") and key not in CALIBRATION]


def _also_fitting(
    state: Mapping[str, torch.Tensor],
    best: Mapping[str, torch.Tensor],
    *,
    plans: tuple[Mapping[str, Any], Mapping[str, Any]],
) -> dict[str, dict[str, torch.Tensor]]:
    """Fusion and head, each where it has weights, answers the same and has the same shapes."""
    found = {}
    for part, word in AFTER.items():
        keys = _own_keys(state, part)
        fits = all(key in best and best[key].shape == state[key].shape for key in keys)
        if keys and fits and plans[0][word] == plans[1][word]:
            found[part] = {key: best[key] for key in keys}
    return found


def _refuse_other_shapes(
    ours: Mapping[str, torch.Tensor],
    there: Mapping[str, torch.Tensor],
    *,
    plans: tuple[Mapping[str, Any], Mapping[str, Any]],
) -> None:
    shapes = [{key: tuple(t.shape) for key, t in tensors.items()} for tensors in (ours, there)]
    differing = [key for key in {**ours, **there} if shapes[0].get(key) != shapes[1].get(key)]
    if not differing:
        return
    first = differing[0]
    told = [
        f"encoder '{plan['encoder']}' for {_case_shapes(plan)}, {first} {own.get(first, 'absent')}"
        for plan, own in zip(plans, shapes, strict=True)
    ]
    remedy = "Give the input the same size and channels there and here, or leave start_from out"
    raise _refusal(told[0], told[1], remedy)


def _case_shapes(plan: Mapping[str, Any]) -> str:
    return " and ".join(f"{name} {tuple(shape)}" for name, shape in plan["shapes"].items())


def _digest(tensors: Mapping[str, torch.Tensor]) -> str:
    digest = hashlib.sha256()
    for key, tensor in sorted(tensors.items()):
        digest.update(f"{key}{tensor.dtype}{tuple(tensor.shape)}".encode())
        digest.update(tensor.contiguous().numpy().data)
    return digest.hexdigest()[:16]


def _refusal(expected: str, got: str, remedy: str) -> StudyError:
    return StudyError(sentence(KEY, expected=expected, got=got, remedy=remedy))
