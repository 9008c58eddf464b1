"""The deep candidates of a study: one network per choice of encoders and way of training.

Enters: prepared parts and the study. Leaves: fresh networks with all that training needs
(`trained.train_candidates` does it).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import torch

from bedside.models.network import InputPlan, StudyNetwork
from bedside.training.job import Job
from bedside.training.origin import network_plan
from bedside.training.precision import choose_device
from bedside.training.pretraining import pretraining_job
from bedside.training.pseudo_labels import need_unlabelled, with_unlabelled
from bedside.training.recipe import make_recipe
from bedside.training.start import Record, Start
from bedside.training.ways import PLAIN, PRETRAIN, PSEUDO, START, Way
from bedside.training.writers import as_learnt

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bedside.models.pretrained_writer import PretrainedWriter
    from bedside.run_folder import RunFolder
    from bedside.schema import Modality, State, Task
    from bedside.study import Study
    from bedside.training.loader import Prepared
    from bedside.training.preparation import Preparation


PRETRAINED = "pretrained"
"""Name of a model that is read whole from a folder."""


@dataclass(frozen=True)
class Candidate:
    """A network before it is trained.

    Args:
        encoders: by input.
        way: it will be trained in.
        job: its training.
        plan: how it is made, plain JSON.
        begun: what it took from which run.
        before: the training on inputs alone that comes first, if any.
    """

    encoders: dict[str, str]
    way: Way
    job: Job
    plan: dict[str, Any]
    begun: Record | None
    before: Job | None = None


def candidate_encoders(
    study: Study, modalities: Mapping[str, Modality], task: Task
) -> list[dict[str, str]]:
    """Every choice of one encoder per input; inputs without a word get their default.

    That is the modality's, unless the task needs another for inputs of its kind. A pretrained
    model reads all of them.
    """
    if study.model.pretrained is not None:
        return [dict.fromkeys(modalities, PRETRAINED)]
    choices = []
    for name, modality in modalities.items():
        default = task.encoders.get(study.inputs[name].modality, modality.default_encoder)
        wanted = study.model.encoders.get(name, default)
        choices.append([wanted] if isinstance(wanted, str) else wanted)
    return [dict(zip(modalities, choice, strict=True)) for choice in product(*choices)]


def model_name(encoders: Mapping[str, str]) -> str:
    """``resnet`` for one input or the same for all, else ``xray=resnet,note=bag``."""
    if len(set(encoders.values())) == 1:
        return next(iter(encoders.values()))
    return ",".join(f"{name}={encoder}" for name, encoder in encoders.items())


def input_plans(
    encoders: Mapping[str, str], training: Prepared, states: Mapping[str, State]
) -> dict[str, InputPlan]:
    """What the network must know of each input of one choice of encoders.

    Args:
        encoders: by input.
        training: the cases as it learns from them.
        states: of the inputs' modalities.
    """
    return {
        name: InputPlan(
            encoder,
            {
                key.removeprefix(f"{name}."): values.shape[1:]
                for key, values in training.arrays.items()
                if key.startswith(f"{name}.")
            },
            states[name],
        )
        for name, encoder in encoders.items()
    }


def _network(
    study: Study, plans: Mapping[str, InputPlan], *, task: Task, state: State
) -> StudyNetwork | PretrainedWriter:
    """The network of one choice, with new weights or with those of a pretrained model."""
    if study.model.pretrained is None:
        return StudyNetwork(
            plans,
            fusion=study.model.fusion,
            head=lambda width: task.head(width, state),
            needs=task.needs,
        )
    from bedside.models.pretrained_writer import PretrainedWriter

    length = sum(plan.shapes["tokens"][0] for plan in plans.values())
    return PretrainedWriter(study.model.pretrained, state, length=length)


def make_job(
    study: Study,
    encoders: Mapping[str, str],
    *,
    modalities: Mapping[str, Modality],
    preparation: Preparation,
    task: Task,
    state: State,
    folder: Path | None = None,
    way: Way = PLAIN,
) -> Job:
    """Build the network of one choice from the study's seed, and its job."""
    parts, seed = preparation.parts, study.training.seed
    training = as_learnt(task, parts["train"], state, seed=seed)
    taught = PSEUDO in way.aids
    if taught:  # their answers come later, from another network
        training = with_unlabelled(training, need_unlabelled(preparation.unlabelled))
    plans = input_plans(encoders, training, preparation.states)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # modules draw their first weights from it
        network = _network(study, plans, task=task, state=state)
    task.start(network.head, training.arrays, training.targets)
    validation = as_learnt(task, parts["validation"], state, seed=None)
    name = way.of(model_name(encoders))
    return Job(
        name=name,
        network=network,
        task=task,
        state=state,
        train=training,
        validation=validation,
        recipe=make_recipe(
            len(training) if taught else len(parts["train"]),
            study.training,
            kind=training.targets.kind,
            pretrained=study.model.pretrained is not None,
            voxels=math.prod(next(iter(training.arrays.values())).shape[2:]),
            unlabelled=taught,
        ),
        modalities=way.vary(modalities) if study.training.augment else {},
        seed=seed,
        device=choose_device(study.device),
        precision=study.training.precision,
        folder=None if folder is None else folder / name,
    )


def make_candidate(
    what: tuple[Study, Task, State],
    encoders: dict[str, str],
    way: Way,
    *,
    modalities: Mapping[str, Modality],
    preparation: Preparation,
    start: Start,
    folder: RunFolder,
) -> Candidate:
    """A fresh network with its first weights, and all that is to be done with it."""
    study, task, state = what
    job = make_job(
        study, encoders, modalities=modalities, preparation=preparation,
        task=task, state=state, folder=folder.checkpoint, way=way,
    )  # fmt: skip
    plans = input_plans(encoders, job.train, preparation.states)
    plan = network_plan(plans, study=study, targets=job.train.targets)
    begun = (start if START in way.aids else start.afresh()).begin(job, plan)
    before = None
    if PRETRAIN in way.aids:
        before = pretraining_job(
            study, plans,
            job=job, modalities=modalities, preparation=preparation,
            name=replace(way, name=START if START in way.aids else "").of(model_name(encoders)),
        )  # fmt: skip
    return Candidate(encoders, way, job, plan, begun, before)
