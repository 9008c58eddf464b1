"""The deep candidates of a study: one network per choice of encoders.

Enters: prepared parts and the study. Leaves: trained networks with their
stories; which one is *the* deep model is decided later, on validation.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import torch

from bedside.abilities import Outliner
from bedside.models.network import InputPlan, StudyNetwork
from bedside.training.estimate import estimate_cost
from bedside.training.familiarity import make_familiar
from bedside.training.loop import Job, Story, train
from bedside.training.origin import network_plan
from bedside.training.planning import tell_plan
from bedside.training.precision import choose_device
from bedside.training.recipe import make_recipe
from bedside.training.start import Begun, Record, Start, words
from bedside.training.writers import as_learnt, raw_outputs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from torch import nn

    from bedside.models.pretrained_writer import PretrainedWriter
    from bedside.progress import Progress
    from bedside.run_folder import RunFolder
    from bedside.schema import Arrays, Modality, State, Task
    from bedside.study import Study
    from bedside.training.loader import Prepared
    from bedside.training.preparation import Preparation


PRETRAINED = "pretrained"
"""Name of a model that is read whole from a folder."""


@dataclass(frozen=True)
class Trained:
    """A trained network, how it got there, and its raw outputs on the other parts.

    Args:
        name: of the model.
        network: with the weights of its best epoch.
        story: of its epochs.
        outputs: part -> raw outputs, of all parts but train.
        timing: seconds and cases a second.
        recipe: what every ``auto`` became, the epoch that was kept and, where the network
            did not begin with random weights, ``start_from``; plain JSON.
    """

    name: str
    network: nn.Module
    story: Story
    outputs: dict[str, Arrays]
    timing: dict[str, float]
    recipe: dict[str, Any]


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
) -> Job:
    """Build the network of one choice from the study's seed, and its job."""
    parts, seed = preparation.parts, study.training.seed
    training = as_learnt(task, parts["train"], state, seed=seed)
    plans = input_plans(encoders, training, preparation.states)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # modules draw their first weights from it
        network = _network(study, plans, task=task, state=state)
    task.start(network.head, training.arrays, training.targets)
    validation = as_learnt(task, parts["validation"], state, seed=None)
    name = model_name(encoders)
    return Job(
        name=name,
        network=network,
        task=task,
        state=state,
        train=training,
        validation=validation,
        recipe=make_recipe(
            len(parts["train"]),
            study.training,
            kind=training.targets.kind,
            pretrained=study.model.pretrained is not None,
            voxels=math.prod(next(iter(training.arrays.values())).shape[2:]),
        ),
        modalities=modalities if study.training.augment else {},
        seed=seed,
        device=choose_device(study.device),
        precision=study.training.precision,
        folder=None if folder is None else folder / name,
    )


def train_candidates(
    study: Study,
    modalities: Mapping[str, Modality],
    preparation: Preparation,
    *,
    task: Task,
    state: State,
    start: Start,
    folder: RunFolder,
    progress: Progress,
) -> dict[str, Trained]:
    """Train one network per choice of encoders, after saying what each will cost.

    All are made and given their first weights before the first is trained, so that weights
    that do not fit are refused at once.

    Args:
        study: names the encoders and the recipe.
        modalities: by input.
        preparation: prepared parts and states.
        task: gives head and loss.
        state: of the task, fitted on training targets.
        start: where networks begin, or that they go on from their checkpoints.
        folder: of the run; checkpoints go into it, one folder a candidate.
        progress: bars and log.
    """
    begun: list[Begun] = []
    for encoders in candidate_encoders(study, modalities, task):
        job = make_job(
            study,
            encoders,
            modalities=modalities,
            preparation=preparation,
            task=task,
            state=state,
            folder=folder.checkpoint,
        )
        plans = input_plans(encoders, job.train, preparation.states)
        plan = network_plan(plans, study=study, targets=job.train.targets)
        begun.append((job, plan, start.begin(job, plan)))
    tell_plan(state, [job.recipe for job, _, _ in begun], folder=folder, progress=progress)
    start.keep(folder, begun)  # only now: what is refused before leaves no run behind
    jobs = [(job, record) for job, _, record in begun]
    with progress.stage("estimate"):
        _tell_costs(jobs, progress)
    trained: dict[str, Trained] = {}
    for job, record in jobs:
        with progress.stage(f"train {job.name}"):
            story = train(job, progress=progress, resume=start.resume)
        with progress.stage(f"predict {job.name}"):
            trained[job.name] = _with_outputs(job, story, preparation, begun=record)
    return trained


def _tell_costs(jobs: Sequence[tuple[Job, Record | None]], progress: Progress) -> None:
    """Say how each network begins and what it will cost, before the first is trained."""
    for job, begun in jobs:
        if begun is not None:
            progress.say(f"{job.name} {words(begun)}.")
            progress.log.write("start_from", model=job.name, words=words(begun))
        cost = estimate_cost(job)
        what = f"{len(job.train)} cases"
        if isinstance(job.task, Outliner):
            what = f"{job.recipe.epochs} times {job.drawn} patches"
        progress.say(f"Training {job.name} on {what}: {cost.words()}.")
        progress.log.write("estimate", model=job.name, **vars(cost))
    if len(jobs) > 1:
        progress.say(f"Validation will choose between {len(jobs)} networks, trained in turn.")


def _with_outputs(
    job: Job, story: Story, preparation: Preparation, *, begun: Record | None
) -> Trained:
    make_familiar(job)
    start = time.perf_counter()
    call = raw_outputs(job.task, job.network, job.state)
    parts = {part: own for part, own in preparation.parts.items() if part != "train"}
    outputs: dict[str, Arrays] = {part: call(own.arrays) for part, own in parts.items()}
    seconds = time.perf_counter() - start
    scored = sum(map(len, parts.values()))
    timing = {
        "train_seconds": round(story.seconds, 1),
        "cases_per_second_training": round(story.cases / max(story.seconds, 1e-9), 1),
        "cases_per_second_predict": round(scored / max(seconds, 1e-9), 1),
    }
    recipe = _recipe(job, story) | ({} if begun is None else {"start_from": begun})
    if job.name == PRETRAINED:
        recipe["pretrained"] = job.network.origin
    return Trained(job.name, job.network, story, outputs, timing, recipe)


def _recipe(job: Job, story: Story) -> dict[str, Any]:
    """What the study left to ``auto``, as it was used."""
    return {
        **vars(job.recipe),
        "epochs_done": story.epoch,
        "best_epoch": story.best_epoch,
        "parameters": sum(p.numel() for p in job.network.parameters()),
        "train_seconds": round(story.seconds, 1),
        "device": str(job.device),
        "precision": story.precision,
    }
