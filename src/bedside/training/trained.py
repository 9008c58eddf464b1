"""All deep candidates of a study, trained in turn.

Enters: prepared parts, the study and where networks begin. Leaves: trained networks with their
stories and raw outputs; which one is *the* deep model is decided later, on validation.
"""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from bedside.abilities import Outliner
from bedside.training.candidates import (
    PRETRAINED,
    Candidate,
    candidate_encoders,
    make_candidate,
)
from bedside.training.estimate import estimate_cost
from bedside.training.familiarity import make_familiar
from bedside.training.loop import Job, Story, train
from bedside.training.planning import tell_plan
from bedside.training.pretraining import pretrain
from bedside.training.pseudo_labels import GENERATIONS, need_unlabelled, with_pseudo_labels
from bedside.training.start import Start, words
from bedside.training.ways import PRETRAIN, PSEUDO, differing, ways_of
from bedside.training.writers import raw_outputs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import nn

    from bedside.progress import Progress
    from bedside.run_folder import RunFolder
    from bedside.schema import Arrays, Modality, State, Task
    from bedside.study import Study
    from bedside.training.preparation import Preparation


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
        against: the model that differs in its way of training alone and that this one must
            beat on validation; None where it is held against none.
    """

    name: str
    network: nn.Module
    story: Story
    outputs: dict[str, Arrays]
    timing: dict[str, float]
    recipe: dict[str, Any]
    against: str | None = None


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
    made = [
        make_candidate(
            (study, task, state), encoders, way,
            modalities=modalities, preparation=preparation, start=start, folder=folder,
        )
        for encoders in candidate_encoders(study, modalities, task)
        for way in differing(ways_of(study), modalities)
    ]  # fmt: skip
    recipes = [own.job.recipe for own in made]
    tell_plan(state, recipes, folder=folder, progress=progress)
    # only now: what is refused before leaves no run behind
    start.keep(folder, [(own.job, own.plan, own.begun) for own in made])
    with progress.stage("estimate"):
        _tell_costs(made, progress)
    trained: dict[str, Trained] = {}
    for own in made:
        peers = [other for other in made if other.encoders == own.encoders]
        found = _train_one(
            own, trained, peers,
            preparation=preparation, task=task, start=start, progress=progress,
        )  # fmt: skip
        searched = own.way.strength != 1
        judged = (searched or study.training.aids == "judged") and own is not peers[0]
        against = peers[0].job.name if judged else None
        trained[own.job.name] = replace(found, against=against)
    return trained


def as_candidates(
    trained: Mapping[str, Trained],
) -> tuple[dict[str, dict[str, Arrays]], dict[str, str]]:
    """What is judged: raw outputs of all by name, and which must beat which on validation."""
    outputs = {name: own.outputs for name, own in trained.items()}
    against = {name: own.against for name, own in trained.items() if own.against is not None}
    return outputs, against


def _train_one(
    own: Candidate,
    trained: Mapping[str, Trained],
    peers: Sequence[Candidate],
    *,
    preparation: Preparation,
    task: Task,
    start: Start,
    progress: Progress,
) -> Trained:
    """Do all that a candidate's way of training asks for, and let the network answer."""
    job, facts = own.job, {} if own.begun is None else {"start_from": own.begun}
    before = 0.0
    if own.before is not None:
        with progress.stage(f"pretrain {job.name}"):
            facts[PRETRAIN] = pretrain(job, own.before, progress=progress)
        before += facts[PRETRAIN]["train_seconds"]
    if PSEUDO in own.way.aids:
        names = [peer.job.name for peer in peers if peer.way.may_teach(own.way)]
        teacher = min((trained[name] for name in names), key=lambda each: each.story.best_loss)
        facts[PSEUDO] = {"teacher": teacher.name, "cases": len(job.train)}
        job, seconds = _taught(
            job, teacher,
            preparation=preparation, task=task, resume=start.resume, progress=progress,
        )  # fmt: skip
        before += seconds
    with progress.stage(f"train {job.name}"):
        story = train(job, progress=progress, resume=start.resume)
    with progress.stage(f"predict {job.name}"):
        return _with_outputs(job, story, preparation, task=task, facts=facts, before=before)


def _taught(
    job: Job,
    teacher: Trained,
    *,
    preparation: Preparation,
    task: Task,
    resume: bool,
    progress: Progress,
) -> tuple[Job, float]:
    """The job with the answers of a teacher, or of its students, to the cases nobody labelled.

    Returns:
        The job, and the seconds that students before took.
    """
    label = partial(
        with_pseudo_labels,
        preparation.parts["train"],
        need_unlabelled(preparation.unlabelled),
        validation=preparation.parts["validation"],
        task=task,
        state=job.state,
    )
    network, seconds = teacher.network, 0.0
    for generation in range(1, GENERATIONS):
        folder = None if job.folder is None else job.folder / f"generation-{generation}"
        student = replace(
            job,
            name=f"{job.name}, generation {generation}",
            network=copy.deepcopy(job.network),
            train=label(teacher=network, folder=folder),
            folder=folder,
        )
        with progress.stage(f"train {student.name}"):
            seconds += train(student, progress=progress, resume=resume).seconds
        network = student.network
    return replace(job, train=label(teacher=network, folder=job.folder)), seconds


def _tell_costs(made: Sequence[Candidate], progress: Progress) -> None:
    """Say how each network begins and what it will cost, before the first is trained."""
    for own in made:
        job = own.job
        if own.begun is not None:
            progress.say(f"{job.name} {words(own.begun)}.")
            progress.log.write("start_from", model=job.name, words=words(own.begun))
        if own.before is not None:
            _tell_cost(own.before, progress, what="the inputs of {} cases")
        students = GENERATIONS if PSEUDO in own.way.aids else 1
        _tell_cost(job, progress, what="{} cases", times=students)
    if len(made) > 1:
        progress.say(f"Validation will choose between {len(made)} networks, trained in turn.")


def _tell_cost(job: Job, progress: Progress, *, what: str, times: int = 1) -> None:
    cost = estimate_cost(job)
    cost = replace(cost, seconds=times * cost.seconds)
    told = what.format(len(job.train))
    if isinstance(job.task, Outliner):
        told = f"{job.recipe.epochs} times {job.drawn} patches"
    progress.say(f"Training {job.name} on {told}: {cost.words()}.")
    progress.log.write("estimate", model=job.name, **vars(cost))


def _with_outputs(
    job: Job,
    story: Story,
    preparation: Preparation,
    *,
    task: Task,
    facts: Mapping[str, Any],
    before: float,
) -> Trained:
    """What a trained network answers; `before` it, so many seconds went into its aids."""
    # pseudo-labels make no classes, so unlabelled cases are left out of what is familiar
    labelled = preparation.parts["train"] if PSEUDO in facts else job.train
    make_familiar(job.network, labelled, seed=job.seed)
    start = time.perf_counter()
    call = raw_outputs(task, job.network, job.state)
    parts = {part: own for part, own in preparation.parts.items() if part != "train"}
    outputs: dict[str, Arrays] = {part: call(own.arrays) for part, own in parts.items()}
    seconds = time.perf_counter() - start
    scored = sum(map(len, parts.values()))
    timing = {
        "train_seconds": round(before + story.seconds, 1),
        "cases_per_second_training": round(story.cases / max(story.seconds, 1e-9), 1),
        "cases_per_second_predict": round(scored / max(seconds, 1e-9), 1),
    }
    recipe = {**_recipe(job, story), **facts}
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
